import { describe, expect, test } from 'vitest';
import { DIALECT_NAMES, type DialectName, hintOf } from '../../../src/dialects/presets.ts';
import type { ErrorResponse } from '../../../src/oauth/error-response.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

interface Case {
  readonly title: string;
  readonly dialect: DialectName;
  readonly refusal: ErrorResponse;
  readonly sent: JsonObject;
  /** Words of the advice; `undefined` where none is to be given. */
  readonly advice: RegExp | undefined;
}

const machine = { grant_types: ['client_credentials'] } as const;
const website = { redirect_uris: ['https://a.example/cb'], grant_types: ['authorization_code'] } as const;

const metadata: ErrorResponse = { status: 400, error: 'invalid_client_metadata' };
const redirect: ErrorResponse = { status: 400, error: 'invalid_redirect_uri' };
const token: ErrorResponse = { status: 401, error: 'invalid_token' };
const scope: ErrorResponse = { status: 403, error: 'insufficient_scope' };
const absent: ErrorResponse = { status: 404 };
const policy = (name: string, details: string): ErrorResponse => ({
  status: 403,
  error: 'insufficient_scope',
  description: `Policy '${name}' rejected request to client-registration service. Details: ${details}`,
});

const keycloak: readonly Omit<Case, 'dialect'>[] = [
  {
    title: 'rule 36: names the scopes that a policy refuses, and where to allow them',
    refusal: policy('Allowed Client Scopes', 'Not permitted to use specified clientScope'),
    sent: { ...website, scope: 'profile orders' },
    advice: /\(profile, orders\).*Client registration.*spec\.client\.scopes/,
  },
  {
    title: 'rule 36: recognises a policy that was renamed by its details',
    refusal: policy('Ours', 'Not permitted to use specified clientScope'),
    sent: { scope: 'orders' },
    advice: /Allowed Client Scopes.*\(orders\)/,
  },
  {
    title: 'rule 36: advises a token where only trusted hosts are let in without',
    refusal: policy('Trusted Hosts', 'Host not trusted.'),
    sent: website,
    advice: /initialAccessToken.*list the host/,
  },
  {
    title: 'rule 36: says that the realm is full',
    refusal: policy('Max Clients Limit', "It's allowed to have max 200 clients per realm"),
    sent: website,
    advice: /raise the limit/,
  },
  {
    title: "rule 36: points at a policy that it doesn't know",
    refusal: policy('Ours', 'No.'),
    sent: website,
    advice: /change the policy/,
  },
  {
    title: 'thinks of the token where no policy is named',
    refusal: scope,
    sent: website,
    advice: /role create-client/,
  },
  {
    title: 'gives no hint in an update',
    refusal: scope,
    sent: { ...website, client_id: 'c1' },
    advice: undefined,
  },
  {
    title: "names the members that Keycloak doesn't know",
    refusal: {
      status: 400,
      error:
        'Invalid json representation for OIDCClientRepresentation. Unrecognized field "nonsense" at line 1.',
    },
    sent: { ...website, authorization_details_types: ['a'], dpop_bound_access_tokens: true, nonsense: 1 },
    advice: /here authorization_details_types, nonsense: .*membersNotSent/,
  },
  {
    title: 'says that there are no software statements',
    refusal: { status: 400, error: 'Unrecognized field "software_statement" at line 1' },
    sent: { ...website, software_statement: 'ey' },
    advice: /no software statements/,
  },
  {
    title: 'keeps quiet about other refusals',
    refusal: { ...metadata, description: 'Client metadata invalid' },
    sent: { ...website, nonsense: 1 },
    advice: undefined,
  },
  {
    title: 'rule 43: says that a counted token is used up',
    refusal: { ...token, description: 'No remaining count on initial access token' },
    sent: website,
    advice: /used up.*create another/,
  },
];

