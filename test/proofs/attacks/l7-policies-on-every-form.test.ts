import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { asKeycloak } from '../../kit/as-keycloak.ts';
import type { StubServer } from '../../kit/stub-server.ts';
import { clusterServer, conditionOf, machineClient, type SeenObject } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

/**
 * L7: a policy judges what a client asks for before it gets the form of its server, and each address of that form after it.
 * The same attacks on all forms: the metadata of RFC 7591, Keycloak's own form (the server is emulated), and a document.
 */

const DOCUMENTS_NAMESPACE = 'oauth-registrar-documents';
const BASE_URL = 'https://clients.attacked.test';
const COMPONENT = join(import.meta.dirname, '..', '..', '..', 'deploy', 'components', 'documents');

const BOUNDS = {
  uriHosts: ['*.example.com'],
  redirectUriPatterns: ['https://*.example.com/cb'],
  grantTypes: ['client_credentials'],
  scopes: ['read'],
  defaultsOnly: ['clientName'],
  algorithms: ['ES256'],
  schemes: 'HttpsOnly',
  retain: 'Deny',
};

/** Names of Keycloak's ClientRepresentation (26.7.0), which a client must not reach by `additionalMetadata`. */
const NATIVE = {
  attributes: { 'jwt.credential.sub': 'canary', 'access.token.lifespan': 'canary' },
  protocolMappers: [{ name: 'canary', protocolMapper: 'oidc-hardcoded-role-mapper' }],
  fullScopeAllowed: true,
  directAccessGrantsEnabled: true,
  serviceAccountsEnabled: true,
  publicClient: true,
  defaultRoles: ['canary'],
  defaultClientScopes: ['canary'],
  optionalClientScopes: ['canary'],
  authorizationServicesEnabled: true,
  authorizationSettings: { resources: [{ name: 'canary' }] },
  authenticationFlowBindingOverrides: { browser: 'canary' },
  clientAuthenticatorType: 'canary',
  clientId: 'canary',
  secret: 'canary',
  rootUrl: 'https://canary.example.com',
  adminUrl: 'https://canary.example.com',
  webOrigins: ['https://canary.example.com'],
  consentRequired: false,
  'jwt.credential.sub': 'canary',
  'jwt.credential.issuer': 'canary',
  // Members of Keycloak's other endpoint that have no field: no attribute comes from them.
  authorization_signed_response_alg: 'ES256',
  authorization_encrypted_response_alg: 'ES256',
  authorization_encrypted_response_enc: 'ES256',
  backchannel_token_delivery_mode: 'canary',
  backchannel_client_notification_endpoint: 'https://canary.example.com',
  backchannel_authentication_request_signing_alg: 'ES256',
  backchannel_logout_revoke_offline_tokens: true,
};

/** Documents need a name. */
const DEFAULTS = { clientName: 'Client of the platform' };

const POLICY = {
  ...BOUNDS,
  additionalMetadata: { allowed: ['callback', ...Object.keys(NATIVE)] },
};

type FormName = 'rfc7591' | 'native' | 'document';

/** Each form: what makes a server object use it, and what makes a client fit it. */
const FORMS: Readonly<Record<FormName, { readonly server: object; readonly client: object }>> = {
  rfc7591: { server: {}, client: {} },
  native: { server: { dialect: 'keycloak-native' }, client: {} },
  document: {
    server: { identification: { mode: 'Document', document: { baseUrl: BASE_URL } } },
    client: { tokenEndpointAuthMethod: 'none', redirectUris: ['https://shop.example.com/cb'] },
  },
};
const NAMES = Object.keys(FORMS) as readonly FormName[];

const servers: Partial<Record<FormName, StubServer>> = {};
let tenant: Tenant;
let count = 0;
const target = useTarget({
  flags: [`--documents-namespace=${DOCUMENTS_NAMESPACE}`, `--document-base-urls=${BASE_URL}`],
});

beforeAll(async () => {
  const files = ['namespace', 'service-account', 'role'].flatMap((name) => [
    '-f',
    join(COMPONENT, `${name}.yaml`),
  ]);
  const { code, stderr } = await target.controlPlane.kubectl(['apply', ...files]);
  expect(code, stderr).toBe(0);
  tenant = await target.tenant('edit');
  for (const form of NAMES) {
    const server = await target.server();
    server.present = form === 'native' ? asKeycloak : server.present;
    servers[form] = server;
    await serve(form, form, POLICY);
  }
});

