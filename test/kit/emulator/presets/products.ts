import { DAY_SECONDS, type Preset } from './preset.ts';

/**
 * SecureAuth (Cloudentity). ✓ paths, the token of scope dcr_register that dies of a success, statement, signed body; RAT and
 * its string of a lifetime, `scopes` alone, no RCU, no CSE, and nothing else in its sample answers; GET and PUT give a
 * new RAT, GET the secret; 30 days; 204; form of errors. ~ 201, 401 after deletion, what a PUT needs.
 */
const secureauth: Preset = {
  departures: {
    paths: {
      issuer: '/default/default',
      registration: '/default/default/oauth2/register',
      token: '/default/default/oauth2/token',
    },
    discovery: { serves: ['openidAppended'] },
    gate: { admits: ['clientCredentials'], scope: 'dcr_register', oneUse: true },
    metadata: {
      scopeMember: 'either',
      redirectUris: 'never',
      defaults: {
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code'],
        response_types: ['code'],
        scope: 'email openid profile',
      },
    },
    answer: {
      clientIds: 'short',
      issuedAt: false,
      secretExpiry: 'absent',
      configurationUri: 'absent',
      tokenExpiresIn: { constant: '160898890' },
      scope: 'scopes',
      echo: [],
    },
    management: { tokenLifetimeSeconds: 30 * DAY_SECONDS },
    read: { token: 'new' },
    update: { token: 'new', clientId: 'mustMatchIfGiven' },
    errors: { shape: 'secureauth', challenge: false, refusals: {} },
  },
  variants: {
    open: { gate: { admits: ['nothing'] } },
    statement: { gate: { admits: ['nothing'], statement: 'required' } },
    signedBody: { gate: { admits: ['nothing'], signedBody: true } },
    /** As the vendor's client library models answers. */
    model: {
      answer: {
        echo: 'all',
        configurationUri: 'path',
        tokenExpiresIn: 'number',
        scope: 'both',
        secretExpiry: 'always',
        issuedAt: true,
      },
    },
  },
};

/**
 * Okta. ✓ both RFC 8414 forms, SSWS or a token of scope okta.clients.manage, which also manages; 201, CIIA, CSE 0, neither
 * RAT nor RCU, `null` URIs, application_type of its own; PUT with all settings, CSE and CIIA absent, secret optional.
 * ~ path, form of errors, 204 and then 404, `service` for client_credentials, what a GET answers.
 */
const okta: Preset = {
  departures: {
    paths: { issuer: '', registration: '/oauth2/v1/clients', token: '/oauth2/v1/token' },
    discovery: { serves: ['oauthInserted', 'oauthAppended'] },
    gate: { admits: ['clientCredentials', 'ssws'], scope: 'okta.clients.manage' },
    metadata: {
      requiredMembers: ['client_name'],
      machine: { responseTypes: 'any', redirectUris: 'any', applicationType: 'service' },
    },
    answer: {
      clientIds: 'short',
      secretExpiry: 'always',
      configurationUri: 'absent',
      base: {
        client_uri: null,
        logo_uri: null,
        tos_uri: null,
        policy_uri: null,
        initiate_login_uri: null,
        application_type: 'web',
      },
    },
    management: { admits: ['adminToken', 'ssws'], adminScope: 'okta.clients.manage' },
    read: { token: 'absent', uri: false },
    update: { token: 'absent', uri: false },
    errors: {
      shape: 'okta',
      refusals: {
        wrongRegistrationToken: { error: 'E0000011' },
        unknownClientForAdmin: { error: 'E0000007', description: 'Not found: Resource not found' },
      },
    },
  },
  variants: { oauthErrors: { errors: { shape: 'oauth' } }, busy: { limits: { registrations: 1 } } },
};

/**
 * Curity. ✓ one-use token of scope dcr, RAT, RCU path, `registration_access_token_expires_in` of 365 days; GET and PUT give
 * a new RAT and a new secret; a token of scope dcrm manages all. ~ 201, DELETE, 401 after it.
 */
const curity: Preset = {
  departures: {
    paths: {
      issuer: '/oauth/v2/oauth-anonymous',
      registration: '/token-service/oauth-registration',
      token: '/oauth/v2/oauth-token',
    },
    discovery: { serves: ['openidAppended', 'oauthInserted'] },
    gate: { admits: ['clientCredentials'], scope: 'dcr', oneUse: true },
    answer: { tokenExpiresIn: 'number' },
    management: {
      admits: ['registrationToken', 'adminToken'],
      adminScope: 'dcrm',
      tokenLifetimeSeconds: 365 * DAY_SECONDS,
    },
    read: { token: 'new', secret: 'new' },
    update: { token: 'new', secret: 'new', secretEcho: 'ignored', secretExpiry: 'renewed' },
  },
  variants: { open: { gate: { admits: ['nothing'] } } },
};

/**
 * WSO2 Identity Server. ✓ path, optional statement, 201, CSE 0, neither RAT, RCU nor CIIA, duplicate name 400, PUT merges
 * what isn't empty, 204 and then 401 with an empty body. ~ Basic of the administrator or a token of internal_dcr_*,
 * secret in GET and PUT, nothing in discovery.
 */
const wso2: Preset = {
  departures: {
    paths: {
      issuer: '/oauth2/token',
      registration: '/api/identity/oauth2/dcr/v1.1/register',
      token: '/oauth2/token',
    },
    discovery: { serves: ['openidAppended'], withoutRegistration: ['openidAppended'] },
    gate: { admits: ['basic', 'clientCredentials'], scope: 'internal_dcr_create' },
    metadata: { requiredMembers: ['client_name'], duplicateNames: 'refused' },
    answer: { clientIds: 'urlSafe', issuedAt: false, secretExpiry: 'always', configurationUri: 'absent' },
    management: {
      admits: ['basic', 'adminToken'],
      adminScope: 'internal_dcr_view internal_dcr_update internal_dcr_delete',
    },
    read: { token: 'absent', uri: false },
    update: {
      token: 'absent',
      uri: false,
      clientId: 'ignored',
      secretEcho: 'ignored',
      serverMembers: 'ignored',
      semantics: 'mergeNonEmpty',
    },
    errors: {
      refusals: {
        unknownClientForAdmin: { status: 401, shape: 'empty' },
        missingToken: { shape: 'empty' },
        wrongToken: { shape: 'empty' },
      },
    },
  },
  variants: { statement: { gate: { statement: 'required' } } },
};

export const PRODUCTS = {
  secureauth,
  okta,
  curity,
  wso2,
} as const satisfies Readonly<Record<string, Preset>>;
