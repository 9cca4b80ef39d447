import type { ErrorShape } from './behaviour.ts';

/** Why a request is refused. */
export type Occasion = keyof typeof REFUSALS;

/** How a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  /** Default: the server's. */
  readonly shape?: ErrorShape;
  readonly headers?: Readonly<Record<string, string>>;
}

const metadata = (description: string) => ({ status: 400, error: 'invalid_client_metadata', description });
const token = (description: string) => ({ status: 401, error: 'invalid_token', description });
const method = (name: string) => ({
  status: 405,
  error: 'invalid_request',
  description: `${name} is not allowed here`,
});

/** How a server that keeps to RFC 7591 section 3.2.2, RFC 7592 section 2, RFC 6749 section 5.2 and RFC 6750 refuses. */
export const REFUSALS = {
  registrationOff: { status: 404, error: 'not_found', description: 'registration is switched off' },
  missingToken: token('no access token provided'),
  wrongToken: token('the access token is not valid'),
  usedToken: token('the access token was used up'),
  insufficientScope: {
    status: 403,
    error: 'insufficient_scope',
    description: 'the token lacks the scope that registration needs',
  },
  strayToken: token('this endpoint takes no access token'),
  missingCertificate: {
    status: 401,
    error: 'invalid_client',
    description: 'a client certificate is needed',
  },
  privilegedMember: {
    status: 403,
    error: 'insufficient_scope',
    description: 'the token lacks the scope that this member needs',
  },

  notJson: { status: 400, error: 'invalid_request', description: 'the body is not a JSON object' },
  wrongContentType: { status: 400, error: 'invalid_request', description: 'the content type is not JSON' },
  tooLarge: { status: 413, error: 'invalid_request', description: 'the body is too large' },
  badSignature: { status: 400, error: 'invalid_request', description: 'the signed request is not valid' },

  invalidRedirectUri: {
    status: 400,
    error: 'invalid_redirect_uri',
    description: 'a redirect URI is not absolute, or has a fragment',
  },
  missingRedirectUris: {
    status: 400,
    error: 'invalid_redirect_uri',
    description: 'redirect_uris is mandatory',
  },
  unknownAuthMethod: metadata('token_endpoint_auth_method is not supported'),
  badSpiffeId: metadata('spiffe_id is missing, or names no workload of a trust domain of this server'),
  unknownGrant: metadata('grant_types holds a type that is not supported'),
  unknownMember: metadata('a member is not known'),
  refusedMember: metadata('a member is not taken here'),
  missingMember: metadata('a mandatory member is missing'),
  unknownScope: metadata('scope holds a word that is not allowed'),
  invalidMember: metadata('a member has a value of the wrong kind'),
  clientIdInBody: metadata('client_id can not be chosen'),
  secretInBody: metadata('client_secret can not be chosen'),
  missingKeys: metadata('exactly one of jwks and jwks_uri is needed'),
  machineMetadata: metadata('response_types or redirect_uris do not fit client_credentials'),
  duplicateName: metadata('a client with this client_name exists'),
  missingStatement: {
    status: 400,
    error: 'invalid_software_statement',
    description: 'a software statement is needed',
  },
  invalidStatement: {
    status: 400,
    error: 'invalid_software_statement',
    description: 'the software statement does not verify',
  },
  unapprovedStatement: {
    status: 400,
    error: 'unapproved_software_statement',
    description: 'the issuer of the software statement is not known',
  },

  noManagement: { status: 404, error: 'not_found', description: 'there is nothing here' },
  readUnsupported: method('GET'),
  updateUnsupported: method('PUT'),
  removeUnsupported: method('DELETE'),
  otherMethod: method('this method'),
  missingRegistrationToken: token('no registration access token provided'),
  wrongRegistrationToken: token('the registration access token is not valid'),
  unknownClient: token('the client is not known'),
  deletedClient: token('the client is not known any more'),
  unknownClientForAdmin: { status: 404, error: 'invalid_request', description: 'the client is not known' },
  staleRead: { status: 404, error: 'not_found', description: 'the client is not known' },
  updateClientId: {
    status: 400,
    error: 'invalid_request',
    description: 'client_id is missing or not that of the client',
  },
  updateSecret: {
    status: 400,
    error: 'invalid_request',
    description: 'client_secret is missing or not that of the client',
  },
  updateServerMember: {
    status: 400,
    error: 'invalid_request',
    description: 'the body holds a member that only the server may set',
  },

  rateLimited: { status: 429, error: 'too_many_requests', description: 'too many registrations' },
  tooManyClients: { status: 403, error: 'insufficient_scope', description: 'too many clients' },

  badClientAuthentication: {
    status: 401,
    error: 'invalid_client',
    description: 'client authentication failed',
  },
  badGrantType: {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'only client_credentials is served',
  },
  grantNotRegistered: {
    status: 400,
    error: 'unauthorized_client',
    description: 'the client is not registered for client_credentials',
  },
  scopeNotAllowed: { status: 400, error: 'invalid_scope', description: 'the client may not have this scope' },
  notFound: { status: 404, error: 'not_found', description: 'there is nothing here' },
} as const satisfies Record<string, Refusal>;
