import { beforeAll, describe, expect, test } from 'vitest';
import { NOTHING_WANTED } from '../../../src/api/handed-over.ts';
import { MEMBERS, type Member, type MemberType, specName } from '../../../src/oauth/client-metadata.ts';
import {
  authorizationServer,
  clusterAuthorizationServer,
  install,
  oauthClient,
  useCluster,
} from './cluster.ts';

/** Messages of `kubectl apply` about invalid objects: each says what to write. */

const cluster = useCluster(install);
let namespace: string;

beforeAll(async () => {
  namespace = await cluster.namespace();
  await cluster.must(['apply', '-f', '-'], oauthClient({ name: 'existing', namespace }));
  await cluster.must(['apply', '-f', '-'], authorizationServer({ name: 'existing', namespace }));
});

const apply = (object: string) => cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], object);

interface Wrong {
  readonly title: string;
  readonly spec: object;
  /** After `The <kind> "<name>" is invalid: `. */
  readonly says: string;
}

const initialAccessToken = { secretRef: { name: 'iat' } };
const issuer =
  'must be an absolute URL like https://sso.example.com/path, without user information or fragment';
const uri = 'must be an absolute URI, like https://app.example.com/callback';
const redirectUri = 'must be an absolute URI without fragment, like https://app.example.com/callback';
const admission =
  'spec.registration.admission: Invalid value: set exactly one of open, initialAccessToken, basic and clientCredentials';
const objectName =
  'must be a name of lower-case letters, digits, - and ., like sso-credentials, that begins and ends with a letter or digit';
const dataKey = 'letters, digits, -, _ and ., and does not start with two dots';
const labelKey = (what: string) =>
  `a key of ${what} is a name of at most 63 letters, digits, -, _ and ., like team, or a domain and such a name, like example.com/team`;
const admit = (clientCredentials: object) => ({ registration: { admission: { clientCredentials } } });
/** What the API server says behind the refusal of a value that an enum lacks. */
const NOT_ALL =
  ' <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
const secretRef = { name: 's' };
const clientCredentials = 'spec.registration.admission.clientCredentials: Invalid value:';

