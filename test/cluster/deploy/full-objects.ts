import { MEMBERS, type MemberType, specName } from '../../../src/oauth/client-metadata.ts';

/** Objects that together set every field of their kinds: what a stored object may hold. */

export interface FullObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: object;
  readonly status?: object;
}

const VALUES: Readonly<Record<MemberType, unknown>> = {
  string: 'value',
  uri: 'https://shop.example.com/page',
  strings: ['one', 'two'],
  uris: ['https://shop.example.com/one', 'https://shop.example.com/two'],
  scope: ['openid', 'profile'],
  boolean: true,
  integer: 3600,
  object: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', nested: [1, null] }] },
};
const OWN_VALUES: Readonly<Record<string, unknown>> = { token_endpoint_auth_method: 'private_key_jwt' };

/** Every member of client metadata but these. */
function metadataWithout(...left: readonly string[]): object {
  const typed = MEMBERS.filter(({ wire }) => !left.includes(wire)).map(({ wire, type }) => [
    specName(wire),
    OWN_VALUES[wire] ?? VALUES[type],
  ]);
  const localizable = MEMBERS.filter((member) => 'localizable' in member);
  return {
    ...Object.fromEntries(typed),
    localized: Object.fromEntries(
      localizable.map(({ wire }) => [specName(wire), { ja: 'value', 'de-AT': 'Wert' }]),
    ),
    additionalMetadata: { cost_center: '4711', nested: { list: [1, 'two', null] } },
  };
}

const time = '2026-01-02T03:04:05Z';
const secretRef = (name: string, ...keys: readonly string[]) => ({
  name,
  ...Object.fromEntries(keys.map((key) => [key, `a.${key}`])),
});

const conditions = [
  {
    type: 'Ready',
    status: 'True',
    reason: 'Registered',
    message: 'The client is registered.',
    lastTransitionTime: time,
    observedGeneration: 1,
  },
];

const clientStatus = {
  observedGeneration: 1,
  clientId: 'client-1',
  issuer: 'https://sso.example.com',
  installation: 'oauth-registrar-system',
  secretName: 'web',
  registeredAt: time,
  clientSecretExpiresAt: time,
  registrationAccessTokenExpiresAt: time,
  endsAt: time,
  rolloutRestarts: { credential: 'credential-1', at: time },
  retiring: [{ clientId: 'client-0', issuer: 'https://sso.example.com', endsAt: time }],
  lastHandledReconcileAt: 'monday',
  lastHandledRotateAt: 'tuesday',
  authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
  credential: {
    subject: 'system:serviceaccount:shop:web',
    audience: 'https://sso.example.com',
    tokenEndpoint: 'https://sso.example.com/token',
    clientAssertionType: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    projectedVolume: '- name: oauth-token',
  },
  binding: { name: 'web' },
  substitutions: [{ member: 'scope', asked: 'openid', registered: '' }],
  refusal: {
    ...{ call: 'Register', basis: 'b1', reason: 'RegistrationRefused', message: 'No.', attempts: 1 },
    at: time,
  },
  verification: { credential: 'v1', result: 'Verified', at: time },
  conditions,
};

const clientSpec = {
  authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
  client: metadataWithout('jwks_uri'),
  softwareStatement: { secretRef: secretRef('statement', 'key') },
  secret: {
    name: 'web-oauth',
    mode: 'Write',
    format: 'Keys',
    keys: { client_id: 'username', scope: '' },
    include: ['registration_client_uri'],
    template: { data: { 'config.yaml': 'id: {{ client_id | json }}' } },
    labels: { team: 'shop' },
    annotations: { 'example.com/owner': 'shop team' },
  },
  lifetime: {
    expiresAfter: '720h',
    onExpiry: 'Deregister',
    expiryMember: 'client_expires_at',
    boundTo: { group: 'batch', kind: 'Job', name: 'agent-7' },
  },
  rolloutRestartTargets: [{ kind: 'Deployment', name: 'web' }],
  deletionPolicy: 'Retain',
  adopt: { secretRef: { name: 'adopted' } },
  suspend: true,
  replacement: { onEdit: 'Manual', onExpiry: 'Manual', retire: 'WhenUnused', overlap: '1h' },
};

const generatedKey = { algorithm: 'ES384', rotateAfter: '720h', overlap: '12h' };

