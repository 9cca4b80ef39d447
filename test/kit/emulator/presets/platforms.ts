import { DAY_SECONDS, type Preset, UNMANAGED } from './preset.ts';

const WEB_GRANTS = ['authorization_code', 'refresh_token'];

/**
 * Auth0. ✓ `/oidc/register`, open, 201 in the guide, six fields, CSE 0, neither RAT nor RCU, authorization_code and
 * refresh_token only, no management. ~ which six; the issuer's terminating slash.
 */
const auth0: Preset = {
  departures: {
    ...UNMANAGED,
    paths: { issuer: '/', registration: '/oidc/register', token: '/oauth/token' },
    discovery: { serves: ['openidAppended'] },
    metadata: { grantTypes: WEB_GRANTS, requiredMembers: ['client_name'] },
    answer: {
      configurationUri: 'absent',
      clientIds: 'urlSafe',
      issuedAt: false,
      echo: ['client_name', 'redirect_uris', 'token_endpoint_auth_method'],
    },
  },
  variants: { apiReference: { answer: { status: 200 } }, off: { gate: { admits: [] } } },
};

/**
 * Zitadel 2026. ✓ path, advertised if enabled, any valid token or open, 201, RAT, RCU, CIIA, CSE; drops client_uri and
 * logo_uri, refuses jwks and client_credentials; GET with RCU only, PUT with a new RAT and no CIIA, replacing, identifier
 * ignored; 204 and then 404 invalid_client; 100 KiB. ~ a read just after a write may find nothing (variant).
 */
const zitadel: Preset = {
  departures: {
    paths: { issuer: '', registration: '/oauth/v2/register', token: '/oauth/v2/token' },
    discovery: { serves: ['openidAppended'] },
    gate: { admits: ['clientCredentials'] },
    metadata: {
      grantTypes: WEB_GRANTS,
      droppedMembers: ['client_uri', 'logo_uri'],
      refusedMembers: { jwks: { description: 'jwks is not taken' } },
    },
    read: { token: 'absent', secret: 'absent' },
    update: { token: 'new', secret: 'absent', issuedAt: false, clientId: 'ignored' },
    errors: {
      refusals: {
        unknownClient: { status: 404, error: 'invalid_client' },
        deletedClient: { status: 404, error: 'invalid_client' },
      },
    },
    limits: { bodyBytes: 100 * 1024 },
  },
  variants: {
    open: { gate: { admits: ['nothing'] } },
    stale: { management: { staleReads: 1 } },
    unadvertised: { discovery: { withoutRegistration: ['openidAppended'] } },
  },
};

/**
 * authentik 2026. ✓ endpoint of each application, token of scope goauthentik.io/oidc/dcr, 201, CIIA, CSE 0, neither RAT nor
 * RCU, grants dropped without a word, 403 access_denied by policy. ~ that discovery doesn't name the endpoint, which
 * grants stay.
 */
const authentik: Preset = {
  departures: {
    ...UNMANAGED,
    paths: {
      issuer: '/application/o/shop/',
      registration: '/application/o/shop/register/',
      token: '/application/o/token/',
    },
    discovery: { serves: ['openidAppended'], withoutRegistration: ['openidAppended'] },
    gate: { admits: ['clientCredentials'], scope: 'goauthentik.io/oidc/dcr' },
    metadata: { grantTypes: WEB_GRANTS, unsupportedGrants: 'dropped' },
    answer: { configurationUri: 'absent', clientIds: 'urlSafe', secretExpiry: 'always' },
    errors: { refusals: { insufficientScope: { error: 'access_denied' } } },
  },
};

/**
 * Scalekit. ✓ only the RFC 8414 document of a resource names the endpoint, open, a public client `m2m_…`, no secret, no
 * management. ~ which grants, 201.
 */
const scalekit: Preset = {
  departures: {
    ...UNMANAGED,
    paths: {
      issuer: '/resources/res_1',
      registration: '/resources/res_1/oauth/register',
      token: '/oauth/token',
    },
    discovery: { serves: ['oauthInserted'], elsewhere: 'htmlPage' },
    metadata: { grantTypes: WEB_GRANTS, unsupportedGrants: 'dropped', publicOnly: true },
    answer: { configurationUri: 'absent', clientIds: 'm2m', secretExpiry: 'absent' },
  },
};

/**
 * Cloudflare's workers-oauth-provider. ▶ RFC 8414 only, 201, CIIA, CSE in 90 days, with which the client goes, public ones
 * too; neither RAT nor RCU; client_credentials 400; a GET below falls through to the application: 200, HTML. ✓ 501 when
 * off, 1 MiB.
 */
const cloudflare: Preset = {
  departures: {
    ...UNMANAGED,
    discovery: { serves: ['oauthInserted'], elsewhere: 'htmlPage' },
    metadata: { grantTypes: WEB_GRANTS },
    answer: {
      configurationUri: 'absent',
      clientIds: 'urlSafe',
      secretLifetimeSeconds: 90 * DAY_SECONDS,
      clientDiesWithSecret: true,
    },
    errors: {
      refusals: {
        noManagement: { status: 200, shape: 'html', description: 'the application' },
        registrationOff: { status: 501, error: 'not_implemented' },
      },
    },
  },
  variants: { off: { gate: { admits: [] } } },
};

export const PLATFORMS = {
  auth0,
  zitadel,
  authentik,
  scalekit,
  cloudflare,
} as const satisfies Readonly<Record<string, Preset>>;
