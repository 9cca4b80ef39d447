import { SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { type StubServer, startStubServer } from '../../kit/stub-server.ts';
import { untilClusterServer } from './looks.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  machine,
  namespace,
  oauthClient,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

const WAIT_MS = 40_000;
const KEY = 'a-key-of-the-publisher-that-is-long-enough';

let stub: StubServer;

const testbed = useTestbed({ namespaces: [], flags: ['--cluster-name=prod-1'] });
const shop = teamIn(testbed, 'shop', { waitMs: WAIT_MS });
const crowd = teamIn(testbed, 'crowd', { waitMs: WAIT_MS });

beforeAll(async () => {
  stub = await startStubServer();
  await testbed.apply(
    all(namespace('shop'), namespace('crowd'), credential(KEY, { name: 'publisher', key: 'key' })),
  );
});

const serverRef = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });

const server = (name: string, spec: object) =>
  clusterServer(stub.issuer, name, { registration: { admission: { open: {} } }, ...spec });

const client = (name: string, metadata: object, spec: object = {}) =>
  oauthClient('shop', name, { server: serverRef(name), client: { ...machine, ...metadata }, ...spec });

/** Bodies that were sent for the client of this name. */
const sent = (clientName: string) =>
  stub.requests
    .filter(({ call, body }) => call === 'register' && body['client_name'] === clientName)
    .map(({ body }) => body);

const messageOf = async (name: string, reason: string) =>
  conditionOf(await shop.until(name, reason), 'Ready')?.message;

const BOUNDS = {
  uriHosts: ['*.example.com'],
  redirectUriPatterns: ['https://*.example.com/callback'],
  scopes: ['read', 'write'],
  grantTypes: ['client_credentials', 'authorization_code'],
  responseTypes: ['code'],
  tokenEndpointAuthMethods: ['client_secret_basic'],
  additionalMetadata: { allowed: ['cost_center'] },
};

describe('A bound of a cluster server', () => {
  it.each<[name: string, metadata: object, message: string, wider: object, narrower: object]>([
    [
      'host',
      { logoUri: 'https://evil.example/logo.png' },
      'logo_uri "https://evil.example/logo.png" is at evil.example, and spec.policy.uriHosts of the server object lists *.example.com; choose another, or ask the platform team to extend spec.policy.uriHosts.',
      { uriHosts: ['*.example.com', 'evil.example'] },
      {},
    ],
    [
      'pattern',
      { redirectUris: ['https://shop.example.com/other'] },
      'redirect_uris "https://shop.example.com/other" matches none of spec.policy.redirectUriPatterns of the server object, which lists https://*.example.com/callback; choose another, or ask the platform team to extend spec.policy.redirectUriPatterns.',
      { redirectUriPatterns: ['https://*.example.com/*'] },
      {},
    ],
    [
      'scope',
      { scopes: ['read', 'admin'] },
      'scope "admin" is not permitted: spec.policy.scopes of the server object lists read, write; choose another, or ask the platform team to extend spec.policy.scopes.',
      { scopes: ['read', 'admin'] },
      {},
    ],
    [
      'grant',
      { grantTypes: ['password'] },
      'grant_types "password" is not permitted: spec.policy.grantTypes of the server object lists client_credentials, authorization_code; choose another, or ask the platform team to extend spec.policy.grantTypes.',
      { grantTypes: ['password'] },
      {},
    ],
    [
      'response',
      { responseTypes: ['token'] },
      'response_types "token" is not permitted: spec.policy.responseTypes of the server object lists code; choose another, or ask the platform team to extend spec.policy.responseTypes.',
      { responseTypes: ['token'] },
      {},
    ],
    [
      'method',
      { tokenEndpointAuthMethod: 'client_secret_post' },
      'token_endpoint_auth_method "client_secret_post" is not permitted: spec.policy.tokenEndpointAuthMethods of the server object lists client_secret_basic; choose another, or ask the platform team to extend spec.policy.tokenEndpointAuthMethods.',
      { tokenEndpointAuthMethods: ['client_secret_post'] },
      {},
    ],
    [
      'unsaid',
      { tokenEndpointAuthMethod: undefined },
      'token_endpoint_auth_method is absent, which means "client_secret_basic" (RFC 7591 section 2), and that is not permitted: spec.policy.tokenEndpointAuthMethods of the server object lists none; set it, or ask the platform team to extend spec.policy.tokenEndpointAuthMethods.',
      { tokenEndpointAuthMethods: ['client_secret_basic'] },
      { tokenEndpointAuthMethods: [] },
    ],
    [
      'additional',
      { additionalMetadata: { cost_center: '4711', tier: 'gold' } },
      'tier is not permitted: spec.policy.additionalMetadata.allowed of the server object lists cost_center; remove it, or ask the platform team to extend spec.policy.additionalMetadata.allowed.',
      { additionalMetadata: { allowed: ['cost_center', 'tier'] } },
      {},
    ],
    [
      'identifier',
      { additionalMetadata: { preferred_client_id: 'admin-console' } },
      'preferred_client_id is not permitted: by spec.policy.clientIdentifier of the server object the server chooses it; remove it, or ask the platform team to set spec.policy.clientIdentifier to Allow.',
      { clientIdentifier: 'Allow' },
      {},
    ],
  ])(
    'refuses before anything is sent, names member, value and bound, and permits it when it is extended (%s)',
    async (name, metadata, message, wider, narrower) => {
      await testbed.apply(
        all(
          server(name, { policy: { ...BOUNDS, ...narrower } }),
          client(name, { clientName: name, ...metadata }),
        ),
      );
      const refused = await shop.until(name, 'PolicyRefused');
      expect(conditionOf(refused, 'Ready')?.message).toBe(message);
      expect(conditionOf(refused, 'Stalled')).toMatchObject({ status: 'True', reason: 'PolicyRefused' });
      expect(sent(name)).toEqual([]);
      await shop.patch('coas', name, { spec: { policy: wider } });
      await shop.until(name, 'Registered');
      expect(sent(name)).toHaveLength(1);
    },
  );

  it('applies to an edit too: the registration stays unchanged', async () => {
    await testbed.apply(
      all(server('edited', { policy: BOUNDS }), client('edited', { clientName: 'edited' })),
    );
    const { status } = await shop.until('edited', 'Registered');
    await shop.patch('oac', 'edited', { spec: { client: { scopes: ['admin'] } } });
    expect(await messageOf('edited', 'PolicyRefused')).toMatch(/^scope "admin" is not permitted/);
    expect(stub.clients.get(status?.clientId ?? '')).toMatchObject({ scope: 'read' });
    expect(stub.count('update')).toBe(0);
  });
});