const clientCredentials: readonly Case[] = [
  {
    title: 'rule 42: empty response types',
    dialect: 'oidc-provider',
    refusal: redirect,
    sent: machine,
    advice: /responseTypes as an empty list, and redirectUris/,
  },
  {
    title: 'rule 42: nothing, where they are empty',
    dialect: 'oidc-provider',
    refusal: metadata,
    sent: { ...machine, response_types: [], redirect_uris: [] },
    advice: undefined,
  },
  {
    title: 'rule 42: response type token and a redirect URI',
    dialect: 'pingone-aic-agent',
    refusal: metadata,
    sent: { ...machine, response_types: ['token'], redirect_uris: [] },
    advice: /responseTypes \[token\] and at least one of redirectUris/,
  },
  {
    title: 'rule 42: nothing, where both are there',
    dialect: 'pingone-aic-agent',
    refusal: metadata,
    sent: { ...machine, response_types: ['token'], redirect_uris: ['https://example.com/callback'] },
    advice: undefined,
  },
  {
    title: 'rule 42: a service',
    dialect: 'okta',
    refusal: metadata,
    sent: machine,
    advice: /applicationType to service/,
  },
  {
    title: 'rule 42: a token that permits it',
    dialect: 'connect2id',
    refusal: metadata,
    sent: machine,
    advice: /client_credentials only with a token/,
  },
  {
    title: 'rule 42: what may be tried, where nothing is known',
    dialect: 'rfc7591',
    refusal: redirect,
    sent: machine,
    advice: /empty lists, or leave both out/,
  },
  {
    title: 'rule 42: what may be tried, where the metadata are refused without words',
    dialect: 'rfc7591',
    refusal: { status: 400, error: 'invalid_client_metadata' },
    sent: machine,
    advice: /empty lists, or leave both out/,
  },
  {
    title: 'rule 42: what may be tried, where the words name the redirect URIs',
    dialect: 'rfc7591',
    refusal: { status: 400, description: 'redirect_uris cannot be null' },
    sent: machine,
    advice: /empty lists, or leave both out/,
  },
  ...[
    'Unsupported grant_type: client_credentials',
    'client_credentials grant requires authenticated registration',
  ].map((description) => ({
    title: `rule 42: nothing, where the grant itself is refused: ${description}`,
    dialect: 'rfc7591' as const,
    refusal: { status: 400, error: 'invalid_client_metadata', description },
    sent: machine,
    advice: undefined,
  })),
  {
    title: 'rule 42: nothing, where another grant was asked for',
    dialect: 'rfc7591',
    refusal: redirect,
    sent: website,
    advice: undefined,
  },
  {
    title: 'nothing, where the server is in trouble',
    dialect: 'oidc-provider',
    refusal: { status: 503 },
    sent: machine,
    advice: undefined,
  },
  ...(['auth0', 'cloudflare', 'zitadel', 'authentik', 'scalekit'] as const).map((dialect) => ({
    title: "rule 15: that it can't be done",
    dialect,
    refusal: metadata,
    sent: machine,
    advice: /remove client_credentials from spec\.client\.grantTypes/,
  })),
];

const privileged = { ...website, logo_uri: 'https://a.example/l', policy_uri: 'https://a.example/p' };

