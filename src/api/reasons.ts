/**
 * Reasons of conditions and Events: stable names that people write alerts against. Each has its cause and its cure;
 * the reference page is made from this table.
 */
export const REASONS = {
  Registered: { cause: 'The client is registered as the spec says.', cure: 'Nothing to do.' },
  SecretSynced: { cause: 'The Secret shows the current registration.', cure: 'Nothing to do.' },
  Queued: { cause: 'The object waits for its turn.', cure: 'Wait; if it lasts, look at the operator.' },
  Suspended: { cause: 'A person suspended the object.', cure: 'Unset spec.suspend.' },
  Retained: {
    cause: 'The object was deleted and its client kept, by deletionPolicy Retain.',
    cure: 'Create an OAuthClient of the same name to use the client again.',
  },
  ClientAlreadyManaged: {
    cause:
      'Two OAuthClients claim one client: the server answered the same client_id to both, or spec.adopt names it.',
    cure: 'Let one OAuthClient have the client. If the server gave it twice, look at the server.',
  },
  Deleting: { cause: 'The client is being deregistered.', cure: 'Wait; the message says what is tried.' },
  InvalidSpec: { cause: "The spec can't be used as it is.", cure: 'Correct what the message names.' },
  WrittenByNewerVersion: {
    cause:
      "A newer version of the operator wrote a record, an entry of the ledger or a value of the spec that this version doesn't know: the operator was downgraded.",
    cure: 'Install the newer version again; until then nothing is sent or changed for the object.',
  },
  AuthorizationServerNotAvailable: {
    cause: "The server object is absent, not in your namespace, or doesn't admit your namespace.",
    cure: 'Check authorizationServerRef, or ask the platform team to admit the namespace.',
  },
  AuthorizationServerPaused: {
    cause: 'The server asked for a pause, or one call is being tried before others follow.',
    cure: 'Wait until the time in the message.',
  },
  AuthorizationServerSuspect: {
    cause: 'The server refused the registration access tokens of several clients at once.',
    cure: "Look whether the server's data or keys were restored or replaced; the clients stay as they are.",
  },
  AuthorizationServerUnavailable: {
    cause: "The server couldn't be reached, or answered with a failure of its own.",
    cure: 'Wait: the operator tries again. If it lasts, look at the server.',
  },
  DiscoveryFailed: {
    cause: 'No discovery document was found.',
    cure: 'Check the issuer, or set registration.endpoint and discovery.mode None.',
  },
  IssuerMismatch: {
    cause: 'The discovery document names another issuer.',
    cure: 'Correct the issuer, or set discovery.acceptedIssuer to what is published.',
  },
  DocumentServed: {
    cause: "The client's document was fetched through its public URL, with the content that is to be served.",
    cure: 'Nothing to do.',
  },
  DocumentNotReachable: {
    cause: "The client's document could not be fetched through its public URL.",
    cure: 'Check that name, route and certificate of the base URL lead to the process that serves documents, from outside and from the operator.',
  },
  DocumentDiffers: {
    cause: "The public URL of the client's document answers something else than what is to be served.",
    cure: 'Check that the base URL leads to the documents of this installation and to no other, and that nothing on the way changes or redirects them.',
  },
  DocumentSettling: {
    cause: 'Another document or key of the client is served, and servers may still have the one of before.',
    cure: 'Wait until the time in the message.',
  },
  DocumentWithdrawn: {
    cause:
      "The client's document was withdrawn: its URL shows a client that nobody can use, and is gone later.",
    cure: 'Nothing to do.',
  },
  DocumentsNotServed: {
    cause: 'The installation serves no documents under the base URL of the server object.',
    cure: 'Ask the platform team to install the documents component, or to add the base URL to it.',
  },
  RegistrationNotSupported: {
    cause: 'The server publishes no registration endpoint.',
    cure: 'Switch dynamic client registration on at the server, or set registration.endpoint.',
  },
  TlsVerificationFailed: {
    cause: "The server's certificate was not accepted.",
    cure: 'Renew the certificate, have it issued by a CA that the operator trusts, or name its CA by connection.caRef of the server object. If the server demands a client certificate, name its Secret by connection.clientCertificateRef.',
  },
  AddressRefused: {
    cause: "The server's address is one that the operator doesn't call.",
    cure: 'Use another address, or ask the platform team to permit this one; the log of the operator says why it is refused.',
  },
  RedirectRefused: {
    cause: 'The server answered with a redirect.',
    cure: 'If the address in the message is right, set it in the server object: registration.endpoint, management.configurationUrl for a registered client, endpoints.token, or the issuer. If it is a login page, let calls to this endpoint pass without a login.',
  },
  ResponseTooLarge: {
    cause: 'The answer was larger than 256 KiB.',
    cure: 'Check that the endpoint is the right one.',
  },
  ResponseNotJSON: {
    cause:
      'The answer was not JSON, or held no client_id: the endpoint is not the right one, or a proxy, a firewall or an ingress answers in its place.',
    cure: 'Check that the endpoint is the right one, and what is between it and the operator. The operator tries again, after growing pauses.',
  },
  ResponseTooDeep: {
    cause: 'The answer was JSON with more levels than the operator reads.',
    cure: 'Check that the endpoint is the right one.',
  },
  ResponseTimedOut: {
    cause:
      "The server didn't answer, or didn't end its answer, within connection.timeout of the server object.",
    cure: 'Wait: the operator tries again. If it lasts, look at the server, or give it more time by connection.timeout.',
  },
  ResponseTruncated: {
    cause: 'The connection ended before the whole answer had arrived.',
    cure: 'Look at the server, and at the proxies on the way to it. Unless the message says otherwise, the operator tries again.',
  },
  CredentialNotFound: {
    cause: "The Secret doesn't exist.",
    cure: 'Create the Secret that the message names.',
  },
  CredentialKeyMissing: {
    cause: 'The Secret has no such key.',
    cure: 'Add the key, or name one of those present.',
  },
  CredentialTooLarge: {
    cause: 'The Secret or the CA bundle is larger than what is read of one.',
    cure: 'Put the credential into a Secret of its own, of at most 64 KiB; a CA bundle has at most 256 KiB.',
  },
  CredentialUnusable: {
    cause: "The value in the Secret can't be what it is used as: it holds characters that can't be sent.",
    cure: 'Put the value into the Secret again, without spaces or line ends.',
  },
  CredentialNotLabelled: {
    cause: "The Secret doesn't carry the label that permits its use.",
    cure: 'Run the kubectl line in the message.',
  },
  AdmissionTokenFailed: {
    cause: "The access token that admits to the registration endpoint couldn't be obtained.",
    cure: 'Check the credential that the server object names and its token endpoint, as the message says.',
  },
  AssertionRefused: {
    cause:
      'The token endpoint refused the ServiceAccount token by which the operator proves who it is: the server does not trust the issuer of this cluster, knows no client with this subject, or expects another audience.',
    cure: 'Let the server trust that issuer, and know that subject and audience; docs/without-a-secret.md has the steps for Keycloak.',
  },
  AudienceRefused: {
    cause:
      "No ServiceAccount token is issued for this audience: it is one of the API server's, or neither the issuer nor listed in --assertion-audiences.",
    cure: 'Correct the issuer or clientCredentials.audience of the server object, or list the audience in the flag.',
  },
  ServiceAccountNotFound: {
    cause: "A ServiceAccount that is needed doesn't exist.",
    cure: 'Create the ServiceAccount that the message names, or correct the name.',
  },
  WorkloadIdentityNotOffered: {
    cause:
      "The server object doesn't offer clients that authenticate by a token of their ServiceAccount or a SPIFFE ID.",
    cure: 'Choose another credential, or ask the platform team for what the message names.',
  },
  AdmissionScopeNotGranted: {
    cause: 'The server gave an access token without a scope that was asked for.',
    cure: "Grant the scope to the operator's own client at the server, or correct the scopes of the server object.",
  },
  SigningKeyUnusable: {
    cause: "A key can't sign or encrypt as the spec says.",
    cure: 'Put a key of the right kind into the Secret, or correct algorithm and keyFormat.',
  },
  AdmissionRefused: {
    cause: 'The server refused the credential that admits to its registration endpoint.',
    cure: 'Put a valid credential into the Secret that the server object names; the operator notices.',
  },
  InvalidRedirectURI: {
    cause: 'The server refused a redirect URI.',
    cure: 'Correct spec.client.redirectUris.',
  },
  InvalidClientMetadata: {
    cause: 'The server refused the client metadata.',
    cure: "Correct spec.client as the server's words say.",
  },
  InvalidSoftwareStatement: {
    cause: 'The server refused the software statement.',
    cure: 'Ask the platform team for a valid statement.',
  },
  UnapprovedSoftwareStatement: {
    cause: "The server doesn't approve of the software statement.",
    cure: 'Ask the platform team for an approved statement.',
  },
  SoftwareStatementExpired: {
    cause: 'The software statement is past its expiry.',
    cure: 'Put a current statement into the Secret that the message names; the operator notices.',
  },
  PolicyRefused: {
    cause:
      'The client metadata is outside the bounds that the platform team set for the server. A client that is registered all the same stays as it is.',
    cure: 'Change what the message names, or ask the platform team to extend that bound.',
  },
  QuotaExceeded: {
    cause: 'The namespace has as many clients at this server as the platform team permits.',
    cure: 'Delete a client that nobody uses, or ask the platform team to raise policy.maxClientsPerNamespace.',
  },
  NamespaceShareReached: {
    cause: 'The namespace has used up its share of something that all namespaces share.',
    cure: 'Remove what the message names, or wait; other namespaces are not affected.',
  },
  SecretWriteRefused: {
    cause:
      'The API server refused to store the Secret of the workload. The client is registered and stays so.',
    cure: 'Follow the words of the API server in the message: raise the quota, or change the policy or spec.secret.',
  },
  SecretWriteUndone: {
    cause:
      'Something at admission takes off a label or annotation that the operator wrote to the Secret of the workload.',
    cure: 'Look for a mutating admission policy or webhook that changes Secrets; exempt this one, or take the label or annotation out of spec.secret.',
  },
  RestartTargetNotFound: {
    cause:
      'A workload that spec.rolloutRestartTargets names does not exist. The Secret has the new credential.',
    cure: 'Create the workload, or correct spec.rolloutRestartTargets; the operator looks again.',
  },
  TemplateInvalid: {
    cause:
      'The Secret of the workload can not be made as spec.secret says with the values of this client: one is missing, or would break its form.',
    cure: 'Change what the message names. A Secret that workloads have stays as it was.',
  },
  WriteRefused: {
    cause: 'The API server refused a write that the object needs, other than that of its Secrets.',
    cure: 'Follow the words of the API server in the message: change the quota, the policy or the object.',
  },
  APIServerUnavailable: {
    cause: 'The API server did not do what the object needs: it failed, did not answer, or met a conflict.',
    cure: 'Wait: the operator tries again. If it lasts, look at the API server.',
  },
  SecretsUnwatched: {
    cause: 'The API server refuses to list or watch Secrets, such as where one of them can not be decrypted.',
    cure: 'Remove or restore the Secret that the words of the API server name, or bring its encryption provider back.',
  },
  RoundFailed: {
    cause: 'The operator met an error of its own, or came to no end with the object in one round.',
    cure: "Report it, with the lines of the operator's log about the object. The operator tries again.",
  },
  RecordWriteRefused: {
    cause: 'The API server refused to store the registration Secret in the namespace of the operator.',
    cure: 'The platform team follows the words of the API server in the message; nothing is registered until a write succeeds.',
  },
  RegistrationRefused: {
    cause: 'The server refused the call for a reason of its own.',
    cure: "Follow the server's words; then change the spec, or annotate the object for another try.",
  },
  Adopted: { cause: 'A client that existed already was taken over.', cure: 'Nothing to do.' },
  AdoptionRefused: {
    cause: 'The client that spec.adopt brings could not be proven by its own token.',
    cure: 'Put client_id, registration_access_token and registration_client_uri of one client into the Secret that spec.adopt names; the operator notices.',
  },
  DriftDetected: {
    cause: 'Somebody else changed the client at the server.',
    cure: 'Take the change back there, or into spec.client; with drift.mode Correct the operator sends the spec again.',
  },
  AnswerNamesOtherClient: {
    cause: 'The server answered an update or a read with another client than the one that it was about.',
    cure: 'Look at the server, and at proxies and caches on the way to it. The operator tries again, after growing pauses.',
  },
  RateLimited: { cause: 'The server asked for fewer calls.', cure: 'Wait: the operator tries again.' },
  SecretConflict: {
    cause: 'A Secret of that name exists and belongs to someone else.',
    cure: 'Choose another spec.secret.name, or remove that Secret.',
  },
  RequestUnsendable: {
    cause: 'No HTTP request could be made of what the object and its Secrets hold.',
    cure: 'Correct what the message names, in the spec or in the Secret.',
  },
  RegistrationPending: {
    cause: 'The server took the registration, or the change, for approval, and did nothing yet.',
    cure: 'Ask the people of the server to approve it. The operator tries again in an hour; to try earlier, set the annotation oauth-registrar.dev/reconcile-requested-at.',
  },
  RegistrationOutcomeUnknown: {
    cause: 'A registration was sent and no answer could be read: a client may exist that nobody knows.',
    cure: 'Look at the server for a client of the time in the message, other than the one in status.clientId; remove it there.',
  },
  RegistrationRecordMissing: {
    cause: 'The client was registered, and the Secret that holds its registration access token is gone.',
    cure: 'Restore the registration Secret from a backup, bring the client and its token by spec.adopt, or have another one registered as the message says.',
  },
  ManagedElsewhere: {
    cause: 'Another installation of the operator registered this client.',
    cure: 'Run one installation for this namespace. After a move to another cluster, annotate the namespace of the operator as the message says.',
  },
  RegistrationAccessTokenLost: {
    cause: 'The server no longer accepts the registration access token.',
    cure: 'Nothing can change the client with it, and whether the client still works is not known. Request another one by the annotation oauth-registrar.dev/rotate-requested-at, or set recovery.tokenLost of the server object to Reregister.',
  },
  ClientForgotten: {
    cause: 'The server says that it does not know the client any more, and said so twice.',
    cure: "Restore the server's data if they were lost. Else request another client by the annotation oauth-registrar.dev/rotate-requested-at, or set recovery.clientGone of the server object to Reregister.",
  },
  Verified: {
    cause: "The server accepts the client's credential at its token endpoint.",
    cure: 'Nothing to do.',
  },
  CredentialRefused: {
    cause: "The server refuses the client's credential at its token endpoint.",
    cure: 'Look whether somebody changed the credential of the client at the server. For another client: annotation oauth-registrar.dev/rotate-requested-at. After a change at the server: annotation oauth-registrar.dev/reconcile-requested-at.',
  },
  VerificationInconclusive: {
    cause:
      "The answer of the token endpoint does not show whether the server accepts the client's credential, or the operator can not ask with it.",
    cure: 'What may pass is tried again. Else have the workload request a token, which shows it. Where verification.mode of the server object is Gate, clients of this kind need Report.',
  },
  ConfigurationURLRefused: {
    cause: "The server's management address is on another origin.",
    cure: 'List that origin in management.allowedOrigins of the server object, if you trust it.',
  },
  UpdateUnsupported: {
    cause: 'The server gave no way to change a registered client.',
    cure: 'Take the edit back, or set spec.replacement.onEdit to Automatic, so that another client is registered in its place.',
  },
  Unmanaged: {
    cause: 'The server gave no way to manage the client: it can be neither changed nor removed from here.',
    cure: 'Change or remove the client at the server by hand, or set management of the server object.',
  },
  Migrating: {
    cause: 'The clients of a server object move to another one, as its spec.migration says.',
    cure: 'Nothing to do. Name the new server object in spec.authorizationServerRef when it suits you. The platform team can pause it by migration.suspend, and take it back before the overlaps end by removing migration.',
  },
  MigrationRefused: {
    cause:
      'The server object that clients are to move to does not exist, is not ready, or would refuse clients by its allowedNamespaces, policy or quota.',
    cure: 'Correct what the message names: the new server object or the client. Until then clients stay where they are and work.',
  },
  ReplacementPending: {
    cause:
      'Only another client, with a new client_id, can be as the spec says or work beyond the end of this one, and a person has to ask for it.',
    cure: 'Annotate the object as the message says, or take the edit back.',
  },
  ReplacementRefused: {
    cause:
      'The server refused to register another client with the metadata of the one that it has. It may permit one client for each software statement, software_id or name.',
    cure: 'The client stays in use until its end. Ask the platform team whether the server permits a second client; if not, have this one removed at the server first. An edit of the spec is sent all the same.',
  },
  ClientNotReplaced: {
    cause:
      'The server answered a registration with the client that the object has already: it gives one client for equal metadata.',
    cure: 'The client stays in use. For another client, change what the server compares, such as spec.client.clientName; or have this one removed at the server first.',
  },
  ReplacementLimitReached: {
    cause: 'As many clients were registered for the object within one hour as the server object permits.',
    cure: 'Look why each new client is due for replacement at once: its end in status, the clock of the server, the lifetimes of the dialect. The next one is registered at the time in the message.',
  },
  CallsPaced: {
    cause: 'Calls for the object follow each other so closely that each waits longer than the one before.',
    cure: 'Wait until the time in the message. If nobody edits the object, look why the next call is due already.',
  },
  DeletionUnconfirmed: {
    cause: "The server didn't confirm that the client is gone.",
    cure: 'Look for the client at the server. The operator tries again until deletion.retryFor of the server object is over.',
  },
  DeletionUnsupported: {
    cause: "The server can't delete the client: it stays behind.",
    cure: 'Remove the client at the server by hand.',
  },
  Deregistered: { cause: 'The client was removed at the server.', cure: 'Nothing to do.' },
  Resolved: {
    cause: 'A person said that a suspected orphan, or a client that was owed or left behind, is dealt with.',
    cure: 'Nothing to do.',
  },
  Ended: {
    cause: 'The lifetime of the client is over: it was removed at the server, and its Secret with it.',
    cure: 'Nothing to do. For a new client, raise spec.lifetime.expiresAfter, or delete the object and create it again.',
  },
  ClientSecretMissing: {
    cause: 'The client authenticates with a secret, and the server gave none.',
    cure: 'Set spec.client.tokenEndpointAuthMethod to a method that needs no secret, none for a public client; or look at the server why it gives none.',
  },
  MetadataNotOffered: {
    cause:
      'The client has a value, such as an authentication method or a grant type, that the discovery document of the server does not list.',
    cure: 'Set one of the values that the message names in spec.client. If the client works as it is, the document is wrong: correct it at the server.',
  },
  ClientExpired: {
    cause:
      'The client, or its secret, ended at the server, and spec.replacement.onExpiry is Never or the server gives no later end.',
    cure: 'Request another client by the annotation that the message names, or set onExpiry to Automatic.',
  },
  BoundObjectNotFound: {
    cause: "The object that spec.lifetime.boundTo names doesn't exist.",
    cure: 'Create that object, or correct spec.lifetime.boundTo.',
  },
  SecretRestored: { cause: 'The Secret was deleted or edited, and was put right.', cure: 'Nothing to do.' },
  Recovered: {
    cause: 'What a Warning told of is over: the client is as its spec says.',
    cure: 'Nothing to do.',
  },
  Available: {
    cause: "The server's endpoints are known and its credential is readable.",
    cure: 'Nothing to do.',
  },
  AdmissionAccepted: { cause: 'The server accepted a registration.', cure: 'Nothing to do.' },
} as const;

export type Reason = keyof typeof REASONS;

/** Whether a text is one of the reasons: status may have been written by another version. */
export const isReason = (text: string): text is Reason => Object.hasOwn(REASONS, text);