describe('L8: A stricter policy and a namespace that is no longer admitted', () => {
  const change = (name: string, spec: object) => shop.patch('coas', name, { spec });
  const stays = (id: string | undefined) =>
    `Client ${id} is registered and stays as it is, though it would not be registered today.`;

  it('affect existing clients with enforce Existing: they are Stalled, stay Ready, and nothing is changed at the server', async () => {
    await testbed.apply(
      all(
        server('enforced', { policy: { enforce: 'Existing' } }),
        client('enforced', { clientName: 'enforced' }),
      ),
    );
    const { status } = await shop.until('enforced', 'Registered');
    const calls = stub.requests.filter(({ call }) => call !== 'discovery').length;

    await change('enforced', { policy: { scopes: ['other'] } });
    expect(await messageOf('enforced', 'PolicyRefused')).toMatch(
      `${stays(status?.clientId)} scope "read" is not permitted`,
    );
    const outside = await shop.client('enforced');
    expect(conditionOf(outside, 'Stalled')).toMatchObject({ status: 'True', reason: 'PolicyRefused' });
    expect(conditionOf(outside, 'Ready')).toMatchObject({ status: 'True', reason: 'PolicyRefused' });
    await change('enforced', { policy: { scopes: ['read'] } });
    await shop.until('enforced', 'Registered');

    await change('enforced', { allowedNamespaces: { selector: null, names: ['crowd'] } });
    expect(await messageOf('enforced', 'AuthorizationServerNotAvailable')).toBe(
      `${stays(status?.clientId)} ClusterAuthorizationServer enforced no longer admits namespace shop. Delete this object, or ask the platform team.`,
    );
    await change('enforced', {
      allowedNamespaces: { names: null, selector: { matchLabels: { admitted: 'yes' } } },
    });
    await testbed.kubectl('label', 'namespace', 'shop', 'admitted=yes');
    await shop.until('enforced', 'Registered');
    await testbed.kubectl('label', 'namespace', 'shop', 'admitted-');
    await shop.until('enforced', 'AuthorizationServerNotAvailable');

    expect(stub.clients.has(status?.clientId ?? '')).toBe(true);
    expect(stub.requests.filter(({ call }) => call !== 'discovery')).toHaveLength(calls);
  });

  it('affect only new clients and edits by default', async () => {
    await testbed.apply(all(server('lenient', {}), client('lenient', { clientName: 'lenient' })));
    await shop.until('lenient', 'Registered');
    await change('lenient', { policy: { scopes: ['other'] } });
    await testbed.apply(
      client('later', { clientName: 'later' }, { authorizationServerRef: serverRef('lenient') }),
    );
    await shop.until('later', 'PolicyRefused');
    await shop.until('lenient', 'Registered');
    await shop.patch('oac', 'lenient', { spec: { client: { clientName: 'edited' } } });
    await shop.until('lenient', 'PolicyRefused');
  });
});

