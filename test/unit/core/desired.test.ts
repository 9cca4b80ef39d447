import { describe, expect, test } from 'vitest';
import { toClientObject } from '../../../src/core/desired.ts';
import { declaredHash } from '../../../src/core/record.ts';
import { VALUE_NAMES } from '../../../src/formats/published-client.ts';
import { jsonBytes } from '../../../src/oauth/json.ts';
import { clientSpecOf } from '../../kit/fixtures/client-specs.ts';

const metadata = {
  name: 'storefront',
  namespace: 'shop',
  uid: 'uid-1',
  resourceVersion: '7',
  generation: 3,
  creationTimestamp: '2026-05-01T11:00:00Z',
  finalizers: ['x/y', 'oauth-registrar.dev/registration'],
  annotations: {
    'oauth-registrar.dev/reconcile-requested-at': 'now',
    'oauth-registrar.dev/rotate-requested-at': 'then',
  },
  ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'agent-7', uid: 'uid-j' }],
};
const ref = { kind: 'ClusterAuthorizationServer', name: 'corporate' };
const desiredOf = (spec: unknown) => toClientObject({ metadata, spec }).observed.desired;
const withClient = (client: object) => desiredOf({ authorizationServerRef: ref, client });

describe('toClientObject', () => {
  test.each<readonly [string, object, string | undefined]>([
    ['none where all are known', { 'oauth-registrar.dev/abandon': 'uid-1' }, undefined],
    ['none of others', { 'example.com/rotate-request-at': '1' }, undefined],
    [
      'one that is spelled wrong',
      { 'oauth-registrar.dev/rotate-request-at': '1' },
      'oauth-registrar.dev/rotate-request-at',
    ],
  ])('reports annotations that mean nothing: %s', (_, annotations, unknown) => {
    const { observed } = toClientObject({
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
    });
    expect(observed.unknownAnnotation).toBe(unknown);
  });

  test('reads what a decision rests on', () => {
    const status = { clientId: 'c1', installation: 'main' };
    const { observed } = toClientObject({ metadata, spec: undefined, status });
    expect(observed).toMatchObject({
      uid: 'uid-1',
      generation: 3,
      resourceVersion: '7',
      deleting: false,
      hasFinalizer: true,
      finalizers: ['x/y', 'oauth-registrar.dev/registration'],
      status,
      reconcileRequestedAt: 'now',
      rotateRequestedAt: 'then',
      createdAt: Date.parse('2026-05-01T11:00:00Z'),
      owners: ['Job.batch/agent-7'],
    });
  });

  test("keeps nothing of the object's metadata but what names it", () => {
    expect(toClientObject({ metadata, spec: undefined }).metadata).toEqual({
      name: 'storefront',
      namespace: 'shop',
      uid: 'uid-1',
      resourceVersion: '7',
    });
  });

  test('knows that an object is being deleted, and since when', () => {
    const deleted = { ...metadata, deletionTimestamp: '2026-05-01T12:00:00Z', finalizers: ['x/y'] };
    expect(toClientObject({ metadata: deleted }).observed).toMatchObject({
      deleting: true,
      hasFinalizer: false,
    });
  });

  test('keeps the client as the spec has it, with its empty lists (rule 15)', () => {
    const client = {
      clientName: 'Storefront',
      responseTypes: [],
      scopes: ['openid'],
      additionalMetadata: { tiers: ['gold'] },
    };
    expect(withClient(client)).toEqual({
      valid: true,
      spec: clientSpecOf({ authorizationServerRef: ref, client }),
      hash: declaredHash({ client }),
    });
  });

  test('keeps parts of specs that are the defaults once for all', () => {
    const [one, other] = ['a', 'b'].map((clientName) => withClient({ clientName }));
    for (const part of ['replacement', 'secret'] as const) {
      expect(one?.valid && other?.valid && one.spec[part] === other.spec[part]).toBe(true);
    }
    const own = desiredOf({ client: {}, secret: { format: 'Keys', name: 'own' } });
    expect(own).toMatchObject({ spec: { secret: { name: 'own' } } });
  });

  test('takes a spec without a server, for whom the default server is', () => {
    expect(desiredOf({ client: {} })).toMatchObject({ valid: true, spec: { client: {} } });
  });

  test.each([
    ['no spec', undefined, /^spec\.: .+/],
    ['a spec that is text', 'x', /^spec\.: .+/],
    ['no client', { authorizationServerRef: ref }, /^spec\.client: .+/],
    [
      'a server without name',
      { authorizationServerRef: {}, client: {} },
      /^spec\.authorizationServerRef.name: .+/,
    ],
    [
      'a lifetime that is no duration',
      { client: {}, lifetime: { expiresAfter: '1 hour' } },
      /^spec\.lifetime\.expiresAfter: .+/,
    ],
    [
      'a member of another type',
      { authorizationServerRef: ref, client: { redirectUris: 'https://a' } },
      /^spec\.client\.redirectUris: .+/,
    ],
  ])('says what is wrong with %s', (_, spec, problem) => {
    expect(desiredOf(spec)).toEqual({ valid: false, problem: expect.stringMatching(problem) });
  });

  test('says every name that additionalMetadata may not hold, and what to write', () => {
    expect(withClient({ additionalMetadata: { redirect_uris: [], client_secret: 'x', ok: 1 } })).toEqual({
      valid: false,
      problem:
        "additionalMetadata.redirect_uris has a field of its own: write spec.client.redirectUris. additionalMetadata.client_secret can't be set: it belongs to the registration itself; remove it.",
    });
  });

  test.each([
    ['the key that another value has by default', { client_id: 'issuer' }, undefined, 'issuer'],
    ['the name of a member to include', { client_id: 'logo_uri' }, ['logo_uri'], 'logo_uri'],
  ])('says that a value would have %s', (_, keys, include, key) => {
    expect(desiredOf({ client: {}, secret: { keys, ...(include && { include }) } })).toEqual({
      valid: false,
      problem: `secret.keys gives the name "${key}" to two values; choose another for one.`,
    });
  });

  test('takes values that change their keys', () => {
    const keys = { client_id: 'client_secret', client_secret: 'client_id', scope: '' };
    expect(desiredOf({ client: {}, secret: { keys } })).toMatchObject({ valid: true });
  });

  test('takes a template that names a member to include', () => {
    const secret = { include: ['agent_id'], template: { data: { 'a.json': '{{ agent_id | json }}' } } };
    expect(desiredOf({ client: {}, secret })).toMatchObject({ valid: true });
  });

  test.each([
    [
      'two values of a form would have one name',
      { format: 'ServiceBinding', keys: { client_id: 'issuer-uri' } },
      'secret.keys gives the name "issuer-uri" to two values; choose another for one.',
    ],
    [
      'a form can not call a value so',
      { format: 'EnvFile', keys: { client_id: 'client-id' } },
      'secret.keys has "client-id", which can\'t be a name in the format EnvFile: use letters, digits and _.',
    ],
    [
      'a template names a value that no client has',
      { template: { data: { 'app.yaml': 'id: {{ clientId }}' } } },
      `secret.template.data: "app.yaml" has the placeholder "clientId", and no client has a value of that name; use one of ${VALUE_NAMES.join(', ')}, or name the member of the server's answer in spec.secret.include, too.`,
    ],
    [
      'a template has a key that no Secret has',
      { template: { data: { '../x': '' } } },
      'secret.template.data: "../x" can\'t be the key of a Secret.',
    ],
    [
      'there is a secret to hand over',
      { mode: 'None' },
      "secret.mode None is for a client that has no secret to hand over: set client.tokenEndpointAuthMethod to none, or to a method by a certificate or key of the workload's own; or remove secret.mode.",
    ],
  ])('says that %s', (_, secret, problem) => {
    expect(desiredOf({ client: {}, secret })).toEqual({ valid: false, problem });
  });

  test('says that two values would share a key of the Secret', () => {
    const keys = { client_id: 'username', client_secret: 'password', issuer: 'username' };
    expect(desiredOf({ client: {}, secret: { keys } })).toEqual({
      valid: false,
      problem: 'secret.keys gives the name "username" to two values; choose another for one.',
    });
  });

  test('lets several values be left out of the Secret', () => {
    const keys = { issuer: '', scope: '' };
    expect(desiredOf({ client: {}, secret: { keys } })).toMatchObject({ valid: true });
  });

  test('keeps of a spec that is too large only that, and what its deletion rests on (H1)', () => {
    const large = {
      authorizationServerRef: ref,
      client: { additionalMetadata: { blob: 'a'.repeat(1_000_000) } },
      deletionPolicy: 'Retain',
    };
    const { observed } = toClientObject({ metadata, spec: large, status: { clientId: 'c1' } });
    expect(observed).toMatchObject({
      uid: 'uid-1',
      hasFinalizer: true,
      retained: true,
      status: { clientId: 'c1' },
      desired: {
        valid: false,
        problem: 'spec has 1000153 bytes as JSON and may have 32768; make it smaller.',
      },
    });
    expect(JSON.stringify(observed).length).toBeLessThan(1_000);
  });

  test('takes a spec of exactly the bound, and refuses one byte more', () => {
    const specOf = (length: number) => ({ client: { clientName: 'a'.repeat(length) } });
    const room = 32_768 - jsonBytes(specOf(0));
    expect(jsonBytes(specOf(room))).toBe(32_768);
    expect(desiredOf(specOf(room))).not.toMatchObject({ problem: expect.stringContaining('bytes') });
    expect(desiredOf(specOf(room + 1))).toMatchObject({ problem: expect.stringContaining('32769 bytes') });
  });

  test('keeps a hash of a long annotation, and compares the value in status by the same hash (H1)', () => {
    const long = 'x'.repeat(200);
    const annotations = {
      'oauth-registrar.dev/reconcile-requested-at': long,
      'oauth-registrar.dev/rotate-requested-at': long,
    };
    const status = { clientId: 'c1', lastHandledReconcileAt: long, lastHandledRotateAt: long };
    const { observed } = toClientObject({ metadata: { ...metadata, annotations }, status });
    expect(observed.rotateRequestedAt).toMatch(/^sha256:[\w-]{43}$/);
    expect(observed).toMatchObject({
      reconcileRequestedAt: observed.rotateRequestedAt,
      status: {
        clientId: 'c1',
        lastHandledReconcileAt: observed.rotateRequestedAt,
        lastHandledRotateAt: observed.rotateRequestedAt,
      },
    });
    const again = toClientObject({ metadata, status: observed.status });
    expect(again.observed.status).toEqual(observed.status);
  });

  test('keeps no list of finalizers or owners that is long (H1)', () => {
    const finalizers = [...Array.from({ length: 9_000 }, (_, at) => `a/${at}`), ...metadata.finalizers];
    const job = (name: string) => ({ apiVersion: 'batch/v1', kind: 'Job', name, uid: 'u' });
    const ownerReferences = [
      { apiVersion: 'x/v1', kind: 'X', name: '<'.repeat(700_000), uid: 'u' },
      ...Array.from({ length: 9_000 }, (_, at) => job(`j${at}`)),
      job('agent-7'),
    ];
    const boundTo = { group: 'batch', kind: 'Job', name: 'agent-7' };
    const crowded = { ...metadata, finalizers, ownerReferences };
    expect(
      toClientObject({ metadata: crowded, spec: { client: {}, lifetime: { boundTo } } }).observed,
    ).toMatchObject({ finalizers: undefined, hasFinalizer: true, owners: ['Job.batch/agent-7'] });
    expect(toClientObject({ metadata: crowded, spec: { client: {} } }).observed.owners).toEqual([]);
  });

  test('treats an unreadable status as none', () => {
    expect(toClientObject({ metadata, spec: undefined, status: { clientId: 1 } }).observed.status).toEqual(
      {},
    );
  });

  test('reads an object whose metadata nests without end, and says so', () => {
    const deep = JSON.parse('['.repeat(9_000) + ']'.repeat(9_000)) as unknown;
    expect(withClient({ additionalMetadata: { deep } })).toEqual({
      valid: false,
      problem: 'spec.client nests deeper than 16 levels; make it flatter.',
    });
  });
});

