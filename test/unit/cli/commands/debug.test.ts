import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXITS } from '../../../../src/cli/failure.ts';
import { encodeOrphan } from '../../../../src/core/orphan-entry.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { SUSPECTS } from '../../../../src/core/suspects.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { custom, runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { LISTS, OPERATORS } from '../../../kit/fixtures/lists.ts';
import { clientObject } from '../../../kit/fixtures/objects.ts';
import { scratchFolder } from '../../../kit/scratch-folder.ts';

let planted = 0;
/** Another one each time, so that the test says which of them is found. */
const canary = (): string => {
  planted += 1;
  return `canary-${planted}-of-a-secret`;
};

const QUOTED = canary();
const url = () => `https://jane:${canary()}@app.example.com/cb?code=${canary()}#${canary()}`;
const condition = (message: string) => ({
  ...{ type: 'Ready', status: 'False', reason: 'InvalidClientMetadata' },
  ...{ message, lastTransitionTime: '2026-05-01T11:00:00Z' },
});

/** A canary wherever a person, a server or Kubernetes could put a secret. */
const OBJECTS: readonly Stored[] = [
  clientObject(
    {
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ token: canary() }),
        'example.com/note': canary(),
      },
      labels: { 'example.com/token': canary() },
      managedFields: [{ manager: canary() }],
    },
    {
      client: {
        redirectUris: [url()],
        clientUri: url(),
        jwks: { keys: [{ kty: 'oct', k: canary() }] },
        additionalMetadata: {
          cost_center: QUOTED,
          nested: { deep: [canary()] },
          registration_token: canary(),
        },
        localized: { clientName: { de: canary() } },
      },
      secret: { annotations: { 'example.com/x': canary() }, labels: { y: canary() } },
    } as never,
    {
      clientId: 'c1',
      conditions: [condition(`The server says: cost_center ${QUOTED} is not permitted (${url()}).`)],
      substitutions: [{ member: 'cost_center', asked: canary(), registered: canary() }],
    },
  ),
  custom('ClusterAuthorizationServer', {
    metadata: { name: 'corporate', uid: 's', annotations: { a: canary() } },
    spec: {
      issuer: 'https://sso.example.com',
      registration: {
        endpoint: url(),
        admission: { clientCredentials: { parameters: { client_hint: canary() } } },
        softwareStatement: { sign: { claims: { secret: canary() } } },
      },
      connection: { proxyUrl: url() },
    } as never,
    status: {
      lastError: `POST ${url()} with Authorization: Bearer ${canary()} and eyJhbGciOiJub25lIn0.${canary()}.x failed`,
    } as never,
  }),
  ...['shop', OPERATORS, 'other'].map((namespace) => ({
    kind: 'Secret',
    metadata: { name: 'any', namespace, annotations: { x: canary() } },
    data: { client_secret: Buffer.from(canary()).toString('base64'), plain: canary() },
  })),
  {
    kind: 'Event',
    metadata: { name: 'e', namespace: 'shop', annotations: { x: canary() } },
    ...{
      reason: 'InvalidClientMetadata',
      note: `cost_center ${QUOTED}: ${encodeURIComponent(QUOTED)} ${url()}`,
    },
    ...{ regarding: { apiVersion: 'oauth-registrar.dev/v1alpha1', kind: 'OAuthClient', name: 'storefront' } },
  } as Stored,
  {
    kind: 'Event',
    metadata: { name: 'f', namespace: 'shop' },
    ...{ note: canary(), regarding: { apiVersion: 'v1', kind: 'Pod', name: 'web' } },
  } as Stored,
  {
    kind: 'ConfigMap',
    metadata: { name: 'oauth-registrar-ledger', namespace: OPERATORS },
    data: { epoch: '3', holder: 'pod-1', version: '0.1.0', mine: canary() },
  },
  {
    kind: 'ConfigMap',
    metadata: { name: SUSPECTS, namespace: OPERATORS },
    data: {
      note: canary(),
      a1: encodeOrphan(
        {
          server: storedServerKey('ClusterAuthorizationServer/corporate'),
          client: { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
          startedAt: '2026-05-01T12:00:00Z',
        },
        `it said ${QUOTED}`,
        { issuer: url() },
      ),
    },
  },
  ...LISTS.slice(1),
];