const admission: readonly Case[] = [
  ...(['forgerock', 'pingone-aic', 'pingone-aic-agent'] as const).map((dialect) => ({
    title: 'rule 46: the scope that logo and policy need',
    dialect,
    refusal: { status: 400, error: 'access_denied' },
    sent: privileged,
    advice: /logo_uri, policy_uri .*clientCredentials\.scopes.*dynamic_client_registration/,
  })),
  {
    title: 'not that scope, where the cause is named',
    dialect: 'forgerock',
    refusal: redirect,
    sent: privileged,
    advice: undefined,
  },
  {
    title: 'not that scope in an update, which is admitted by its own token',
    dialect: 'forgerock',
    refusal: token,
    sent: { ...privileged, client_id: 'c1' },
    advice: undefined,
  },
  {
    title: 'the switch for open registration',
    dialect: 'forgerock',
    refusal: token,
    sent: website,
    advice: /Allow Open Dynamic Client Registration/,
  },
  {
    title: 'rule 46: a token for a 400 access_denied',
    dialect: 'forgerock',
    refusal: { status: 400, error: 'access_denied' },
    sent: website,
    advice: /scope dynamic_client_registration/,
  },
  {
    title: 'rule 6: exactly the scope client.create',
    dialect: 'spring',
    refusal: token,
    sent: website,
    advice: /exactly the scope client\.create.*reuse Never/,
  },
  {
    title: 'rule 6: the scope dcr, once',
    dialect: 'curity',
    refusal: token,
    sent: website,
    advice: /scopes \[dcr\] and reuse Never/,
  },
  {
    title: 'rule 6: the scope dcr_register, once',
    dialect: 'secureauth',
    refusal: token,
    sent: website,
    advice: /scopes \[dcr_register\] and reuse Never/,
  },
  {
    title: 'rule 6: the scope client-reg, once',
    dialect: 'connect2id',
    refusal: token,
    sent: website,
    advice: /one-time token with the scope client-reg/,
  },
  {
    title: 'the scope that its settings name',
    dialect: 'pingfederate',
    refusal: scope,
    sent: website,
    advice: /settings name/,
  },
  { title: 'its scope', dialect: 'okta', refusal: scope, sent: website, advice: /okta\.clients\.manage/ },
  { title: 'an administrator', dialect: 'wso2', refusal: token, sent: website, advice: /admission\.basic/ },
  {
    title: 'its scope',
    dialect: 'authentik',
    refusal: token,
    sent: website,
    advice: /goauthentik\.io\/oidc\/dcr/,
  },
  {
    title: 'the policy of the application',
    dialect: 'authentik',
    refusal: { status: 403, error: 'access_denied' },
    sent: website,
    advice: /bound to the application/,
  },
  {
    title: 'rule 5: the statement that the workspace wants',
    dialect: 'secureauth',
    refusal: { ...metadata, description: 'missing software_statement' },
    sent: website,
    advice: /softwareStatement/,
  },
  {
    title: 'nothing about a statement that was sent',
    dialect: 'secureauth',
    refusal: { ...metadata, description: 'invalid software_statement' },
    sent: { ...website, software_statement: 'ey' },
    advice: undefined,
  },
];

const switchedOff: readonly Case[] = [
  { title: 'its switch', dialect: 'hydra', refusal: absent, sent: website, advice: /registration\.enabled/ },
  {
    title: 'its setting',
    dialect: 'zitadel',
    refusal: absent,
    sent: website,
    advice: /security settings of the instance/,
  },
  {
    title: 'its datastore',
    dialect: 'pingfederate',
    refusal: absent,
    sent: website,
    advice: /external datastore/,
  },
  { title: 'its tenant', dialect: 'auth0', refusal: absent, sent: website, advice: /Settings > Advanced/ },
  { title: 'its server', dialect: 'scalekit', refusal: absent, sent: website, advice: /switch it on/ },
  {
    title: 'its provider',
    dialect: 'authentik',
    refusal: absent,
    sent: website,
    advice: /registration\.endpoint/,
  },
  {
    title: 'its option',
    dialect: 'cloudflare',
    refusal: { status: 501 },
    sent: website,
    advice: /switched off/,
  },
  {
    title: 'not its switch, where a client is gone',
    dialect: 'hydra',
    refusal: absent,
    sent: { ...website, client_id: 'c1' },
    advice: undefined,
  },
];