const SERVERS: readonly Wrong[] = [
  {
    title: 'two ways of admission',
    spec: { registration: { admission: { open: {}, initialAccessToken } } },
    says: admission,
  },
  { title: 'an empty admission', spec: { registration: { admission: {} } }, says: admission },
  {
    title: 'no way of admission',
    spec: { registration: {} },
    says: 'spec: Invalid value: set registration.admission: how the registration endpoint admits the operator, like {initialAccessToken: {secretRef: {name: sso-iat}}}',
  },
  {
    title: 'a way of identification that does not exist',
    spec: { identification: { mode: 'Url' } },
    says: `spec.identification.mode: Unsupported value: "Url": supported values: "Registration", "Document", "Auto"${NOT_ALL}`,
  },
  {
    title: 'documents without a base URL',
    spec: { identification: { mode: 'Document' } },
    says: 'spec: Invalid value: the modes Document and Auto of identification need document.baseUrl, like {mode: Document, document: {baseUrl: "https://clients.example.com"}}',
  },
  {
    title: 'a base URL with a path that ends with a slash',
    spec: { identification: { mode: 'Document', document: { baseUrl: 'https://clients.example.com/' } } },
    says: 'spec.identification.document.baseUrl: Invalid value: must be written as https://host or https://host/path in lower case, without query and without "/" at its end, like https://clients.example.com',
  },
  {
    title: 'a base URL that leaves no room for the name of a client',
    spec: { identification: { mode: 'Document', document: { baseUrl: `https://${'a'.repeat(53)}` } } },
    says: 'spec.identification.document.baseUrl: Invalid value: must have at most 60 characters, since servers take a client_id of at most 100, which is this URL with the name of the client behind it: use a shorter host, or a shorter path or none, like https://clients.example.com',
  },
  {
    title: 'user information in the issuer',
    spec: { issuer: 'https://somebody@sso.example.com' },
    says: `spec.issuer: Invalid value: "https://somebody@sso.example.com": ${issuer}`,
  },
  {
    title: 'an issuer without scheme',
    spec: { issuer: 'sso.example.com' },
    says: `spec.issuer: Invalid value: "sso.example.com": ${issuer}`,
  },
  {
    title: 'a query in the issuer',
    spec: { issuer: 'https://sso.example.com?realm=shop' },
    says: 'spec.issuer: Invalid value: "https://sso.example.com?realm=shop": must have no query (RFC 8414 section 2): write it as the server publishes it',
  },
  {
    title: 'a timeout of five minutes',
    spec: { connection: { timeout: '5m' } },
    says: 'spec.connection.timeout: Invalid value: "5m": must be between 1s and 2m, in hours, minutes and seconds like 30s',
  },
  {
    title: 'an empty duration',
    spec: { dialectOverrides: { registrationInterval: '' } },
    says: 'spec.dialectOverrides.registrationInterval: Invalid value: "": must be between 0s and 1h, in hours, minutes and seconds like 1m30s',
  },
  {
    title: 'a lifetime that is empty',
    spec: { dialectOverrides: { lifetimes: { client: '' } } },
    says: 'spec.dialectOverrides.lifetimes.client: Invalid value: "": must be between 1s and 87600h, in hours, minutes and seconds like 1h30m; a day is 24h',
  },
  {
    title: 'no discovery and no endpoint',
    spec: { discovery: { mode: 'None' } },
    says: 'spec: Invalid value: discovery.mode None needs registration.endpoint',
  },
  {
    title: 'client credentials without a client',
    spec: {
      ...admit({ authMethod: 'tls_client_auth' }),
      connection: { clientCertificateRef: { name: 'tls' } },
    },
    says: `${clientCredentials} set secretRef, or clientId where authMethod needs no Secret`,
  },
  {
    title: 'a client secret that no Secret has',
    spec: admit({ clientId: 'registrar' }),
    says: `${clientCredentials} set secretRef: this authMethod needs a client secret or a private key`,
  },
  {
    title: 'a signature that nobody makes',
    spec: admit({ secretRef, signing: {} }),
    says: `${clientCredentials} signing is for authMethod client_secret_jwt and private_key_jwt: remove it, or set one of them`,
  },
  {
    title: 'a signature by another kind of key',
    spec: admit({ secretRef, authMethod: 'private_key_jwt', signing: { algorithm: 'HS256' } }),
    says: `${clientCredentials} client_secret_jwt signs by HS256, HS384 or HS512, private_key_jwt by any other: correct signing.algorithm`,
  },
  {
    title: 'a method as it was spelled before',
    spec: admit({ secretRef, authMethod: 'ClientSecretBasic' }),
    says: `spec.registration.admission.clientCredentials.authMethod: Unsupported value: "ClientSecretBasic": supported values: "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "ServiceAccountToken"${NOT_ALL}`,
  },
  ...(['registration', 'management'] as const).map((member) => {
    const credential = { clientCredentials: { authMethod: 'ServiceAccountToken' } };
    return {
      title: `a token of the cluster for a server that a tenant names: ${member}`,
      spec: member === 'registration' ? admit(credential.clientCredentials) : { management: { credential } },
      says: 'spec: Invalid value: authMethod ServiceAccountToken is for a ClusterAuthorizationServer alone: choose another authMethod',
    };
  }),
  {
    title: 'workloads without a trust at Keycloak',
    spec: { dialect: 'keycloak-native', workloadIdentity: { mode: 'Allow' } },
    says: 'spec: Invalid value: workloadIdentity.mode Allow needs workloadIdentity.identityProvider: the alias of the identity provider that trusts this cluster, like cluster',
  },
  ...[
    [
      'a software statement',
      { registration: { admission: { open: {} }, softwareStatement: { fromClient: 'Allow' } } },
      'registration.softwareStatement',
      'Remove it, or choose dialect keycloak',
    ],
    [
      'a signed request',
      {
        registration: {
          admission: { open: {} },
          signedRequest: { secretRef, algorithm: 'ES256', issuer: 'https://a.example.com' },
        },
      },
      'registration.signedRequest',
      'Remove it, or choose dialect keycloak',
    ],
    [
      'an attempt marker',
      { attemptMarker: { member: 'software_version' } },
      'attemptMarker',
      'Remove it: a client whose answer was lost has its clientName at Keycloak',
    ],
  ].map(([title, spec, field, instead]) => ({
    title: `${title} in Keycloak's own form of a client`,
    spec: { dialect: 'keycloak-native', ...(spec as object) },
    says: `spec: Invalid value: dialect keycloak-native has no place for ${field}: Keycloak's own form of a client is plain JSON with members of its own. ${instead}`,
  })),
  {
    title: 'a certificate that manages clients, and is none',
    spec: {
      management: { credential: { clientCredentials: { clientId: 'r', authMethod: 'tls_client_auth' } } },
    },
    says: 'spec: Invalid value: authMethod tls_client_auth and self_signed_tls_client_auth need a certificate: name its Secret in connection.clientCertificateRef',
  },
  {
    title: 'a credential that mode None does not use',
    spec: { management: { mode: 'None', credential: { token: { secretRef } } } },
    says: 'spec.management: Invalid value: only mode Auto and mode Credential use credential: remove it, or set one of them',
  },
  {
    title: 'mode Credential without one',
    spec: { management: { mode: 'Credential' } },
    says: 'spec.management: Invalid value: mode Credential needs credential: the one that manages every client',
  },
  {
    title: 'a management address without a client',
    spec: { management: { configurationUrl: 'https://sso.example.com/register' } },
    says: 'spec.management.configurationUrl: Invalid value: "https://sso.example.com/register": must be AsReturned, or a URL with {client_id} in it, like https://sso.example.com/register/{client_id} or {registration_endpoint}/{client_id}',
  },
  {
    title: 'two proxies',
    spec: { connection: { proxyUrl: 'https://proxy.example.com', proxyRef: { name: 'proxy' } } },
    says: 'spec.connection: Invalid value: set proxyUrl or proxyRef, not both',
  },
  {
    title: 'the name of a Secret that none can have (P05)',
    spec: { connection: { clientCertificateRef: { name: 'a..b' } } },
    says: `spec.connection.clientCertificateRef.name: Invalid value: "a..b": ${objectName}`,
  },
  {
    title: 'a key that no Secret can have (P05)',
    spec: {
      registration: { admission: { initialAccessToken: { secretRef: { name: 's', key: '..token' } } } },
    },
    says: `spec.registration.admission.initialAccessToken.secretRef.key: Invalid value: "..token": must be a key of a Secret: it consists of ${dataKey}`,
  },
];

