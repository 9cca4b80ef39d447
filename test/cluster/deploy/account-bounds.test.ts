import { beforeAll, describe, expect, test } from 'vitest';
import { FINALIZER, LABELS } from '../../../src/api/names.ts';
import { FORMATS, secretTypesOf } from '../../../src/formats/formats.ts';
import { untilRefused } from '../../kit/testbed/policies.ts';
import { oauthClient, useCluster } from './cluster.ts';
import { INSTALLS, type Install, installAll } from './installs.ts';

/** What the operator's account may do, whatever RBAC grants. Every way to install, all at one API server. */

const cluster = useCluster(installAll);

interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly object[];
}

const secret = (metadata: Metadata, type = 'Opaque'): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, type, stringData: { key: 'value' } });

const workload = { [LABELS.workload]: 'true' };
const registration = { [LABELS.registration]: 'true' };
const hashKey = { [LABELS.hashKey]: 'true' };

const TOKEN_OF = (account: string): Pick<Metadata, 'annotations'> => ({
  annotations: { 'kubernetes.io/service-account.name': account },
});
const TOKEN = 'kubernetes.io/service-account-token';

describe.each(INSTALLS)('The account of $title', (install: Install) => {
  const { tenant, namespace: own } = install;
  const dryRun = (verb: 'create' | 'replace' | 'delete', object: string) =>
    cluster.kubectl([verb, '--dry-run=server', `--as=${install.user}`, '-f', '-'], object);
  const patch = (name: string, body: object, kind = 'oac') =>
    cluster.kubectl([
      ...['patch', kind, name, '-n', tenant, `--as=${install.user}`, '--dry-run=server', '--type=merge'],
      ...['-p', JSON.stringify(body)],
    ]);
  const exists = (object: string) => cluster.must(['apply', '-f', '-'], object);

  beforeAll(async () => {
    const probe = secret({ name: 'probe', namespace: tenant });
    await untilRefused(async () => (await dryRun('create', probe)).code !== 0);
    await exists(oauthClient({ name: 'client', namespace: tenant }));
    await exists(
      oauthClient(
        { name: 'bound', namespace: tenant },
        { lifetime: { boundTo: { group: 'batch', kind: 'Job', name: 'job' } } },
      ),
    );
    await exists(oauthClient({ name: 'short', namespace: tenant }, { lifetime: { expiresAfter: '1h' } }));
    await exists(secret({ name: 'own', namespace: tenant, labels: workload }));
    await exists(secret({ name: 'foreign', namespace: tenant }));
  });

  test.each([
    ['an Opaque Secret with its label', 'create', { name: 'new', namespace: tenant, labels: workload }],
    ['another Secret under its label', 'replace', { name: 'own', namespace: tenant, labels: workload }],
    ['a Secret with its label', 'delete', { name: 'own', namespace: tenant }],
    ['a registration Secret', 'create', { name: 'new', namespace: own, labels: registration }],
    ['the key of hashes', 'create', { name: 'new', namespace: own, labels: hashKey }],
  ] as const)('may write %s (%s)', async (_, verb, metadata) => {
    expect(await dryRun(verb, secret(metadata))).toMatchObject({ code: 0, stderr: '' });
  });

  test.each(secretTypesOf(FORMATS))('may write a Secret of the type %s, which a format has', async (type) => {
    const object = secret({ name: 'formed', namespace: tenant, labels: workload }, type);
    expect(await dryRun('create', object)).toMatchObject({ code: 0, stderr: '' });
  });

  test('may write no Secret of another type', async () => {
    const object = secret({ name: 'formed', namespace: tenant, labels: workload }, 'example.com/other');
    const { code, stderr } = await dryRun('create', object);
    expect(stderr).toContain('denied request: the operator writes Secrets of the types of its formats');
    expect(code).toBe(1);
  });

  test.each([
    ['create an Opaque Secret without its label', 'create', { name: 'new', namespace: tenant }],
    [
      'create a registration Secret of tenants',
      'create',
      { name: 'new', namespace: tenant, labels: registration },
    ],
    ['overwrite a Secret of others', 'replace', { name: 'foreign', namespace: tenant }],
    ['make a Secret of others its own', 'replace', { name: 'foreign', namespace: tenant, labels: workload }],
    ['take its label off', 'replace', { name: 'own', namespace: tenant }],
    ['delete a Secret of others', 'delete', { name: 'foreign', namespace: tenant }],
    ['create any other Secret in its own namespace', 'create', { name: 'new', namespace: own }],
  ] as const)('may not %s', async (_, verb, metadata) => {
    const { code, stderr } = await dryRun(verb, secret(metadata));
    expect(stderr).toMatch(/denied request: the operator (writes|changes)/);
    expect(code).toBe(1);
  });

  test('may not create a token Secret for another account, with or without its label', async () => {
    for (const namespace of new Set([tenant, own])) {
      for (const labels of [{}, workload, registration]) {
        const object = secret({ name: 'new', namespace, labels, ...TOKEN_OF('default') }, TOKEN);
        const { code, stderr } = await dryRun('create', object);
        expect(stderr).toContain('denied request: the operator writes Secrets of the types of its formats');
        expect(code).toBe(1);
      }
    }
  });

  test('puts the label back on the Secret of an OAuthClient', async () => {
    const { uid } = (
      JSON.parse(await cluster.must(['get', 'oac', 'client', '-n', tenant, '-o', 'json'])) as {
        readonly metadata: { readonly uid: string };
      }
    ).metadata;
    const apiVersion = 'oauth-registrar.dev/v1alpha1';
    const ownerReferences = [{ apiVersion, kind: 'OAuthClient', name: 'client', uid, controller: true }];
    const metadata = { name: 'unlabelled', namespace: tenant, ownerReferences };
    await exists(secret(metadata));
    expect(await dryRun('replace', secret({ ...metadata, labels: workload }))).toMatchObject({ code: 0 });
  });

  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'job', uid: 'u-1' };

  test('may add and remove the finalizer, and set the owner that the spec names', async () => {
    expect(await patch('client', { metadata: { finalizers: [FINALIZER] } })).toMatchObject({ code: 0 });
    expect(await patch('bound', { metadata: { ownerReferences: [owner] } })).toMatchObject({ code: 0 });
  });

  test.each([
    ['its spec', { spec: { client: { redirectUris: ['https://evil.example.com/cb'] } } }],
    ['its labels', { metadata: { labels: { team: 'other' } } }],
    ['its annotations', { metadata: { annotations: { 'oauth-registrar.dev/abandon': 'x' } } }],
    ['finalizers of others', { metadata: { finalizers: ['example.com/other'] } }],
    ['an owner that no spec names', { metadata: { ownerReferences: [owner] } }],
  ])('may not change this in an OAuthClient: %s', async (_, body) => {
    const { code, stderr } = await patch('client', body);
    expect(stderr).toContain('denied request: the operator changes no OAuthClient but its finalizer');
    expect(code).toBe(1);
  });

  test('may delete an OAuthClient only at the end of its lifetime', async () => {
    const ofName = (name: string) => oauthClient({ name, namespace: tenant });
    expect(await dryRun('delete', ofName('short'))).toMatchObject({ code: 0 });
    const { stderr } = await dryRun('delete', ofName('client'));
    expect(stderr).toContain('denied request: the operator deletes no OAuthClient but at the end of its');
  });

  test('is the only restricted account: others may write as before', async () => {
    const other = ['--as=somebody', '--as-group=system:masters', '--dry-run=server'];
    const object = secret({ name: 'new', namespace: tenant });
    expect(await cluster.kubectl(['create', ...other, '-f', '-'], object)).toMatchObject({ code: 0 });
  });
});