/** A Pod of the operator. The kubelet's default of the probe's scheme is HTTP. */
const operatorPod = (scheme: 'HTTP' | 'HTTPS', portName = 'http'): Stored => ({
  kind: 'Pod',
  metadata: { name: 'op-1', namespace: OPERATORS, labels: { 'app.kubernetes.io/name': 'oauth-registrar' } },
  spec: {
    containers: [
      { name: 'sidecar', ports: [{ name: 'proxy', containerPort: 9000 }] },
      {
        name: 'operator',
        ports: [
          { name: 'inventory', containerPort: 8081 },
          { name: portName, containerPort: 8080 },
        ],
        livenessProbe: { httpGet: { path: '/livez', port: 'http', scheme } },
      },
    ],
  } as never,
});

/** As the proxy of the API server accepts it: it takes no name of a port. */
const metricsPath = (target: string) => `/api/v1/namespaces/${OPERATORS}/pods/${target}/proxy/metrics`;
const METRICS = metricsPath('op-1:8080');
const NAMES = [
  'oauthclients.json',
  'authorizationservers.json',
  'clusterauthorizationservers.json',
  'events.json',
  'ledger.json',
  'lists.json',
  'metrics-op-1.txt',
  'versions.txt',
  'not-read.txt',
];

async function run(
  args: readonly string[],
  options: object = {},
  input?: readonly (string | (() => void))[],
  signal = new AbortController().signal,
) {
  const path = join(scratchFolder(), 'bundle.tar.gz');
  const texts = {
    [METRICS]: `oauth_registrar_queue_depth 3\nother{token="${canary()}"} 1\n`,
    '/version': '{"gitVersion":"v1.36.0"}',
  };
  const plugin = await startPluginCluster({
    objects: [...OBJECTS, operatorPod('HTTP')],
    texts,
    ...options,
  });
  const typed = { signal, ...(input === undefined ? {} : { input }) };
  const result = await runPlugin(['debug', '-n', 'shop', `--file=${path}`, ...args], { ...plugin, ...typed });
  const read = (...flags: readonly string[]) => execFileSync('tar', [...flags, path], { encoding: 'utf8' });
  const names = existsSync(path) ? read('-tzf').trimEnd().split('\n') : [];
  return { ...result, path, names, text: existsSync(path) ? read('-xzOf') : '', requests: plugin.requests };
}

