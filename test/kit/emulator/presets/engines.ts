import { DAY_SECONDS, type Preset } from './preset.ts';

/**
 * Spring Authorization Server, the OpenID Connect form. ✓ one-use token of exactly the scope client.create, 201, RAT, RCU
 * with `?client_id=`, CIIA, CSE 0; GET without RAT and with the secret encoded; neither PUT nor DELETE; RAT of 5 minutes;
 * newest patches refuse any scope. ~ statuses of what isn't supported and their shape.
 */
const spring: Preset = {
  departures: {
    paths: { issuer: '', registration: '/connect/register', token: '/oauth2/token' },
    gate: { admits: ['clientCredentials'], scope: 'client.create', scopeMatch: 'exact', oneUse: true },
    metadata: {
      refusedMembers: { scope: { error: 'invalid_scope', description: 'scope is not taken' } },
      redirectUris: 'always',
    },
    answer: { configurationUri: 'query', clientIds: 'urlSafe', secretExpiry: 'always' },
    management: { form: 'query', tokenLifetimeSeconds: 300 },
    read: { token: 'absent', secret: 'encoded' },
    update: { supported: false },
    remove: { supported: false },
    errors: {
      refusals: {
        updateUnsupported: { status: 404, shape: 'timestampStatusPath' },
        removeUnsupported: { status: 404, shape: 'timestampStatusPath' },
      },
    },
  },
  variants: { scopesTaken: { metadata: { refusedMembers: {} } } },
};

/**
 * Connect2id. ✓ `/clients`, advertised; the master token, which also manages, or a one-use token of scope client-reg; 200 in
 * its samples, CIIA, RAT, RCU path; refreshing the RAT is optional. ~ GET, PUT, DELETE as in RFC 7592.
 */
const connect2id: Preset = {
  departures: {
    paths: { issuer: '', registration: '/clients', token: '/token' },
    gate: { admits: ['fixedToken', 'clientCredentials'], scope: 'client-reg', oneUse: true },
    answer: { status: 200, clientIds: 'short' },
    management: { admits: ['registrationToken', 'adminToken'] },
  },
  variants: { open: { gate: { admits: ['nothing'] } }, refreshing: { update: { token: 'new' } } },
};

/** Authlete's sample server. ✓ path, 201, a secret for ever, PUT 200, 204 and then 400. ~ RAT, RCU, statement. */
const authlete: Preset = {
  departures: {
    paths: { issuer: '', registration: '/api/register', token: '/api/token' },
    errors: {
      refusals: { deletedClient: { status: 400, error: 'invalid_request' }, unknownClient: { status: 400 } },
    },
  },
  variants: { rotating: { update: { token: 'new' } } },
};

/**
 * Gluu and Janssen. ✓ advertised, open, statement or signed body or token (variants), 201 or 200, RAT, RCU with
 * `?client_id=`, CIIA, CSE that ends the client; no rotation; 204 and then 401; 429. ~ that PUT merges; lifetime.
 */
const gluu: Preset = {
  departures: {
    paths: {
      issuer: '',
      registration: '/jans-auth/restv1/register',
      token: '/jans-auth/restv1/token',
    },
    discovery: { serves: ['openidAppended'] },
    answer: {
      configurationUri: 'query',
      secretLifetimeSeconds: DAY_SECONDS,
      clientDiesWithSecret: true,
      secretExpiry: 'always',
    },
    management: { form: 'query' },
    update: { semantics: 'merge', clientId: 'mustMatchIfGiven' },
    errors: {
      refusals: { rateLimited: { error: 'Too many requests', shape: 'codeOnly' } },
    },
  },
  variants: {
    old: { answer: { status: 200 } },
    statement: { gate: { statement: 'required' } },
    signedBody: { gate: { signedBody: true } },
    token: { gate: { admits: ['clientCredentials'], scope: 'register' } },
    certificate: { gate: { clientCertificate: true } },
    withoutSecretOnRead: { read: { secret: 'absent' } },
    busy: { limits: { registrations: 1 } },
  },
};

/** IBM Verify Access. ✓ 201, redirect_uris as one string, PUT with the secret, which gives another secret and RAT. */
const ibm: Preset = {
  departures: {
    answer: { redirectUris: 'string' },
    update: { token: 'new', secret: 'new', secretEcho: 'required' },
  },
  variants: { old: { answer: { status: 200 } } },
};

export const ENGINES = {
  spring,
  connect2id,
  authlete,
  gluu,
} as const satisfies Readonly<Record<string, Preset>>;

export const IBM = { ibm } as const satisfies Readonly<Record<string, Preset>>;