const CLUSTER_SERVERS: readonly Wrong[] = [
  {
    title: 'a Secret beside a token of the cluster',
    spec: admit({ authMethod: 'ServiceAccountToken', secretRef }),
    says: `${clientCredentials} authMethod ServiceAccountToken needs no Secret: remove secretRef`,
  },
  {
    title: 'an audience of no token',
    spec: admit({ secretRef, audience: 'https://sso.example.com' }),
    says: `${clientCredentials} audience is for authMethod ServiceAccountToken: remove it, or set this authMethod`,
  },
  {
    title: 'a wildcard among the namespaces',
    spec: { allowedNamespaces: { names: ['*'] } },
    says: 'spec.allowedNamespaces.names[0]: Invalid value: "*": must be the name of a namespace, without wildcard; to admit every namespace write selector: {}',
  },
  {
    title: 'In without values',
    spec: { allowedNamespaces: { selector: { matchExpressions: [{ key: 'team', operator: 'In' }] } } },
    says: 'spec.allowedNamespaces.selector.matchExpressions[0]: Invalid value: In and NotIn need values; Exists and DoesNotExist take none',
  },
  {
    title: 'a label that no namespace can have',
    spec: { allowedNamespaces: { selector: { matchLabels: { team: 'a b' } } } },
    says: 'spec.allowedNamespaces.selector.matchLabels: Invalid value: no namespace can have such a label: correct its key and value, like sso: "true"',
  },
  {
    title: 'a URL among the hosts',
    spec: { policy: { uriHosts: ['https://shop.example.com'] } },
    says: 'spec.policy.uriHosts[0]: Invalid value: "https://shop.example.com": must be a host, like shop.example.com, or a domain with all below it, like *.example.com, without scheme, port and path',
  },
  {
    title: 'a redirect pattern without scheme',
    spec: { policy: { redirectUriPatterns: ['*.example.com/cb'] } },
    says: 'spec.policy.redirectUriPatterns[0]: Invalid value: "*.example.com/cb": must be a whole URI with its scheme, like https://*.example.com/callback',
  },
  {
    title: 'an overlap of no length',
    spec: { policy: { maxOverlap: '' } },
    says: 'spec.policy.maxOverlap: Invalid value: "": must be between 0s and 720h, in hours, minutes and seconds like 1h30m; a day is 24h',
  },
];

