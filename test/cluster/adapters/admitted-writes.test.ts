import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createJsonWebTokens } from '../../../src/adapters/authorization-server/json-web-tokens.ts';
import { createKubernetesApi, type PagedApi } from '../../../src/adapters/kubernetes/api.ts';
import { type Connection, connect } from '../../../src/adapters/kubernetes/connection.ts';
import { API_VERSION, type KubernetesObject, RESOURCES } from '../../../src/api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import { SHARES } from '../../../src/api/shares.ts';
import type { AdoptStep, Idle, RegisterStep } from '../../../src/core/action.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import { type Substitution, substitutions } from '../../../src/core/drift.ts';
import { minimalRecord } from '../../../src/core/minimal-record.ts';
import { workloadSecretProblems } from '../../../src/core/needed-secrets.ts';
import type { AdoptableClient, Observation } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { toRegistrationSecret } from '../../../src/core/record.ts';
import { type Recorded, recordAdoption, recordRegistration } from '../../../src/core/recorded-answer.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';
import { summarize } from '../../../src/core/summarize.ts';
import { unusedNames } from '../../../src/core/unused-names.ts';
import { inputsHash, toWorkloadSecret, wantedSecret } from '../../../src/core/workload-secret.ts';
import { FORMATS, namesOfFormats } from '../../../src/formats/formats.ts';
import { renderSecret } from '../../../src/formats/render-secret.ts';
import type { ClientInformation } from '../../../src/oauth/client-information.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { defined } from '../../../src/oauth/objects.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import type { GeneratedKey } from '../../../src/oauth/signing-key.ts';
import { createRecordingLog } from '../../kit/fakes/fake-clock.ts';
import { systemClock } from '../../kit/fakes/system-clock.ts';
import { available, unregistered } from '../../kit/fixtures/observations.ts';
import { install, useCluster } from '../deploy/cluster.ts';

/**
 * For every OAuthClient that the API server admits, it also admits what the operator must write, for any answer of
 * the authorization server; or the operator reports why not before it sends anything. Every write of a Secret is a dry run;
 * each status is written to one and the same object.
 */

const log = createRecordingLog();
const cluster = useCluster(install);
let connection: Connection;
let api: PagedApi;
let namespace: string;
let key: GeneratedKey;
/** The object whose status is written. */
const stored = 'stored';

beforeAll(async () => {
  namespace = await cluster.namespace();
  connection = await connect({ kubeconfig: inject('adminKubeconfig'), clock: systemClock, log });
  api = createKubernetesApi(connection, { clock: systemClock });
  await api.create<KubernetesObject & { spec: object }>(RESOURCES.oauthClient, {
    apiVersion: API_VERSION,
    kind: 'OAuthClient',
    metadata: { namespace, name: stored },
    spec: { client: { clientName: 'Stored' } },
  });
  key = await createJsonWebTokens().generate('RS256', namespace);
});
afterAll(async () => {
  await connection?.close();
});

const long = (max: number) => fc.integer({ min: 1, max }).map((length) => 'x'.repeat(length));
/** Keys and names as people write them: mostly valid, sometimes not. */
const name = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}[a-z0-9]$/) },
  { weight: 2, arbitrary: fc.stringMatching(/^[A-Za-z0-9._/ -]{1,70}$/) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('.', '..', '..a', 'a..b', 'a.-b', 'a/b c', 'a/b/c', '/a', 'client_name#ja'),
  },
  { weight: 1, arbitrary: long(260) },
);
const value = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^[A-Za-z0-9._-]{0,63}$/) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 80 }) },
  { weight: 1, arbitrary: fc.constant('é'.repeat(4_096)) },
);
const map = (keys: fc.Arbitrary<string>, values: fc.Arbitrary<string>, maxKeys: number) =>
  fc.dictionary(keys, values, { maxKeys });

