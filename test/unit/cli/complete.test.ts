import { describe, expect, test } from 'vitest';
import { COMPLETION_SCRIPT } from '../../../src/cli/complete.ts';
import { COMMANDS } from '../../../src/cli/program.ts';
import { collectedRun, runPlugin, startPluginCluster, startSilentApiServer } from '../../kit/fakes/plugin.ts';
import { clientObject, namespaceObject, serverObject } from '../../kit/fixtures/objects.ts';

const OBJECTS = [
  clientObject({ name: 'storefront' }),
  clientObject({ name: 'stock', uid: 'u2' }),
  clientObject({ name: 'invoices', namespace: 'billing', uid: 'u3' }),
  serverObject('corporate'),
  serverObject('own', { namespace: 'shop' }),
  namespaceObject('shop'),
];

/** What is proposed, without descriptions, and how it ends. */
async function proposed(...words: readonly string[]) {
  const { kubeconfig } = await startPluginCluster({ objects: OBJECTS });
  const { code, stdout, stderr } = await collectedRun(['__complete', `--kubeconfig=${kubeconfig}`, ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0]);
}

describe('completion proposes', () => {
  test('the commands, with what each does', async () => {
    expect(await proposed('')).toEqual([...COMMANDS.map(({ name }) => name), ':4']);
    const { kubeconfig } = await startPluginCluster();
    const { stdout } = await collectedRun(['__complete', '--kubeconfig', kubeconfig, 'stat']);
    expect(stdout).toBe('status\tShows whether clients are ready, and why not\n:4\n');
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['clients of the namespace', ['status', '-n', 'shop', 'st'], ['storefront', 'stock', ':4']],
    ['clients of another namespace', ['status', '--namespace=billing', ''], ['invoices', ':4']],
    ['clients and servers', ['check', '-n', 'shop', ''], ['storefront', 'stock', 'corporate', 'own', ':4']],
    ...['reconcile', 'suspend', 'resume'].map((command): [string, readonly string[], readonly string[]] => [
      `clients, and servers as ${command} takes them`,
      [command, '-n', 'shop', ''],
      ['storefront', 'stock', 'coas/corporate', 'oas/own', ':4'],
    ]),
    ['servers behind their kind', ['suspend', '-n', 'shop', 'coas/c'], ['coas/corporate', ':4']],
    ['nothing behind the only name', ['status', '-n', 'shop', 'storefront', ''], [':4']],
    ['namespaces', ['status', '-n', 's'], ['shop', ':4']],
    ['contexts of the kubeconfig', ['status', '--context', ''], ['fake', ':4']],
    ['nothing that fits no context', ['status', '--context', 'zzz'], [':4']],
    ['formats', ['status', '-o', ''], ['json', 'yaml', 'name', ':4']],
    ['files', ['check', '-f', ''], [':0']],
    [
      'flags of the command and common ones',
      ['check', '--all'],
      ['--allow-addresses', '--all-namespaces', ':4'],
    ],
    ['nothing for an unknown command', ['frobnicate', '-l', ''], [':4']],
  ])('%s', async (_, words, expected) => {
    expect(await proposed(...words)).toEqual(expected);
  });

  test('nothing, and says nothing, where the cluster does not answer', async () => {
    expect(await collectedRun(['__complete', '--kubeconfig=/none', 'status', ''])).toEqual({
      code: 0,
      stdout: ':4\n',
      stderr: '',
    });
  });
});

test.each([
  ['Ctrl-C', 100, 1_000],
  ['3 seconds', undefined, 4_500],
])('%s ends it though the cluster does not answer', { timeout: 15_000 }, async (_, abortMs, atMostMs) => {
  const { kubeconfig } = await startSilentApiServer();
  const ending = new AbortController();
  if (abortMs !== undefined) {
    setTimeout(() => ending.abort({ exit: 'interrupted', sentence: 'Interrupted.' }), abortMs);
  }
  const started = performance.now();
  const words = ['__complete', `--kubeconfig=${kubeconfig}`, 'status', ''];
  const run = await collectedRun(words, { signal: ending.signal });
  expect(run).toEqual({ code: 0, stdout: ':4\n', stderr: '' });
  expect(performance.now() - started).toBeLessThan(atMostMs);
});

test('the program that kubectl looks for is printed', async () => {
  const run = await runPlugin(['completion'], { kubeconfig: '/none' });
  expect(run).toEqual({ code: 0, stdout: COMPLETION_SCRIPT, stderr: '' });
});