const CLIENTS: readonly Wrong[] = [
  {
    title: 'two ways to prove itself',
    spec: { credential: { serviceAccount: { name: 'web' }, generatedKey: {} } },
    says: 'spec.credential: Invalid value: set at most one of generatedKey, serviceAccount and spiffe',
  },
  {
    title: 'a method beside a ServiceAccount',
    spec: {
      client: { tokenEndpointAuthMethod: 'client_secret_post' },
      credential: { serviceAccount: { name: 'web' } },
    },
    says: 'spec: Invalid value: with credential.serviceAccount or credential.spiffe the operator says how the client authenticates: remove client.tokenEndpointAuthMethod',
  },
  {
    title: 'a SPIFFE ID that is none',
    spec: { credential: { spiffe: { id: 'https://example.com/web' } } },
    says: 'spec.credential.spiffe.id: Invalid value: must be a SPIFFE ID, like spiffe://example.com/shop/web',
  },
  {
    title: 'a redirect URI with a fragment',
    spec: { client: { redirectUris: ['https://shop.example.com/callback#here'] } },
    says: `spec.client.redirectUris[0]: Invalid value: "https://shop.example.com/callback#here": ${redirectUri}`,
  },
  {
    title: 'a relative redirect URI',
    spec: { client: { redirectUris: ['/callback'] } },
    says: `spec.client.redirectUris[0]: Invalid value: "/callback": ${redirectUri}`,
  },
  {
    title: 'two fragments',
    spec: { client: { requestUris: ['https://shop.example.com/ro.jwt#a#b'] } },
    says: `spec.client.requestUris[0]: Invalid value: "https://shop.example.com/ro.jwt#a#b": ${uri}`,
  },
  {
    title: 'a grant without its redirect',
    spec: { client: { grantTypes: ['authorization_code'], redirectUris: [] } },
    says: 'spec.client: Invalid value: authorization_code and implicit send users back to a redirect URI: list one in redirectUris, or remove the grant type',
  },
  {
    title: 'two grant types in one',
    spec: { client: { grantTypes: ['authorization_code refresh_token'] } },
    says: 'spec.client.grantTypes[0]: Invalid value: "authorization_code refresh_token": must be one grant type, like authorization_code, refresh_token or client_credentials; list several one by one',
  },
  {
    title: 'a method that no registry has',
    spec: { client: { tokenEndpointAuthMethod: 'ClientSecretBasic' } },
    says: 'spec.client.tokenEndpointAuthMethod: Invalid value: "ClientSecretBasic": must be spelled as in the registry, like client_secret_basic, private_key_jwt or none',
  },
  {
    title: 'jwks beside jwksUri',
    spec: { client: { jwks: { keys: [] }, jwksUri: 'https://shop.example.com/jwks' } },
    says: 'spec.client: Invalid value: set jwks or jwksUri, not both (RFC 7591 section 2)',
  },
  {
    title: 'an algorithm for assertions that are never made',
    spec: { client: { tokenEndpointAuthMethod: 'none', tokenEndpointAuthSigningAlg: 'RS256' } },
    says: 'spec.client: Invalid value: tokenEndpointAuthMethod none has no assertion to sign: remove tokenEndpointAuthSigningAlg',
  },
  ...[
    ['idTokenSignedResponseAlg', 'HS256'],
    ['requestObjectSigningAlg', 'HS512'],
    ['userinfoEncryptedResponseAlg', 'dir'],
    ['idTokenEncryptedResponseAlg', 'A128KW'],
  ].map(([field = '', algorithm]) => ({
    title: `${field} ${algorithm} without a secret`,
    spec: { client: { tokenEndpointAuthMethod: 'none', [field]: algorithm } },
    says: 'spec.client: Invalid value: HS algorithms, dir and key wrapping need a client secret, and a client with tokenEndpointAuthMethod none has none: choose other algorithms, or another method',
  })),
  ...[
    ['idTokenEncryptedResponseEnc', 'idTokenEncryptedResponseAlg'],
    ['userinfoEncryptedResponseEnc', 'userinfoEncryptedResponseAlg'],
    ['requestObjectEncryptionEnc', 'requestObjectEncryptionAlg'],
    ['introspectionEncryptedResponseEnc', 'introspectionEncryptedResponseAlg'],
    ['nfvTokenEncryptedResponseEnc', 'nfvTokenEncryptedResponseAlg'],
  ].map(([enc = '', alg]) => ({
    title: `${enc} without ${alg}`,
    spec: { client: { [enc]: 'A256GCM' } },
    says: `spec.client: Invalid value: ${enc} needs ${alg}: set both, or ${alg} alone`,
  })),
  {
    title: 'keys beside those of the operator',
    spec: { credential: { generatedKey: {} }, client: { jwks: { keys: [] } } },
    says: 'spec: Invalid value: with credential.generatedKey the operator makes the keys: remove client.jwks and client.jwksUri',
  },
  {
    title: 'two scopes in one',
    spec: { client: { scopes: ['read write'] } },
    says: 'spec.client.scopes[0]: Invalid value: "read write": must be one scope: printable characters without space, quote or backslash',
  },
  {
    title: 'a language that is none',
    spec: { client: { localized: { clientName: { 'de_AT#': 'Laden' } } } },
    says: 'spec.client.localized.clientName: Invalid value: a key must be a language tag, like ja or de-AT (RFC 5646)',
  },
  {
    title: 'a language that YAML read as a boolean (X3)',
    spec: { client: { localized: { clientName: { false: 'Min app' } } } },
    says: 'spec.client.localized.clientName: Invalid value: true and false are no languages, and YAML reads no and on as such: quote the key, like "no"',
  },
  {
    title: 'an overlap in days',
    spec: { replacement: { overlap: '1d' } },
    says: 'spec.replacement.overlap: Invalid value: "1d": must be between 0s and 720h, in hours, minutes and seconds like 1h30m; a day is 24h',
  },
  {
    title: 'an empty overlap',
    spec: { replacement: { overlap: '' } },
    says: 'spec.replacement.overlap: Invalid value: "": must be between 0s and 720h, in hours, minutes and seconds like 1h30m; a day is 24h',
  },
  {
    title: 'an end that nothing gives',
    spec: { lifetime: { expiryMember: 'expires' } },
    says: 'spec.lifetime: Invalid value: expiryMember tells the server the end that expiresAfter gives: set expiresAfter, too, or remove it',
  },
  {
    title: 'a Job of the wrong group',
    spec: { lifetime: { boundTo: { kind: 'Job', name: 'agent' } } },
    says: 'spec.lifetime.boundTo: Invalid value: a Job is of group batch, a Pod of the empty group: correct group',
  },
  {
    title: 'the name of a Secret that none can have (P05)',
    spec: { secret: { name: 'a..b' } },
    says: `spec.secret.name: Invalid value: "a..b": ${objectName}`,
  },
  {
    title: "a label of the operator's own",
    spec: { secret: { labels: { 'oauth-registrar.dev/workload': 'mine' } } },
    says: 'spec.secret.labels: Invalid value: labels below kubernetes.io, k8s.io and oauth-registrar.dev are reserved: choose another name',
  },
  {
    title: 'a label with a space (P05)',
    spec: { secret: { labels: { team: 'a b c' } } },
    says: 'spec.secret.labels: Invalid value: the value of a label consists of at most 63 letters, digits, -, _ and ., and begins and ends with a letter or digit, like my-team',
  },
  ...['bad key!', 'a b'].map((key) => ({
    title: `a label of key "${key}", which none can have (P05)`,
    spec: { secret: { labels: { [key]: 'x' } } },
    says: `spec.secret.labels: Invalid value: ${labelKey('labels')}`,
  })),
  {
    title: 'a label whose key has two slashes (L3)',
    spec: { secret: { labels: { 'team/of/shop': 'x' } } },
    says: `spec.secret.labels: Invalid value: ${labelKey('labels')}`,
  },
  ...['/team', 'a b'].map((key) => ({
    title: `an annotation of key "${key}", which none can have (L3, P05)`,
    spec: { secret: { annotations: { [key]: 'x' } } },
    says: `spec.secret.annotations: Invalid value: ${labelKey('annotations')}`,
  })),
  {
    title: 'a key that no Secret can have',
    spec: { secret: { keys: { client_id: 'client id' } } },
    says: `spec.secret.keys: Invalid value: a key of a Secret consists of ${dataKey}`,
  },
  {
    title: 'two values for one key',
    spec: { secret: { keys: { client_id: 'username', client_secret: 'username' } } },
    says: 'spec.secret.keys: Invalid value: one key would hold two values: give each its own key, or leave one out by ""',
  },
  {
    title: 'the key that another value has by default',
    spec: { secret: { keys: { client_id: 'issuer' } } },
    says: 'spec.secret.keys: Invalid value: one key would hold two values: choose another key, or rename or leave out the value that has the key by default',
  },
  ...['client_name#de', 'urn:x:y'].map((member) => ({
    title: `a member of the answer ${member}, whose name no key of a Secret can have (L3, P05)`,
    spec: { secret: { include: [member] } },
    says: `spec.secret: Invalid value: include has a member whose name can't be a key of a Secret, which consists of ${dataKey}: give it a key in keys`,
  })),
  {
    title: 'a template with a key that no Secret can have',
    spec: { secret: { template: { data: { 'a b': 'x' } } } },
    says: `spec.secret.template.data: Invalid value: a key of a Secret consists of ${dataKey}`,
  },
  {
    title: 'a template of more than 32768 characters',
    spec: { secret: { template: { data: { a: 'x'.repeat(20_000), b: 'x'.repeat(20_000) } } } },
    says: 'spec.secret.template.data: Invalid value: all texts of a template together have at most 32768 characters: make them shorter',
  },
  {
    title: 'the format Template without a template',
    spec: { secret: { format: 'Template' } },
    says: 'spec.secret: Invalid value: format Template has only what template says: set template',
  },
  ...[{}, { tokenEndpointAuthMethod: 'client_secret_basic' }].map((client) => ({
    title: `no Secret for a client with ${JSON.stringify(client)}`,
    spec: { client, secret: { mode: 'None' } },
    says: `spec: Invalid value: ${NOTHING_WANTED}`,
  })),
  {
    title: 'no Secret for a client whose key the operator makes',
    spec: {
      client: { tokenEndpointAuthMethod: 'private_key_jwt' },
      credential: { generatedKey: {} },
      secret: { mode: 'None' },
    },
    says: `spec: Invalid value: ${NOTHING_WANTED}`,
  },
  {
    title: 'an empty lifetime',
    spec: { lifetime: { expiresAfter: '' } },
    says: 'spec.lifetime.expiresAfter: Invalid value: "": must be between 1m and 87600h, in hours, minutes and seconds like 1h30m; a day is 24h',
  },
  {
    title: 'an empty overlap of keys',
    spec: { credential: { generatedKey: { overlap: '' } } },
    says: 'spec.credential.generatedKey.overlap: Invalid value: "": must be between 1m and 720h, in hours, minutes and seconds like 1h30m; a day is 24h',
  },
];