const domain = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const objectName = fc.oneof(
  { weight: 3, arbitrary: domain },
  { weight: 1, arbitrary: fc.array(domain, { minLength: 2, maxLength: 8 }).map((parts) => parts.join('.')) },
  { weight: 1, arbitrary: fc.constantFrom(`${'a'.repeat(62)}.${'b'.repeat(63)}.c`, 'x'.repeat(253)) },
);

/** Texts with placeholders, as people write them: mostly of values that there are, sometimes far too many. */
const placeholder = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.constantFrom('client_id', 'client_secret | json', 'issuer | uri', 'scope | base64'),
  },
  { weight: 1, arbitrary: fc.constantFrom('audience', 'private_key.jwk | shell', 'vendor', 'client_secret') },
);
const templateText = fc
  .tuple(
    placeholder,
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 4 }) },
      { weight: 1, arbitrary: fc.constant(400) },
    ),
  )
  .map(([what, count]) => `text: ${`{{ ${what} }} `.repeat(count)}`);

const fileName = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom('app.yaml', 'conf', 'issuer', 'a.b_c-d') },
  { weight: 1, arbitrary: name },
);
const format = fc.constantFrom(...namesOfFormats(FORMATS));
const template = fc.record({ data: map(fileName, templateText, 3) });
/** Refused seldom, so that each format occurs. */
const plainSecret = fc.record(
  {
    format,
    template,
    keys: fc.constantFrom({ client_id: 'ID' }, { issuer: '' }, { vendor: 'V' }),
    include: fc.subarray(['vendor', 'scope', 'client_name', 'provider', 'type']),
  },
  { requiredKeys: ['format', 'template'] },
);
const wildSecret = fc.record(
  {
    name,
    format,
    template,
    keys: map(
      fc.constantFrom('client_id', 'client_secret', 'issuer', 'vendor', 'a/b c'),
      fc.oneof(name, fc.constant('')),
      3,
    ),
    include: fc.array(fc.oneof(name, fc.constantFrom('vendor', 'scope')), { maxLength: 32 }),
    labels: map(name, value, 2),
    annotations: map(name, fc.oneof(value, long(4_096)), 6),
  },
  { requiredKeys: [] },
);

const oauthClient = fc.record({
  name: objectName,
  labels: map(fc.constantFrom(LABELS.purpose, LABELS.session), fc.stringMatching(/^[a-z0-9._-]{0,64}$/), 2),
  annotations: map(
    fc.constantFrom(ANNOTATIONS.rotateRequestedAt, ANNOTATIONS.reconcileRequestedAt),
    fc.oneof(value, fc.constant('x'.repeat(262_005))),
    1,
  ),
  client: fc.record(
    {
      clientName: fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), long(2_048)),
      redirectUris: fc.array(
        long(1_900).map((path) => `https://app.example.com/${path}`),
        { maxLength: 20 },
      ),
      scopes: fc.array(fc.stringMatching(/^[a-z]{1,200}$/), { maxLength: 30 }),
      additionalMetadata: map(fc.stringMatching(/^[a-z_]{3,20}$/), fc.oneof(value, long(20_000)), 4),
    },
    { requiredKeys: ['clientName'] },
  ),
  credential: fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    {
      weight: 1,
      arbitrary: fc.record({
        generatedKey: fc.record({ algorithm: fc.constantFrom('ES256', 'RS256', 'PS512', 'EdDSA') }),
      }),
    },
  ),
  adopts: fc.constantFrom(true, false, false, false),
  secret: fc.oneof(fc.constant(undefined), plainSecret, wildSecret),
});

/** The largest value of every member that is kept. */
const largest = (metadata: JsonObject): ClientInformation => ({
  clientId: 'é'.repeat(SHARES.clientIdLength.most),
  clientSecret: new Sensitive('s'.repeat(SHARES.clientSecretBytes.most)),
  clientSecretExpiresAt: 9e14,
  registrationAccessToken: new Sensitive('t'.repeat(SHARES.registrationAccessTokenBytes.most)),
  registrationClientUri: `https://sso.example.com/${'u'.repeat(SHARES.registrationClientUriBytes.most - 30)}`,
  metadata,
});