const CLIENTS = {
  everything: clientSpec,
  'keys-by-uri': { ...clientSpec, client: metadataWithout('jwks') },
  'keys-by-operator': {
    ...clientSpec,
    client: metadataWithout('jwks', 'jwks_uri'),
    credential: { generatedKey },
    lifetime: { boundTo: { group: '', kind: 'Pod', name: 'agent' } },
  },
  'by-service-account': {
    client: metadataWithout('token_endpoint_auth_method', 'jwks'),
    credential: { serviceAccount: { name: 'web' } },
  },
  'by-spiffe': {
    client: metadataWithout('token_endpoint_auth_method', 'jwks'),
    credential: { spiffe: { id: 'spiffe://example.com/shop/web' } },
  },
  smallest: { client: {} },
};

const clientCredentials = {
  clientId: 'registrar',
  secretRef: secretRef('grant', 'clientIdKey', 'clientSecretKey', 'privateKeyKey'),
  authMethod: 'private_key_jwt',
  signing: { algorithm: 'ES256', keyId: 'k1', audience: 'TokenEndpoint' },
  scopes: ['dcr'],
  resources: ['https://api.example.com'],
  parameters: { audience: 'https://api.example.com' },
  reuse: 'UntilRefused',
};
const byServiceAccount = {
  clientId: 'registrar',
  authMethod: 'ServiceAccountToken',
  audience: 'https://sso.example.com',
};
const token = { secretRef: secretRef('token', 'key'), scheme: 'SSWS' };
const basic = { secretRef: secretRef('basic', 'usernameKey', 'passwordKey') };

const signed = {
  secretRef: secretRef('publisher', 'key'),
  keyFormat: 'Jwk',
  algorithm: 'ES256',
  keyId: 'k1',
};
const audience = 'https://sso.example.com';
const sign = {
  ...signed,
  issuer: 'https://publisher.example.com',
  subject: 'registrar',
  audience,
  lifetime: '1h',
  claims: { software_id: 'shop', nested: { deep: [1] } },
  claimsFromClient: { redirect_uris: 'redirect_uris' },
  encryption: {
    algorithm: 'RSA-OAEP-256',
    encoding: 'A256GCM',
    secretRef: secretRef('reader', 'key'),
    keyFormat: 'Pem',
    keyId: 'k2',
  },
};

const ENDPOINTS = ['token', 'authorization', 'jwks', 'userinfo', 'endSession', 'revocation', 'introspection'];
const endpoints = Object.fromEntries(ENDPOINTS.map((name) => [name, `https://sso.example.com/${name}`]));
const effect = { supported: true, token: 'Rotates', secret: 'Rotates' };

const serverSpec = {
  issuer: 'https://sso.example.com',
  discovery: {
    mode: 'None',
    prefer: 'OpenID',
    url: 'https://sso.example.com/document',
    acceptedIssuer: 'https://sso.example.com:443',
  },
  endpoints,
  dialect: 'keycloak',
  dialectOverrides: {
    scopeEncoding: 'Both',
    jwksEncoding: 'String',
    basicEncoding: 'Raw',
    languageTags: 'Omit',
    membersNotSent: ['software_id'],
    scopesNotSent: ['openid'],
    membersNotUpdated: ['subject_type'],
    scopesNotUpdated: ['offline_access'],
    updateBody: 'Returned',
    clearBy: 'Null',
    secretEcho: 'Send',
    readEffect: effect,
    updateEffect: effect,
    secretOnRead: 'Trust',
    deleteEffect: { supported: false },
    goneStatuses: [404],
    notCreatedStatuses: [503],
    tokenRefusals: ['invalid_token'],
    lifetimes: { registrationAccessToken: '720h', clientSecret: '2160h', client: '4320h' },
    registrationInterval: '2s',
  },
  identification: {
    mode: 'Auto',
    document: {
      baseUrl: 'https://clients.example.com',
      maxAge: '10m',
      primeAuthorization: 'OnPublish',
      revoke: 'Gone',
    },
  },
  registration: {
    endpoint: 'https://sso.example.com/register',
    admission: { clientCredentials },
    softwareStatement: { sign, fromClient: 'Allow' },
    signedRequest: {
      ...signed,
      issuer: 'registrar',
      audience,
      lifetime: '2m',
      contentType: 'application/jose',
    },
  },
  management: {
    mode: 'Credential',
    credential: { clientCredentials },
    configurationUrl: '{registration_endpoint}/{client_id}',
    allowedOrigins: ['https://sso2.example.com'],
  },
  connection: {
    timeout: '10s',
    maxInFlight: 4,
    caRef: { kind: 'Secret', name: 'ca', key: 'bundle.pem' },
    clientCertificateRef: { name: 'tls' },
    proxyUrl: 'https://proxy.example.com:3128',
  },
  recovery: {
    interrupted: 'Hold',
    tokenLost: 'Reregister',
    clientGone: 'Reregister',
    cooldown: '5m',
    maxAttempts: 5,
    maxRegistrationsPerHour: 20,
  },
  deletion: { unconfirmed: 'Hold', retryFor: '2h' },
  drift: { mode: 'Correct', interval: '30m', rotatingReads: 'Allow' },
  verification: { mode: 'Gate', interval: '12h' },
  contact: '#platform-sso',
  suspend: true,
  migration: {
    to: { kind: 'ClusterAuthorizationServer', name: 'corporate-new' },
    maxConcurrent: 20,
    overlap: '12h',
    suspend: true,
  },
  defaults: metadataWithout(),
  attemptMarker: { member: 'software_version' },
  workloadIdentity: { mode: 'Allow', identityProvider: 'cluster', audience: 'https://sso.example.com' },
};