describe('kubectl apply refuses', () => {
  /** Several refusals are listed with stars. */
  const oneLine = (text: string) => text.trim().replaceAll(/\s*\n\s*\*?\s*/g, ' ');
  /** Kubernetes 1.34 shows the type of a value that a rule refuses, later versions the value. */
  const withoutValues = (text: string) =>
    oneLine(text).replaceAll(/Invalid value: (?:"(?:[^"\\]|\\.)*"|[\w.-]+): /g, 'Invalid value: ');

  test.for(SERVERS)('a server with $title', async ({ spec, says }) => {
    const { code, stderr } = await apply(authorizationServer({ name: 'new', namespace }, spec));
    expect(withoutValues(stderr)).toBe(withoutValues(`The AuthorizationServer "new" is invalid: ${says}`));
    expect(code).toBe(1);
  });

  test.for(CLUSTER_SERVERS)('a server of the cluster with $title', async ({ spec, says }) => {
    const { code, stderr } = await apply(clusterAuthorizationServer('new', spec));
    expect(withoutValues(stderr)).toBe(
      withoutValues(`The ClusterAuthorizationServer "new" is invalid: ${says}`),
    );
    expect(code).toBe(1);
  });

  test.for(CLIENTS)('a client with $title', async ({ spec, says }) => {
    const { code, stderr } = await apply(oauthClient({ name: 'new', namespace }, spec));
    expect(withoutValues(stderr)).toBe(withoutValues(`The OAuthClient "new" is invalid: ${says}`));
    expect(code).toBe(1);
  });

  test('another issuer, once a client was registered and not before', async () => {
    const name = 'existing';
    const other = authorizationServer({ name, namespace }, { issuer: 'https://other.example.com' });
    expect((await apply(other)).stderr).toBe('');
    const status = JSON.stringify({ status: { issuer: 'https://sso.example.com' } });
    await cluster.must([
      'patch',
      'oas',
      name,
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      status,
    ]);
    const { stderr } = await apply(other);
    expect(withoutValues(stderr)).toBe(
      `The AuthorizationServer "${name}" is invalid: <nil>: Invalid value: spec.issuer can't be changed any more, since clients are registered there: create another server object`,
    );
    const edited = authorizationServer({ name, namespace }, { dialect: 'keycloak' });
    expect((await apply(edited)).stderr).toBe('');
  });

  test('a field that does not exist, by its name', async () => {
    const { code, stderr } = await apply(
      oauthClient({ name: 'new', namespace }, { client: { clientNam: 'x' } }),
    );
    expect(stderr).toContain('unknown field "spec.client.clientNam"');
    expect(code).toBe(1);
  });
});