const serve = (name: string, form: FormName, policy: object) =>
  target.admin.createOrFail(
    clusterServer(name, servers[form]?.issuer ?? '', { ...FORMS[form].server, defaults: DEFAULTS, policy }),
  );

const WITHIN = { clientName: undefined, scopes: ['read'] };

/** Creates a client in this form. Returns its name. */
async function ask(
  form: FormName,
  client: object,
  spec: object = {},
  server: string = form,
): Promise<string> {
  const name = `asking-${++count}`;
  await tenant.createOrFail(
    machineClient(name, {
      server: { kind: 'ClusterAuthorizationServer', name: server },
      client: { ...WITHIN, ...FORMS[form].client, ...client },
      ...spec,
    }),
  );
  return name;
}

const reasonOf = (object: SeenObject | undefined) => conditionOf(object, 'Ready')?.['reason'] as string;
const isTold = (object: SeenObject | undefined): boolean =>
  reasonOf(object) !== undefined && reasonOf(object) !== 'Queued';

/** Bodies that a server was sent, and documents that are published for it. */
async function published(form: FormName): Promise<readonly string[]> {
  const documents = form === 'document' ? await documentsOf() : [];
  const bodies = (servers[form]?.requests ?? [])
    .filter(({ method }) => method === 'POST' || method === 'PUT')
    .map(({ body }) => JSON.stringify(body));
  return [...bodies, ...documents];
}

async function documentsOf(): Promise<readonly string[]> {
  const { json } = await target.admin.request<{ readonly items: readonly SeenObject[] }>(
    'GET',
    `/api/v1/namespaces/${DOCUMENTS_NAMESPACE}/configmaps`,
  );
  return json.items.map((item) => JSON.stringify(item)).filter((text) => text.includes(BASE_URL));
}

const EVIL = 'https://evil.attacker.test/';

interface Attack {
  readonly title: string;
  readonly client: object;
  readonly spec?: object;
  /** The message names this. */
  readonly names: string;
  /** Forms without a place for the member: it is told, and never sent; or the client is refused for it. */
  readonly noPlaceIn?: readonly FormName[];
}

const ATTACKS: readonly Attack[] = [
  {
    title: 'a redirect URI at another host',
    client: { redirectUris: [`${EVIL}cb`] },
    names: 'redirect_uris',
  },
  {
    title: 'a redirect URI that no pattern permits',
    client: { redirectUris: ['https://shop.example.com/other'] },
    names: 'redirect_uris',
  },
  {
    title: 'a redirect URI with the host of another in its user information',
    client: { redirectUris: ['https://shop.example.com:x@evil.attacker.test/cb'] },
    names: 'redirect_uris',
  },
  { title: 'a page at another host', client: { clientUri: EVIL }, names: 'client_uri' },
  { title: 'a page without TLS', client: { clientUri: 'http://shop.example.com/' }, names: 'client_uri' },
  { title: 'a logo at another host', client: { logoUri: `${EVIL}a.png` }, names: 'logo_uri' },
  { title: 'keys at another host', client: { jwksUri: `${EVIL}jwks` }, names: 'jwks_uri' },
  { title: 'a request object at another host', client: { requestUris: [`${EVIL}r`] }, names: 'request_uris' },
  {
    title: 'a logout at another host',
    client: { backchannelLogoutUri: EVIL },
    names: 'backchannel_logout_uri',
  },
  {
    title: 'an address in a key',
    client: { jwks: { keys: [{ kty: 'EC', kid: 'k', use: 'sig', alg: 'ES256', x5u: EVIL }] } },
    names: 'jwks',
  },
  {
    title: 'a script where people sign in',
    client: { initiateLoginUri: 'javascript:alert(1)' },
    names: 'initiate_login_uri',
    noPlaceIn: ['native'],
  },
  {
    title: "an address in a vendor's member",
    client: { additionalMetadata: { callback: EVIL } },
    names: 'callback',
    noPlaceIn: ['native', 'document'],
  },
  { title: 'a scope that is not listed', client: { scopes: ['admin'] }, names: 'scope' },
  { title: "the server's own default scopes", client: { scopes: undefined }, names: 'scope' },
  { title: 'a grant type that is not listed', client: { grantTypes: ['password'] }, names: 'grant' },
  { title: 'grant types that servers fill in', client: { grantTypes: [] }, names: 'grant' },
  {
    title: 'a signature of nothing',
    client: { idTokenSignedResponseAlg: 'none' },
    names: 'id_token_signed_response_alg',
  },
  {
    title: 'an algorithm that is not listed',
    client: { requestObjectSigningAlg: 'RS256' },
    names: 'request_object_signing_alg',
  },
  {
    title: "a name that people take for the platform's",
    client: { clientName: 'Corporate SSO' },
    names: 'client_name',
  },
  {
    title: 'a member that is not listed',
    client: { additionalMetadata: { vendor_flag: 'x' } },
    names: 'vendor_flag',
    noPlaceIn: ['native', 'document'],
  },
  {
    title: 'a client that outlives its object',
    client: {},
    spec: { deletionPolicy: 'Retain' },
    names: 'deletionPolicy',
  },
];