const members: readonly Case[] = [
  {
    title: "rule 48: members that are the administrators'",
    dialect: 'hydra',
    refusal: metadata,
    sent: { ...website, metadata: { team: 'shop' } },
    advice: /leaves metadata to its administrators/,
  },
  {
    title: 'rule 17: scopes that newer patches refuse',
    dialect: 'spring',
    refusal: { status: 400, error: 'invalid_scope' },
    sent: { ...website, scope: 'openid' },
    advice: /remove spec\.client\.scopes/,
  },
  {
    title: 'the address of keys',
    dialect: 'spring',
    refusal: metadata,
    sent: { ...website, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [] } },
    advice: /spec\.client\.jwksUri/,
  },
  {
    title: "keys that it doesn't take",
    dialect: 'zitadel',
    refusal: metadata,
    sent: { ...website, jwks: { keys: [] } },
    advice: /takes no keys/,
  },
  {
    title: 'extended properties',
    dialect: 'pingfederate',
    refusal: metadata,
    sent: { ...website, 'client_name#ja': '店', costCenter: '4711', tiers: ['gold'] },
    advice: /takes costCenter, tiers only as extended properties/,
  },
  {
    title: 'a name that is taken',
    dialect: 'wso2',
    refusal: { ...metadata, description: 'Application with the name Shop already exist in the system' },
    sent: website,
    advice: /name of its own/,
  },
  ...(['auth0', 'authentik', 'cloudflare', 'zitadel'] as const).map((dialect) => ({
    title: 'a redirect URI',
    dialect,
    refusal: redirect,
    sent: { grant_types: ['authorization_code'], redirect_uris: [] },
    advice: /set spec\.client\.redirectUris/,
  })),
];

describe.each([
  ['Keycloak', keycloak.map((row) => ({ ...row, dialect: 'keycloak' as const }))],
  ['of a client_credentials client', clientCredentials],
  ['of admission', admission],
  ['of a server that registers nobody', switchedOff],
  ['of members', members],
] as const)('the hint (%s)', (_, cases) => {
  test.each([...cases])('$dialect: $title', ({ dialect, refusal, sent, advice }) => {
    const hint = hintOf(dialect)(refusal, sent);
    if (advice === undefined) {
      expect(hint).toBeUndefined();
      return;
    }
    expect(hint).toMatch(advice);
  });
});

describe('every hint', () => {
  const all: readonly Case[] = [
    ...keycloak.map((row) => ({ ...row, dialect: 'keycloak' as const })),
    ...clientCredentials,
    ...admission,
    ...switchedOff,
    ...members,
  ];

  test('is a sentence that fits into a condition', () => {
    const hints = all.flatMap(({ dialect, refusal, sent }) => hintOf(dialect)(refusal, sent) ?? []);
    expect(hints.length).toBeGreaterThan(40);
    expect(hints.filter((hint) => !/^\S.{20,600}\.$/.test(hint))).toEqual([]);
  });

  test('rule 38: repeats nothing that was sent but names of members and scopes', () => {
    const sent = {
      ...privileged,
      ...machine,
      client_name: 'c4nary',
      software_statement: 'c4nary',
      metadata: 'c4nary',
    };
    const said = all.map(({ dialect, refusal }) =>
      hintOf(dialect)({ ...refusal, description: 'c4nary' }, sent),
    );
    expect(said.filter((hint) => hint?.includes('c4nary'))).toEqual([]);
  });

  test('names a bounded number of members', () => {
    const names = Array.from({ length: 50 }, (_, index) => [`x${index}${'y'.repeat(200)}`, 1]);
    const hint = hintOf('pingfederate')(metadata, Object.fromEntries(names));
    expect(hint).toContain(' and others only as extended properties');
    expect(hint?.length).toBeLessThan(1024);
  });

  test.each(DIALECT_NAMES)('keeps quiet where nothing was refused for a reason it knows (%s)', (name) => {
    for (const status of [408, 429, 500, 502, 503]) {
      expect(hintOf(name)({ status }, { ...privileged, ...machine })).toBeUndefined();
    }
  });
});
