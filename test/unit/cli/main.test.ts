import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startPluginCluster, startSilentApiServer } from '../../kit/fakes/plugin.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';
import { run } from '../../kit/testbed/command.ts';

/** The plugin as a process of its own. */

const BUNDLER = join(import.meta.dirname, '..', '..', '..', 'tools', 'bundle.ts');

let folder: string;
let main: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-plugin-'));
  main = join(folder, 'kubectl-oauthclient.mjs');
  await run(process.execPath, [BUNDLER, '--entry=src/cli/main.ts', `--out=${main}`]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

function start(
  kubeconfig: string,
  args: readonly string[] = ['status', '-A'],
): {
  readonly child: ChildProcess;
  readonly ended: Promise<[number | null, string]>;
} {
  const child = spawn(process.execPath, [
    main,
    args[0] ?? '',
    `--kubeconfig=${kubeconfig}`,
    ...args.slice(1),
  ]);
  const said = text(child.stderr);
  const ended = once(child, 'close').then(
    async ([code]) => [code as number | null, await said] as [number | null, string],
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, ended };
}

test.each<[NodeJS.Signals, number, string]>([
  ['SIGINT', 130, 'Interrupted: what was asked of the cluster before that stands.\n'],
  ['SIGTERM', 143, 'Ended by SIGTERM.\n'],
  ['SIGHUP', 129, 'The terminal was closed.\n'],
])(
  '%s ends it with code %i and a sentence, though a request is not answered',
  { timeout: 30_000 },
  async (signal, code, said) => {
    const { server, kubeconfig } = await startSilentApiServer();
    const { child, ended } = start(kubeconfig);
    await once(server, 'request');
    child.kill(signal);
    expect(await ended).toEqual([code, said]);
  },
);

test('a program that ends before it has read 10,000 clients is told apart from a failure', {
  timeout: 30_000,
}, async () => {
  const objects = Array.from({ length: 10_000 }, (_, at) => clientObject({ name: `c${at}`, uid: `u${at}` }));
  const { kubeconfig } = await startPluginCluster({ objects });
  const { child, ended } = start(kubeconfig);
  await once(child.stdout as NodeJS.ReadableStream, 'readable');
  child.stdout?.destroy();
  const [code, said] = await ended;
  expect(said).toContain('The program that reads the output ended before all was written.\n');
  expect(code).toBe(141);
});

test('completion ends by itself, though a request is not answered', { timeout: 30_000 }, async () => {
  const { kubeconfig } = await startSilentApiServer();
  const { child, ended } = start(kubeconfig, ['__complete', 'status', '']);
  const proposed = text(child.stdout as NodeJS.ReadableStream);
  const started = performance.now();
  expect(await ended).toEqual([0, '']);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(await proposed).toBe(':4\n');
});