/** An answer with every member that may be kept and every member that the Secret should contain. */
const answerTo = (document: JsonObject, include: readonly string[]): JsonObject => ({
  ...Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`m${index}`, 'x'.repeat(2_000)])),
  ...Object.fromEntries(include.map((member) => [member, 'x'.repeat(4_000)])),
  ...document,
});

const counts = { refused: 0, invalid: 0, admitted: 0, adopted: 0, unrendered: 0 };
/** Admitted ones by format. */
const formats = new Set<string>();

type Given = Partial<typeof oauthClient extends fc.Arbitrary<infer T> ? T : never> &
  Pick<typeof oauthClient extends fc.Arbitrary<infer T> ? T : never, 'name' | 'client'>;

async function judge({ client, secret, credential, adopts, ...metadata }: Given): Promise<void> {
  const created = await api.dryRun<KubernetesObject & { spec: object }>(RESOURCES.oauthClient, {
    apiVersion: API_VERSION,
    kind: 'OAuthClient',
    metadata: { ...metadata, namespace },
    spec: {
      client,
      ...(secret && { secret }),
      ...(credential && { credential }),
      ...(adopts && { adopt: { secretRef: { name: 'brought' } } }),
    },
  });
  if (!created.ok) {
    expect(created.status).toBe(422);
    counts.refused += 1;
    return;
  }
  const { observed } = toClientObject(created.object);
  const { desired } = observed;
  const o: Observation = unregistered({
    namespace,
    name: metadata.name,
    object: { ...observed, hasFinalizer: true },
    namespaceUid: 'ns-uid',
    installation: { id: 'x'.repeat(253), name: 'x', continues: [] },
    server: { ...available, connection: { ...available.connection, issuer: `https://${'i'.repeat(2_000)}` } },
    adoptable: adopts ? BROUGHT : undefined,
  });
  const action = plan(o);
  if (action.type === 'Idle') {
    expect(action.state).toBe('Stalled');
    expect(['InvalidSpec', 'TemplateInvalid']).toContain(action.reason);
    counts.invalid += 1;
    await expectStatus(o, action);
    return;
  }
  expect(desired.valid ? workloadSecretProblems(desired.spec) : ['no spec']).toEqual([]);
  expect(action.type).toBe(adopts ? 'Adopt' : 'Register');
  counts[adopts ? 'adopted' : 'admitted'] += 1;
  await expectAdmitted(action as RegisterStep | AdoptStep, o);
}

/** What a Secret brings that `spec.adopt` names. */
const BROUGHT: AdoptableClient = { ...defined(largest({})), version: '1' } as AdoptableClient;

/** The largest record of the client that a step registers or adopts. */
function recorded(step: RegisterStep | AdoptStep, o: Observation): Recorded {
  const client = { namespace, name: o.name, uid: step.object.uid };
  const attempt = '0123456789';
  const circumstances = {
    namespaceUid: o.namespaceUid,
    installation: o.installation.id,
    earlierRegistrations: undefined,
    now: systemClock.now(),
  };
  const { include = [] } = step.object.desired.spec.secret;
  if (step.type === 'Adopt') {
    return recordAdoption(step, attempt, client, largest(answerTo({}, include)), circumstances);
  }
  const { document } = step;
  const keys = step.object.desired.spec.credential?.generatedKey
    ? [key, key].map((made) => ({ ...made, createdAt: '2026-01-01T00:00:00Z' }))
    : [];
  const registration = { step, attempt, client, server: storedServerKey(''), document, keys };
  return recordRegistration(registration, largest(answerTo(document, include)), circumstances);
}