describe('Defaults of a server', () => {
  it('fill what a client leaves out, with placeholders; values of the client win, also an empty list', async () => {
    const defaults = {
      clientName: '{cluster}/{namespace}/{name}',
      clientUri: 'https://{namespace}.example.com/{name}',
      contacts: ['platform@example.com'],
      scopes: ['write'],
      grantTypes: ['client_credentials'],
      softwareId: 'default',
      additionalMetadata: { cost_center: 'of {namespace}' },
    };
    const own = { grantTypes: ['authorization_code'], redirectUris: ['https://shop.example.com/callback'] };
    await testbed.apply(
      all(
        server('filled', { defaults, policy: BOUNDS }),
        oauthClient('shop', 'filled', {
          server: serverRef('filled'),
          client: { ...own, contacts: [], softwareId: 'mine' },
        }),
      ),
    );
    await shop.until('filled', 'Registered');
    const [body] = sent('prod-1/shop/filled');
    expect(body).toEqual({
      client_name: 'prod-1/shop/filled',
      client_uri: 'https://shop.example.com/filled',
      contacts: [],
      scope: 'write',
      grant_types: ['authorization_code'],
      redirect_uris: ['https://shop.example.com/callback'],
      software_id: 'mine',
      cost_center: 'of shop',
    });
  });

  it('are checked against the policy with the rest of the body', async () => {
    await testbed.apply(
      all(
        server('generous', { defaults: { scopes: ['admin'] }, policy: BOUNDS }),
        client('generous', { clientName: 'generous', scopes: undefined }),
      ),
    );
    expect(await messageOf('generous', 'PolicyRefused')).toMatch(
      /^scope "admin" is not permitted: spec\.policy\.scopes of the server object lists read, write/,
    );
    expect(sent('generous')).toEqual([]);
  });
});

describe('Claims of a software statement', () => {
  const sign = (more: object) => ({
    registration: {
      admission: { open: {} },
      softwareStatement: {
        sign: {
          secretRef: { name: 'publisher' },
          keyFormat: 'Raw',
          algorithm: 'HS256',
          issuer: 'https://publisher.example.com',
          ...more,
        },
      },
    },
  });

  it('that are copied from clients need a policy bound', async () => {
    await testbed.apply(server('unbounded', sign({ claimsFromClient: { uris: 'redirect_uris' } })));
    const { condition } = await untilClusterServer(testbed, 'unbounded', { reason: 'InvalidSpec' }, WAIT_MS);
    expect(condition.message).toBe(
      "spec.registration.softwareStatement.sign.claimsFromClient copies redirect_uris, which spec.policy doesn't bound: bound it there, or leave it out.",
    );
  });

  it('are checked: those from the client, and those that the server object adds', async () => {
    const claims = { logo_uri: 'https://evil.example/logo.png' };
    await testbed.apply(
      all(
        server('copied', {
          ...sign({ claims, claimsFromClient: { redirect_uris: 'redirect_uris' } }),
          policy: BOUNDS,
        }),
        client('copied', { clientName: 'copied', redirectUris: ['https://shop.example.com/other'] }),
      ),
    );
    expect(await messageOf('copied', 'PolicyRefused')).toMatch(
      /^redirect_uris "https:\/\/shop\.example\.com\/other" matches none of spec\.policy\.redirectUriPatterns/,
    );
    await shop.patch('oac', 'copied', {
      spec: { client: { redirectUris: ['https://shop.example.com/callback'] } },
    });
    await eventually(
      async () => conditionOf(await shop.client('copied'), 'Ready')?.message ?? '',
      (message) =>
        message.startsWith('software_statement.logo_uri "https://evil.example/logo.png" is at evil.example'),
      WAIT_MS,
    );
    expect(sent('copied')).toEqual([]);
    await shop.patch('coas', 'copied', {
      spec: { policy: { uriHosts: ['*.example.com', 'evil.example'] } },
    });
    await shop.until('copied', 'Registered');
    expect(sent('copied')).toMatchObject([{ software_statement: expect.stringMatching(/^ey/) }]);
  });

  it("of the client's own statement are refused, permitted or required, and checked", async () => {
    const statement = (uri: string) =>
      new SignJWT({ redirect_uris: [uri], software_id: 'shop' })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(KEY));
    const secret = (token: string) =>
      credential(token, { namespace: 'shop', name: 'own', key: 'software_statement' });
    const fromClient = (value: string) => ({
      policy: BOUNDS,
      registration: { admission: { open: {} }, softwareStatement: { fromClient: value } },
    });
    const own = { softwareStatement: { secretRef: { name: 'own' } } };
    await testbed.apply(
      all(
        secret(await statement('https://evil.example/callback')),
        server('denied', fromClient('Deny')),
        client('denied', { clientName: 'denied' }, own),
        server('demanded', fromClient('Require')),
        client('demanded', { clientName: 'demanded' }),
        server('admitted', fromClient('Allow')),
        client('admitted', { clientName: 'admitted' }, own),
      ),
    );
    expect(await messageOf('denied', 'InvalidSpec')).toBe(
      "The server object doesn't permit softwareStatement; remove spec.softwareStatement or ask the platform team to set registration.softwareStatement.fromClient.",
    );
    expect(await messageOf('demanded', 'InvalidSpec')).toBe(
      'The server object requires a software statement of each client; set spec.softwareStatement to the Secret that holds yours.',
    );
    expect(await messageOf('admitted', 'PolicyRefused')).toMatch(
      /^software_statement\.redirect_uris "https:\/\/evil\.example\/callback" is at evil\.example, and spec\.policy\.uriHosts/,
    );
    const fine = await statement('https://shop.example.com/callback');
    await testbed.apply(secret(fine));
    await shop.until('admitted', 'Registered');
    expect(sent('admitted')).toMatchObject([{ software_statement: fine }]);
    await shop.patch('oac', 'demanded', { spec: own });
    await shop.until('demanded', 'Registered');
    expect(sent('demanded')).toMatchObject([{ software_statement: fine }]);
    expect(sent('denied')).toEqual([]);
  });
});