const { registration, management, connection } = serverSpec;
const { proxyUrl: _, ...withoutProxy } = connection;
const others = (admission: object, credential: object) => ({
  ...serverSpec,
  registration: {
    ...registration,
    admission,
    softwareStatement: { secretRef: secretRef('statement', 'key'), fromClient: 'Require' },
  },
  management: { ...management, credential },
  connection: { ...withoutProxy, proxyRef: { name: 'proxy' } },
});

/** For servers of the cluster alone. */
const KEYLESS = others({ clientCredentials: byServiceAccount }, { clientCredentials: byServiceAccount });

const SERVERS = {
  everything: serverSpec,
  token: others({ initialAccessToken: token }, { token }),
  basic: others({ basic }, { basic }),
  smallest: { issuer: 'https://sso.example.com', registration: { admission: { open: {} } } },
};

const ofCluster = {
  allowedNamespaces: {
    names: ['shop', 'web'],
    selector: {
      matchLabels: { sso: 'true' },
      matchExpressions: [{ key: 'team', operator: 'In', values: ['a', 'b'] }],
    },
    disclose: 'Requirement',
  },
  policy: {
    uriHosts: ['*.example.com'],
    redirectUriPatterns: ['https://*.example.com/callback'],
    scopes: ['openid'],
    grantTypes: ['authorization_code'],
    responseTypes: ['code'],
    tokenEndpointAuthMethods: ['private_key_jwt'],
    additionalMetadata: { allowed: ['cost_center'] },
    clientIdentifier: 'Allow',
    adoption: 'Allow',
    maxClientsPerNamespace: 10,
    defaultsOnly: ['clientName'],
    algorithms: ['ES256'],
    schemes: 'HttpsOnly',
    maxOverlap: '24h',
    retain: 'Deny',
    workloadIdentity: 'AllowDefaultAccount',
    enforce: 'Existing',
  },
};

const serverStatus = {
  observedGeneration: 1,
  endpoints: {
    ...endpoints,
    registration: 'https://sso.example.com/register',
    others: { revocation_endpoint: 'https://sso.example.com/revoke' },
    mtlsAliases: { token_endpoint: 'https://mtls.sso.example.com/token' },
  },
  issuer: 'https://sso.example.com',
  identification: 'Document',
  documentBaseUrl: 'https://clients.example.com',
  management: 'Credential',
  clients: 3,
  suspectedOrphans: 1,
  owed: 1,
  isDefault: true,
  leftBehind: 2,
  migration: {
    to: { kind: 'ClusterAuthorizationServer', name: 'corporate-new' },
    ...{ total: 3, moved: 1, moving: 1, refused: 1, references: 3, movedForGood: 1, begun: true },
  },
  pausedUntil: time,
  pauses: { registrations: time, management: time, tokens: time },
  lastHandledReconcileAt: '1777636800',
  unsupportedCalls: ['Update', 'Deletion'],
  lastError: 'The server answered 500.',
  effectiveDialect: { scopeEncoding: 'Both', lifetimes: { client: '1h' } },
  signingKeys: { keys: [{ kty: 'EC', kid: 'k1' }] },
  conditions,
};

/** @param suffix of the names of cluster-scoped objects */
export function fullObjects(namespace: string, suffix: string): readonly FullObject[] {
  const each = (kind: string, specs: Readonly<Record<string, object>>, status: object) =>
    Object.entries(specs).map(([name, spec]) => ({
      kind,
      metadata: { name, namespace },
      spec,
      ...(name === 'smallest' ? {} : { status }),
    }));
  return [
    ...each('OAuthClient', CLIENTS, clientStatus),
    ...each('AuthorizationServer', SERVERS, serverStatus),
    ...each('ClusterAuthorizationServer', { ...SERVERS, keyless: KEYLESS }, serverStatus).map(
      ({ metadata, spec, ...object }) => ({
        ...object,
        metadata: { name: `${metadata.name}-${suffix}` },
        spec: metadata.name === 'smallest' ? spec : { ...spec, ...ofCluster },
      }),
    ),
  ];
}
