import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { FINALIZER } from '../../../src/api/names.ts';
import { DEPLOY, install, oauthClient, useCluster } from './cluster.ts';

const POLICY = join(DEPLOY, 'overlays', 'finalizer-policy', 'policy.yaml');
const OTHER = 'example.com/other';

const cluster = useCluster(install);
let namespace: string;

beforeAll(async () => {
  await cluster.must(['apply', '-k', join(DEPLOY, 'overlays', 'finalizer-policy')]);
  namespace = await cluster.namespace();
  await vi.waitFor(async () => expect(await created('probe')).toEqual([FINALIZER]), {
    timeout: 20_000,
    interval: 200,
  });
});
afterAll(async () => {
  // Other tests of the run expect the operator to add it.
  await cluster.must(['delete', '-f', POLICY]);
});

/** The API server applies a policy some time after its creation: each try uses an object of its own. */
let serial = 0;
async function created(name: string, finalizers?: readonly string[]): Promise<readonly string[]> {
  const unique = `${name}-${serial++}`;
  const metadata = { name: unique, namespace, ...(finalizers && { finalizers }) };
  await cluster.must(['create', '-f', '-'], oauthClient(metadata));
  return finalizersOf(unique);
}

async function finalizersOf(name: string): Promise<readonly string[]> {
  const output = await cluster.must(['get', 'oac', '-n', namespace, name, '-o', 'json']);
  const { metadata } = JSON.parse(output) as {
    readonly metadata: { readonly finalizers?: readonly string[] };
  };
  return metadata.finalizers ?? [];
}

const replace = (name: string, finalizers: readonly string[] = []) =>
  cluster.must(['replace', '-f', '-'], oauthClient({ name, namespace, finalizers }));

describe('the finalizer policy', () => {
  test('puts the finalizer on a new object', async () => {
    expect(await created('new')).toEqual([FINALIZER]);
  });

  test('keeps the finalizers of others', async () => {
    expect(await created('shared', [OTHER])).toEqual([OTHER, FINALIZER]);
  });

  test('adds nothing if the finalizer is already present', async () => {
    expect(await created('complete', [FINALIZER, OTHER])).toEqual([FINALIZER, OTHER]);
  });

  test('restores it when kubectl replace drops it, with and without others', async () => {
    await cluster.must(['create', '-f', '-'], oauthClient({ name: 'replaced', namespace }));
    await replace('replaced');
    expect(await finalizersOf('replaced')).toEqual([FINALIZER]);
    await replace('replaced', [OTHER]);
    expect(await finalizersOf('replaced')).toEqual([OTHER, FINALIZER]);
  });

  test('lets the operator remove it from an object that is being deleted', async () => {
    await cluster.must(
      ['create', '-f', '-'],
      oauthClient({ name: 'leaving', namespace, finalizers: [OTHER] }),
    );
    await cluster.must(['delete', 'oac', '-n', namespace, 'leaving', '--wait=false']);
    expect(await finalizersOf('leaving')).toEqual([OTHER, FINALIZER]);
    const patch = JSON.stringify({ metadata: { finalizers: [OTHER] } });
    await cluster.must(['patch', 'oac', '-n', namespace, 'leaving', '--type=merge', '-p', patch]);
    expect(await finalizersOf('leaving')).toEqual([OTHER]);
    await cluster.must([
      'patch',
      'oac',
      '-n',
      namespace,
      'leaving',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":[]}}',
    ]);
    const { stderr } = await cluster.kubectl(['get', 'oac', '-n', namespace, 'leaving']);
    expect(stderr).toContain('not found');
  });
});