describe('A quota of four clients a namespace', () => {
  const names = Array.from({ length: 10 }, (_, index) => `one-of-ten-${index}`);

  const byReason = async () => {
    const reasons = new Map<string, string[]>();
    for (const name of names) {
      const found = await crowd.client(name).catch(() => undefined);
      const reason = (found && conditionOf(found, 'Ready')?.reason) ?? 'gone';
      reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
    }
    return reasons;
  };

  it('registers exactly four of ten at once, reports it on the others, and registers one more when one is deleted', {
    timeout: 120_000,
  }, async () => {
    const policy = { maxClientsPerNamespace: 4 };
    await testbed.apply(
      all(
        server('crowded', { policy }),
        ...names.map((name) =>
          oauthClient('crowd', name, {
            server: serverRef('crowded'),
            client: { ...machine, clientName: name },
          }),
        ),
      ),
    );
    const settled = await eventually(
      byReason,
      (reasons) =>
        reasons.get('QuotaExceeded')?.length === 6 && reasons.has('Registered') && reasons.size === 2,
      WAIT_MS,
    );
    expect(settled.get('Registered')).toHaveLength(4);
    const sentFor = () =>
      stub.requests.filter(
        ({ call, body }) => call === 'register' && String(body['client_name']).startsWith('one-of-ten'),
      );
    expect(sentFor()).toHaveLength(4);
    const [waiting = ''] = settled.get('QuotaExceeded') ?? [];
    expect(conditionOf(await crowd.client(waiting), 'Ready')?.message).toBe(
      'Namespace crowd has 4 clients at this server, and the platform team permits 4. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask the platform team for more.',
    );

    const [registered = ''] = settled.get('Registered') ?? [];
    await crowd.kubectl('delete', 'oac', registered);
    const after = await eventually(
      byReason,
      (reasons) =>
        (reasons.get('Registered') ?? []).length === 4 && (reasons.get('QuotaExceeded') ?? []).length === 5,
      60_000,
    );
    expect(after.get('gone')).toEqual([registered]);
    expect(sentFor()).toHaveLength(5);
    expect(
      [...stub.clients.values()].filter(({ client_name }) => names.includes(String(client_name))),
    ).toHaveLength(4);

    // It counts per namespace: another one has its own four.
    await testbed.apply(
      oauthClient('shop', 'elsewhere', {
        server: serverRef('crowded'),
        client: { ...machine, clientName: 'elsewhere' },
      }),
    );
    await shop.until('elsewhere', 'Registered');
  });
});
