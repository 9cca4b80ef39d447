import { AM_MEMBERS } from './am-members.ts';
import type { Preset } from './preset.ts';

const REALM = '/am/oauth2/realms/root/realms/alpha';
const SCOPE = 'dynamic_client_registration';

const am = {
  paths: { issuer: REALM, registration: `${REALM}/register`, token: `${REALM}/access_token` },
  discovery: { serves: ['openidAppended'] },
  metadata: {
    unknownMembers: 'ignored',
    languageTags: 'lowercased',
    scopeMember: 'either',
    privileged: { scope: SCOPE, members: ['logo_uri', 'client_uri', 'policy_uri'] },
    defaults: {
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: 'address phone openid profile email',
    },
  },
  answer: {
    issuedAt: false,
    secretExpiry: 'always',
    configurationUri: 'query',
    scope: 'both',
    base: AM_MEMBERS,
  },
  management: { form: 'query' },
  read: { token: 'absent', uri: false },
  update: {
    token: 'new',
    uri: false,
    clientId: 'mustMatchIfGiven',
    serverMembers: 'ignored',
    verifiesStatement: true,
  },
  limits: { contentType: 'unchecked' },
  errors: { refusals: { missingToken: { status: 400, error: 'access_denied' } } },
} as const satisfies Preset['departures'];

const open = { gate: { admits: ['nothing'] } } as const satisfies Preset['departures'];
const byToken = {
  gate: { admits: ['clientCredentials'], scope: SCOPE },
} as const satisfies Preset['departures'];
const withStatement = {
  gate: {
    ...open.gate,
    statement: 'required',
    statementClaims: ['redirect_uris'],
    statementMustExpire: true,
  },
} as const satisfies Preset['departures'];
const issuerWithPort = { discovery: { publishedIssuer: 'port443' } } as const satisfies Preset['departures'];

/**
 * PingOne Advanced Identity Cloud, `/register`. ✓ realm paths, the gates, the statement's 32 KiB and `iss`, RAT, RCU with
 * `?client_id=`, CSE 0, no CIIA, `scope` and `scopes`, `""` for unset, language tags lower-cased, the members of the
 * sample answers; GET without RAT and RCU, PUT with a new RAT and no RCU, replacing, unknown members ignored; secret not
 * to be changed; statement verified on PUT; 204. ~ 201, 401 after deletion, 400 access_denied without a token (its
 * ancestor's), a wrong echoed secret refused.
 */
const pingoneAic: Preset = {
  departures: { ...am, gate: byToken.gate },
  variants: { open, statement: withStatement, issuerWithPort },
};

/**
 * PingOne Advanced Identity Cloud, `/aiagent/register`. ✓ the path, that discovery names only `/register`, the identifier
 * made by the server, `response_types: ["token"]` and a redirect URI in the sample, members of the sample answer, open.
 * ~ `aiAgentIdentityUid` in the answer (the script in the documents copies it), the rest as `/register`.
 */
const pingoneAicAgent: Preset = {
  departures: {
    ...am,
    paths: { ...am.paths, registration: `${REALM}/aiagent/register` },
    discovery: { ...am.discovery, advertises: `${REALM}/register` },
    gate: open.gate,
    metadata: {
      ...am.metadata,
      machine: { responseTypes: 'absentOrToken', redirectUris: 'nonEmpty', applicationType: undefined },
    },
    answer: {
      ...am.answer,
      base: { ...am.answer.base, providerOverridesEnabled: true, AgentType: 'AI_AGENT' },
      generated: ['aiAgentIdentityUid'],
    },
  },
  variants: { token: byToken, issuerWithPort },
};

/**
 * ForgeRock Identity Cloud, as its page tells: open, with a software statement that a publisher signed. ✓ as PingOne AIC;
 * in the variant `token` ✓ any token admits, and only logo_uri, client_uri and policy_uri need the special scope;
 * ✓ one sample's RCU has lost the realm.
 */
const forgerock: Preset = {
  departures: { ...am, gate: withStatement.gate },
  variants: {
    open,
    token: { gate: { admits: ['clientCredentials'], scope: undefined } },
    lostRealm: { answer: { configurationUri: 'lostRealm' } },
  },
};

/**
 * PingFederate. ✓ `/as/clients.oauth2`, token with a scope that the administrator chose, extended properties, 201, RAT and
 * RCU only with client management on, path. ~ what rotates: switches of the administrator; DELETE: another.
 * Discovery is a template, so that the endpoint may be missing ✓.
 */
const pingfederate: Preset = {
  departures: {
    paths: { issuer: '', registration: '/as/clients.oauth2', token: '/as/token.oauth2' },
    discovery: { serves: ['openidAppended'], withoutRegistration: ['openidAppended'] },
    gate: { admits: ['clientCredentials'], scope: 'dcr' },
    metadata: { extraMembers: ['costCenter', 'tiers'] },
    update: { token: 'new' },
  },
  variants: {
    open,
    advertised: { discovery: { withoutRegistration: [] } },
    rotating: { read: { token: 'new', secret: 'new' }, update: { token: 'new', secret: 'new' } },
    withoutDeletion: { remove: { supported: false } },
    unmanaged: { answer: { configurationUri: 'absent' }, management: { admits: [] } },
  },
};

/**
 * OpenAM 16. ✓ all of it: any access token admits and becomes the RAT at times, 400 access_denied, identifier and secret
 * chosen by the client, only `scopes`, `jwks` as JSON text, RCU without the realm, neither PUT nor DELETE, unknown
 * client 400. ▶ GET without a token: 400 server_error.
 */
const openam: Preset = {
  departures: {
    ...am,
    paths: {
      issuer: '/openam/oauth2/realms/alpha',
      registration: '/openam/oauth2/realms/alpha/connect/register',
      token: '/openam/oauth2/realms/alpha/access_token',
    },
    gate: { admits: ['clientCredentials'], statement: 'ignored' },
    metadata: {
      ...am.metadata,
      privileged: undefined,
      scopeMember: 'scopes',
      jwksForm: 'string',
      chosenIdentifier: 'honoured',
      chosenSecret: 'honoured',
    },
    answer: { ...am.answer, configurationUri: 'lostRealm', base: {} },
    update: { supported: false },
    remove: { supported: false },
    errors: {
      refusals: {
        missingToken: { status: 400, error: 'access_denied' },
        missingRegistrationToken: { status: 400, error: 'server_error', description: 'failed (500)' },
        unknownClient: { status: 400, error: 'invalid_request' },
      },
    },
  },
};

export const PING = {
  'pingone-aic': pingoneAic,
  'pingone-aic-agent': pingoneAicAgent,
  forgerock,
  pingfederate,
} as const satisfies Readonly<Record<string, Preset>>;

export const OPENAM = { openam } as const satisfies Readonly<Record<string, Preset>>;
