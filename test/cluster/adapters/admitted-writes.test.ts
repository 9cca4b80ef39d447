import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createKubernetesApi, type PagedApi } from '../../../src/adapters/kubernetes/api.ts';
import { type Connection, connect } from '../../../src/adapters/kubernetes/connection.ts';
import { API_VERSION, type KubernetesObject, RESOURCES } from '../../../src/api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import { SHARES } from '../../../src/api/shares.ts';
import type { RegisterStep } from '../../../src/core/action.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import { minimalRecord } from '../../../src/core/minimal-record.ts';
import { workloadSecretProblems } from '../../../src/core/needed-secrets.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { toRegistrationSecret } from '../../../src/core/record.ts';
import { recordRegistration } from '../../../src/core/recorded-answer.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';
import { inputsHash, toWorkloadSecret, wantedSecret } from '../../../src/core/workload-secret.ts';
import { keysFormat } from '../../../src/formats/keys.ts';
import type { ClientInformation } from '../../../src/oauth/client-information.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { createRecordingLog } from '../../kit/fakes/fake-clock.ts';
import { systemClock } from '../../kit/fakes/system-clock.ts';
import { available, unregistered } from '../../kit/fixtures/observations.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';
import { install, useCluster } from '../deploy/cluster.ts';

/**
 * For every OAuthClient that the API server admits, it also admits what the operator must write, for any answer of
 * the authorization server; or the operator reports `InvalidSpec` before it sends anything. Every write is a dry run.
 */

const log = createRecordingLog();
const cluster = useCluster(install);
let connection: Connection;
let api: PagedApi;
let namespace: string;

beforeAll(async () => {
  namespace = await cluster.namespace();
  connection = await connect({ kubeconfig: inject('adminKubeconfig'), clock: systemClock, log });
  api = createKubernetesApi(connection, { clock: systemClock });
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
const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

const domain = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const objectName = fc.oneof(
  { weight: 3, arbitrary: domain },
  { weight: 1, arbitrary: fc.array(domain, { minLength: 2, maxLength: 8 }).map((parts) => parts.join('.')) },
  { weight: 1, arbitrary: fc.constantFrom(`${'a'.repeat(62)}.${'b'.repeat(63)}.c`, 'x'.repeat(253)) },
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
  secret: rarely(
    fc.record(
      {
        name,
        keys: map(
          fc.constantFrom('client_id', 'client_secret', 'issuer', 'vendor', 'a/b c'),
          fc.oneof(name, fc.constant('')),
          3,
        ),
        include: fc.array(fc.oneof(name, fc.constantFrom('vendor', 'scope')), { maxLength: 32 }),
        labels: map(name, value, 4),
        annotations: map(name, fc.oneof(value, long(4_096)), 32),
      },
      { requiredKeys: [] },
    ),
  ),
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

const counts = { refused: 0, invalid: 0, admitted: 0 };

async function judge(given: typeof oauthClient extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const { client, secret, ...metadata } = given;
  const created = await api.dryRun<KubernetesObject & { spec: object }>(RESOURCES.oauthClient, {
    apiVersion: API_VERSION,
    kind: 'OAuthClient',
    metadata: { ...metadata, namespace },
    spec: { client, ...(secret === undefined ? {} : { secret }) },
  });
  if (!created.ok) {
    expect(created.status).toBe(422);
    counts.refused += 1;
    return;
  }
  const { observed } = toClientObject(created.object);
  const { desired } = observed;
  expect(desired.valid ? workloadSecretProblems(desired.spec) : []).toEqual([]);
  const o: Observation = unregistered({
    namespace,
    name: metadata.name,
    object: { ...observed, hasFinalizer: true },
    namespaceUid: 'ns-uid',
    installation: { id: 'x'.repeat(300), name: 'x', continues: [] },
    server: { ...available, connection: { ...available.connection, issuer: `https://${'i'.repeat(2_000)}` } },
  });
  const action = plan(o);
  if (action.type === 'Idle') {
    expect(action).toMatchObject({ state: 'Stalled', reason: 'InvalidSpec' });
    counts.invalid += 1;
    return;
  }
  expect(action.type).toBe('Register');
  counts.admitted += 1;
  await expectAdmitted(action as RegisterStep, o);
}

async function expectAdmitted(step: RegisterStep, o: Observation): Promise<void> {
  const { object, connection: server, document } = step;
  const spec = object.desired.valid ? object.desired.spec : undefined;
  const { keys = {}, include = [] } = spec?.secret ?? {};
  const client = { namespace, name: o.name, uid: object.uid };
  const registration = {
    step,
    attempt: '0123456789',
    client,
    server: storedServerKey(''),
    document,
    keys: [],
  };
  const answer = largest(answerTo(document, include));
  const { record, content } = recordRegistration(registration, answer, {
    namespaceUid: o.namespaceUid,
    installation: o.installation.id,
    earlierRegistrations: undefined,
    now: systemClock.now(),
  });
  const whole = toRegistrationSecret(record, content, namespace);
  const { issuer, endpoints } = server;
  const { information, sent } = content;
  const values = rendered(keysFormat.render({ information, sent, issuer, endpoints, include }, keys));
  const inputs = inputsHash({ record, format: 'Keys', keys, include, endpoints });
  if (spec === undefined) {
    throw new Error('the spec is valid');
  }
  const workload = toWorkloadSecret(client, wantedSecret(client, spec), {
    shows: record.registrationSecret,
    inputs,
    values,
  });
  for (const wanted of [whole, minimalRecord(whole), workload]) {
    const written = await api.dryRun(RESOURCES.secret, wanted);
    expect(written.ok ? '' : written.message).toBe('');
  }
}

test('if an OAuthClient is admitted, the Secrets that it needs are admitted too, or its spec is invalid', async () => {
  await fc.assert(fc.asyncProperty(oauthClient, judge), { seed: 7591, numRuns: 300 });
  // Each of the possible results must have occurred, or the property proves nothing.
  expect(counts.admitted).toBeGreaterThan(50);
  expect(counts.refused).toBeGreaterThan(20);
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