async function expectAdmitted(step: RegisterStep | AdoptStep, o: Observation): Promise<void> {
  const { object, connection: server } = step;
  const { spec } = object.desired;
  const { keys = {}, include = [], template } = spec.secret;
  const client = { namespace, name: o.name, uid: object.uid };
  const { record, content } = recorded(step, o);
  const whole = toRegistrationSecret(record, content, namespace);
  const { issuer, endpoints } = server;
  const { information, sent } = content;
  const wanted = wantedSecret(client, spec);
  const [made] = content.keys;
  const named = { provider: record.server.name, name: o.name };
  const published = { information, sent, issuer, endpoints, include, key: made, ...named };
  const rendering = renderSecret(published, wanted.format, { keys, template });
  const writes = [whole, minimalRecord(whole)];
  if (rendering.ok) {
    formats.add(wanted.format.name);
    const inputs = inputsHash({ record, format: wanted.format.name, keys, include, template, endpoints });
    const shown = { shows: record.registrationSecret, inputs, values: rendering.data };
    writes.push(toWorkloadSecret(client, wanted, shown));
  } else if (step.type === 'Register') {
    // Only what nobody knows before the answer: its characters, and what it leaves out. See docs/secret-formats.md.
    expect(rendering.problem).toMatch(
      /has a character that could break the text around it|has no value of "(scope|vendor)"/,
    );
    counts.unrendered += 1;
  }
  for (const secret of writes) {
    const written = await api.dryRun(RESOURCES.secret, secret);
    expect(written.ok ? '' : written.message).toBe('');
  }
  const learned = substitutions(sent, Object.fromEntries(Object.keys(sent).map((name) => [name, LONG])));
  const registered = { ...o, records: [{ ...record, resourceVersion: '1' }] };
  const idle = { type: 'Idle', state: 'Ready', reason: 'Registered', message: LONG } as const;
  await expectStatus(registered, idle, learned, unusedNames(published, { ...keys, [LONG]: 'x' }));
}

const LONG = 'é'.repeat(4_096);

/** The status is admitted, too. Its schema doesn't depend on the spec, so one object has the status of each. */
async function expectStatus(
  o: Observation,
  idle: Idle,
  learned?: readonly Substitution[],
  secretNote?: string,
): Promise<void> {
  if (o.object === undefined) {
    throw new Error('the object is there');
  }
  const status = summarize(o, o.object, idle, learned, secretNote);
  const found = await api.get<KubernetesObject & { status?: object }>(RESOURCES.oauthClient, {
    namespace,
    name: stored,
  });
  const written = found.ok
    ? await api.replace(RESOURCES.oauthClient, { ...found.object, status }, 'status')
    : found;
  expect(written.ok ? '' : written.message).toBe('');
}

test('if an OAuthClient is admitted, its Secrets and its status are admitted too, or nothing is sent', async () => {
  await fc.assert(fc.asyncProperty(oauthClient, judge), { seed: 7591, numRuns: 300 });
  // Each of the possible results must have occurred, or the property proves nothing.
  expect(counts.admitted).toBeGreaterThan(50);
  expect(counts.refused).toBeGreaterThan(20);
  expect(counts.adopted).toBeGreaterThan(10);
  expect(counts.unrendered).toBeGreaterThan(0);
  expect([...formats].toSorted()).toEqual(namesOfFormats(FORMATS).toSorted());
}, 120_000);

test('a spec of the largest size is registered and recorded', async () => {
  const before = counts.admitted;
  const redirectUris = Array.from(
    { length: 16 },
    (_, index) => `https://app.example.com/${index}${'x'.repeat(1_950)}`,
  );
  await judge({
    name: 'largest',
    labels: {},
    annotations: {},
    client: { clientName: 'Largest', redirectUris },
    secret: { include: Array.from({ length: 32 }, (_, index) => `m${index}`) },
  });
  expect(counts.admitted).toBe(before + 1);
});