describe('the hash of what is declared', () => {
  const spec = { client: { clientName: 'Shop' }, lifetime: { expiresAfter: '1h' } };
  const hashOf = (change: object = {}) => {
    const read = desiredOf({ ...spec, ...change });
    return read.valid ? read.hash : read.problem;
  };
  const statement = (name: string) => ({ softwareStatement: { secretRef: { name } } });
  const expires = (expiresAfter: string, more: object = {}) => ({ lifetime: { expiresAfter, ...more } });

  test.each([
    ['another member', { client: { clientName: 'Shop', contacts: [] } }],
    ['another software statement', statement('s1')],
    ["keys of the operator's", { credential: { generatedKey: {} } }],
    ['an expiry that the server is told', expires('1h', { expiryMember: 'exp' })],
  ])('changes with %s', (_, change) => {
    expect(hashOf(change)).not.toBe(hashOf());
  });

  test.each([
    ['the name of the statement', statement('s1'), statement('s2')],
    [
      'the algorithm of the keys',
      { credential: { generatedKey: {} } },
      { credential: { generatedKey: { algorithm: 'RS256' } } },
    ],
    [
      'the expiry that the server is told',
      expires('1h', { expiryMember: 'exp' }),
      expires('2h', { expiryMember: 'exp' }),
    ],
  ])('changes with %s', (_, before, after) => {
    expect(hashOf(before)).not.toBe(hashOf(after));
  });

  test.each([
    ['the server', { authorizationServerRef: ref }],
    ['the form of the Secret', { secret: { name: 's', keys: { client_id: 'id' } } }],
    ['a lifetime that the server is not told', expires('2h')],
    ['what becomes of a client that can not be changed', { replacement: { onEdit: 'Manual' } }],
  ])('stays the same whatever is said of %s', (_, change) => {
    expect(hashOf(change)).toBe(hashOf());
  });

  test('stays the same when keys are to be rotated at another time', () => {
    expect(hashOf({ credential: { generatedKey: { rotateAfter: '720h', overlap: '1h' } } })).toBe(
      hashOf({ credential: { generatedKey: {} } }),
    );
  });
});