/** Values that the specifications permit, by the type of the member; see `MEMBERS`. */
const LEGAL: Readonly<Record<MemberType, readonly unknown[]>> = {
  string: ['RS256', 'x y; é 漢字', 'urn:example:a', 'v'.repeat(2_048)],
  uri: [
    'https://rp.example/',
    'https://[2001:db8::1]:8443/p;a=b?q=%2F#part',
    'com.example.app:/callback',
    'https://rp.example:443',
  ],
  strings: [[], ['a b', 'urn:example:a'], ['Jane Doe <jane@example.com>'], ['tel:+1-555-0100']],
  uris: [[], ['https://rp.example/a#b', 'urn:ietf:wg:oauth:2.0:oob'], ['http://127.0.0.1/'], ['a.b:/c']],
  scope: [[], ['https://api.example.com/.default'], ['a[b]{c}~!'], ['openid', 'email']],
  boolean: [true, false, true, false],
  integer: [0, 1, 86_400, 2_147_483_647],
  object: [{}, { keys: [] }, { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }, { a: { b: [null] } }],
};
/** Members whose values are bounded by a registry. */
const LEGAL_HERE: Readonly<Record<string, readonly unknown[]>> = {
  token_endpoint_auth_method: ['private_key_jwt', 'https://example.com/Method', 'urn:example:m', 'none'],
  grant_types: [[], ['urn:ietf:params:oauth:grant-type:device_code'], ['client_credentials'], ['x']],
};
const LEGAL_VARIANTS = [0, 1, 2, 3];
const withoutFragment = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(withoutFragment) : String(value).replace(/#.*/, '');

/** A client with all members. Of two that exclude each other it has one. */
function legal(variant: number): object {
  const excluded = variant % 2 === 0 ? 'jwks' : 'jwks_uri';
  const isPublic = variant === 3;
  return Object.fromEntries(
    MEMBERS.filter(({ wire }) => wire !== excluded)
      .filter(({ wire }) => !(isPublic && wire === 'token_endpoint_auth_signing_alg'))
      .map((member: Member) => {
        const value = (LEGAL_HERE[member.wire] ?? LEGAL[member.type])[variant];
        return [specName(member.wire), member.noFragment ? withoutFragment(value) : value];
      }),
  );
}

describe('kubectl apply accepts', () => {
  test.for<{ title: string; spec: object }>([
    {
      title: 'a fragment that means something (P14)',
      spec: {
        client: {
          grantTypes: ['authorization_code'],
          redirectUris: ['https://rp.example/cb'],
          requestUris: ['https://rp.example/ro.jwt#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM'],
          policyUri: 'https://rp.example/terms#privacy',
        },
      },
    },
    {
      title: 'redirect URIs of applications (RFC 8252)',
      spec: {
        client: {
          redirectUris: [
            'com.example.app:/cb',
            'http://127.0.0.1:8080/cb',
            'http://[::1]/cb',
            'urn:ietf:wg:oauth:2.0:oob',
            'https://shop.example.com/cb?tenant=a&next=%2F',
          ],
        },
      },
    },
    {
      title: 'scopes and languages of every form (RFC 6749 section 3.3, RFC 5646)',
      spec: {
        client: {
          scopes: ['https://api.example.com/.default', 'orders:read', 'a[b]{c}~!'],
          localized: {
            clientName: { no: 'Min app', 'zh-Hant-TW': 'x', 'sl-rozaj-biske': 'x', 'x-private': 'x' },
          },
        },
      },
    },
    {
      title: 'a grant type and a method that are URIs',
      spec: {
        client: {
          grantTypes: ['urn:ietf:params:oauth:grant-type:device_code'],
          tokenEndpointAuthMethod: 'https://example.com/Method',
        },
      },
    },
    {
      title: 'a member of the answer that has a key',
      spec: { secret: { include: ['client_name#de'], keys: { 'client_name#de': 'name_de' } } },
    },
    {
      title: 'values that change their keys',
      spec: { secret: { keys: { client_id: 'client_secret', client_secret: 'client_id', scope: '' } } },
    },
    {
      title: 'labels and annotations as Kubernetes has them',
      spec: {
        secret: {
          labels: { team: '', 'example.com/Team_1': 'A.b-c' },
          annotations: { 'Example.com/owner': 'shop team' },
        },
      },
    },
    { title: 'the shortest client', spec: { client: {} } },
  ])('a client with $title', async ({ spec }) => {
    const { stderr, code } = await apply(oauthClient({ name: 'new', namespace }, spec));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test.for<{ title: string; spec: object }>([
    { title: 'every namespace', spec: { allowedNamespaces: { selector: {} } } },
    {
      title: 'hosts of every form',
      spec: { policy: { uriHosts: ['shop.example.com', '*.example.com', '192.0.2.1', '[2001:db8::1]'] } },
    },
    {
      title: 'a certificate and no Secret',
      spec: {
        registration: { admission: { clientCredentials: { clientId: 'r', authMethod: 'tls_client_auth' } } },
        connection: { clientCertificateRef: { name: 'tls' } },
      },
    },
    {
      title: 'a template for management',
      spec: { management: { configurationUrl: '{registration_endpoint}?client_id={client_id}' } },
    },
  ])('a server of the cluster with $title', async ({ spec }) => {
    const { stderr, code } = await apply(clusterAuthorizationServer('new', spec));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test.for(LEGAL_VARIANTS)(
    'every member with a value that its specification permits: variant %i',
    async (variant) => {
      const { stderr, code } = await apply(
        oauthClient({ name: 'new', namespace }, { client: legal(variant) }),
      );
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    },
  );

  test("an http issuer, since the operator's flag decides about it", async () => {
    const { stderr, code } = await apply(
      authorizationServer({ name: 'new', namespace }, { issuer: 'http://sso.example.com' }),
    );
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('any value in additionalMetadata', async () => {
    const additionalMetadata = { vendor_setting: { nested: [1, 'two', null] } };
    const { stderr, code } = await apply(
      oauthClient({ name: 'new', namespace }, { client: { additionalMetadata } }),
    );
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });
});