describe.each(NAMES)('In the form %s', (form) => {
  test.each(ATTACKS)(
    '$title is refused, and nothing is sent',
    async ({ client, spec, names, noPlaceIn = [] }) => {
      const before = await published(form);
      const name = await ask(form, client, spec);
      const seen = await tenant.until('OAuthClient', name, isTold);
      const told = conditionOf(seen, 'Ready')?.['message'] as string;
      if (form === 'native' && noPlaceIn.includes(form)) {
        await tenant.until('OAuthClient', name, (object) => reasonOf(object) === 'Registered');
        expect(JSON.stringify(seen['status'].substitutions)).toContain(names);
        expect((await published(form)).join('\n')).not.toMatch(/evil\.attacker|javascript:|vendor_flag/);
        return;
      }
      expect(reasonOf(seen), told).toBe(noPlaceIn.includes(form) ? 'InvalidClientMetadata' : 'PolicyRefused');
      expect(told).toContain(names);
      expect(await published(form)).toEqual(before);
    },
  );

  test('metadata within the bounds is published', async () => {
    const before = await published(form);
    await ask(form, { redirectUris: ['https://within.example.com/cb'] });
    await expect
      .poll(async () => (await published(form)).filter((text) => !before.includes(text)), { timeout: 15_000 })
      .toEqual([expect.stringContaining('https://within.example.com/cb')]);
  });

  test('the quota counts: a client too many is not published', async () => {
    const server = `counted-${form}`;
    await serve(server, form, { maxClientsPerNamespace: 1 });
    const first = await ask(form, {}, {}, server);
    await tenant.until('OAuthClient', first, (object) => object?.['status']?.clientId !== undefined);
    const before = await published(form);
    const second = await ask(form, {}, {}, server);
    await tenant.until('OAuthClient', second, (object) => reasonOf(object) === 'QuotaExceeded');
    expect(await published(form)).toEqual(before);
  });
});

test("Keycloak's own names never reach the body, even where the policy permits them as additionalMetadata, and no list that it would part", async () => {
  const before = await published('native');
  const parted = { defaultAcrValues: ['1##2'] };
  const name = await ask('native', { ...parted, additionalMetadata: NATIVE });
  const seen = await tenant.until('OAuthClient', name, (object) => reasonOf(object) === 'Registered');
  const substitutions = seen['status'].substitutions as readonly { readonly member: string }[];
  expect(substitutions.map(({ member }) => member).toSorted()).toEqual(
    [...Object.keys(NATIVE), 'default_acr_values'].toSorted(),
  );
  const [body = '{}', ...others] = (await published('native')).slice(before.length);
  expect(others).toEqual([]);
  expect(body).not.toContain('canary');
  expect(JSON.parse(body)).toEqual({
    protocol: 'openid-connect',
    bearerOnly: false,
    fullScopeAllowed: false,
    publicClient: false,
    clientAuthenticatorType: 'client-secret',
    standardFlowEnabled: false,
    implicitFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: true,
    frontchannelLogout: false,
    name: DEFAULTS.clientName,
    redirectUris: [],
    optionalClientScopes: ['read'],
    attributes: {
      'use.refresh.tokens': 'false',
      'oauth2.device.authorization.grant.enabled': 'false',
      'oidc.ciba.grant.enabled': 'false',
      'standard.token.exchange.enabled': 'false',
      'oauth2.jwt.authorization.grant.enabled': 'false',
    },
  });
});

test("a grant that only the server's own form turns on by response types is refused, and nothing is sent", async () => {
  const before = await published('native');
  const name = await ask('native', {
    responseTypes: ['code'],
    redirectUris: ['https://shop.example.com/cb'],
  });
  const seen = await tenant.until('OAuthClient', name, isTold);
  expect(conditionOf(seen, 'Ready')).toMatchObject({
    reason: 'PolicyRefused',
    message: expect.stringContaining('response_types turn on the grant type authorization_code'),
  });
  expect(await published('native')).toEqual(before);
});