describe('the bundle', () => {
  test('holds what helps, and none of the secrets that are in the cluster', async () => {
    const { code, stdout, stderr, names, text, path, requests } = await run(['--yes']);
    expect([code, stdout, names]).toEqual([0, `${path}: ${NAMES.length} files.\n`, NAMES]);
    expect(text.match(/canary-\d+-of-a-secret/g) ?? []).toEqual([]);
    expect(stderr).not.toContain('canary');
    for (const part of [
      '"clientId": "c1"',
      'cost_center [redacted] is not permitted (https://[redacted]@app.example.com/cb?[redacted]#[redacted])',
      '"epoch": "3"',
      '"attempt": "a1"',
      '"registrationSecret": "oac-uid-1-b1"',
      'oauth_registrar_queue_depth 3',
      'v1.36.0',
      'Everything was read.',
    ]) {
      expect(text).toContain(part);
    }
    expect(requests.filter((one) => one.includes('secrets'))).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('is shown file by file, and has the files that were agreed to', async () => {
    const input = NAMES.map((name) => (name === 'events.json' ? 'n\n' : 'y\n'));
    const { code, stdout, stderr, names } = await run([], {}, input);
    expect(code).toBe(0);
    expect(names).toEqual(NAMES.filter((name) => name !== 'events.json'));
    expect(stdout).toMatch(/^==== oauthclients\.json, \d+ bytes ====$/m);
    expect(stdout).toContain('"clientId": "c1"');
    expect(stdout).not.toContain('canary');
    expect(stderr).toContain('Put events.json into the bundle? [y/N] ');
  });

  test('is not written without a terminal and without --yes', async () => {
    const { code, stderr, path } = await run([]);
    expect([code, existsSync(path)]).toEqual([EXITS.usage.code, false]);
    expect(stderr).toBe(
      'Nothing was done: there is no terminal to ask "Put oauthclients.json into the bundle?"; --yes answers it.\n',
    );
  });

  test('Ctrl-C at a question ends the command at once, and nothing is written', async () => {
    const ending = new AbortController();
    const input = ['y\n', () => ending.abort({ exit: 'interrupted', sentence: 'Interrupted.' })];
    const { code, stdout, stderr, path } = await run([], {}, input, ending.signal);
    expect([code, existsSync(path)]).toEqual([EXITS.interrupted.code, false]);
    expect(stderr).toBe(
      'Put oauthclients.json into the bundle? [y/N] Put authorizationservers.json into the bundle? [y/N] Nothing was done: the command ended before the question was answered.\n',
    );
    expect(stdout).not.toContain('==== clusterauthorizationservers.json');
  });

  test('says what was not read, and goes on', async () => {
    const forbids = ['list events', 'get configmaps', 'list pods'];
    const { code, text, names } = await run(['--yes'], { forbids });
    expect(code).toBe(0);
    expect(names).toEqual(NAMES.filter((name) => !name.startsWith('metrics')));
    expect(text).toContain('Your account may not list events.events.k8s.io in namespace shop.');
    expect(text).toContain(`Your account may not get configmaps in namespace ${OPERATORS}.`);
    expect(text).toContain(`Your account may not list pods in namespace ${OPERATORS}.`);
  });

  test('has the metrics of an operator that serves them by TLS', async () => {
    const objects = [...OBJECTS, operatorPod('HTTPS')];
    const texts = { [metricsPath('https:op-1:8080')]: 'oauth_registrar_queue_depth 4\n' };
    const { text, names } = await run(['--yes'], { objects, texts });
    expect(names).toContain('metrics-op-1.txt');
    expect(text).toContain('oauth_registrar_queue_depth 4\n');
  });

  test('says that a Pod has no port for metrics', async () => {
    const { text, names } = await run(['--yes'], { objects: [...OBJECTS, operatorPod('HTTP', 'web')] });
    expect(names).not.toContain('metrics-op-1.txt');
    expect(text).toContain(
      `Metrics of Pod ${OPERATORS}/op-1 are not read: no container has a port named http.\n`,
    );
  });

  test('has the ledger of the namespace that a client names', async () => {
    const named = clientObject({}, {}, { installation: 'ops@cluster-1' });
    const ledger: Stored = {
      kind: 'ConfigMap',
      metadata: { name: 'oauth-registrar-ledger', namespace: 'ops' },
      data: { epoch: '7' },
    };
    const { text } = await run(['--yes'], { objects: [named, ledger] });
    expect(text).toContain('"epoch": "7"');
    expect(text).toContain('Everything was read.');
  });

  test('says where it found no operator', async () => {
    const { code, text } = await run(['--yes'], { objects: [] });
    expect(code).toBe(0);
    expect(text).toContain(
      `Namespace ${OPERATORS} has neither lists nor a ledger of an operator: --operator-namespace names another namespace.\n`,
    );
  });

  test('overwrites no file', async () => {
    const { path } = await run(['--yes']);
    const before = readFileSync(path);
    const plugin = await startPluginCluster({ objects: [] });
    const again = await runPlugin(['debug', '--yes', `--file=${path}`], plugin);
    expect(again.code).toBe(EXITS.found.code);
    expect(again.stderr).toMatch(/The bundle is not written: EEXIST: file already exists, open '.*'\.\n$/);
    expect(readFileSync(path)).toEqual(before);
  });
});
