import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VERSION } from '../../../src/api/version.ts';
import { readImageSettings } from '../../bench/image-settings.ts';
import { run } from '../../kit/testbed/command.ts';

/** The bundle, started as the image starts it, at an API server that never answers. */

const BUNDLER = join(import.meta.dirname, '..', '..', '..', 'tools', 'bundle.ts');
const SIGUSR1_BIT = 1n << 9n;

let folder: string;
let apiServer: Server;
let kubeconfig: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-inspector-'));
  await run(process.execPath, [BUNDLER, `--out=${join(folder, 'operator.mjs')}`]);
  apiServer = createServer(() => {}).listen(0, '127.0.0.1');
  await once(apiServer, 'listening');
  kubeconfig = join(folder, 'kubeconfig');
  const server = `https://127.0.0.1:${(apiServer.address() as AddressInfo).port}`;
  const contexts = [{ name: 'c', context: { cluster: 'c', user: 'u' } }];
  const config = {
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: {} }],
    contexts,
  };
  await writeFile(kubeconfig, JSON.stringify({ ...config, 'current-context': 'c' }));
}, 120_000);
afterAll(async () => {
  apiServer.close();
  await rm(folder, { recursive: true });
});

/** Starts it, sends SIGUSR1 while it runs, and tells whether the signal is caught and what the process says to it. */
async function signalled(nodeFlags: readonly string[], done: (output: string) => boolean) {
  const child = spawn(process.execPath, [
    ...['--inspect-port=0', ...nodeFlags, join(folder, 'operator.mjs'), `--kubeconfig=${kubeconfig}`],
    ...['--namespace=own', '--leader-elect', '--port=0', '--allow-http', `--journal-dir=${folder}`],
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (output += chunk));
  }
  const exited = once(child, 'exit');
  // It calls the API server, so all modules are loaded.
  const [socket] = await Promise.race([once(apiServer, 'connection'), exited]);
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  const caught = BigInt(`0x${/^SigCgt:\s*(\S+)$/m.exec(status)?.[1]}`);
  child.kill('SIGUSR1');
  for (let waited = 0; waited < 5_000 && !done(output); waited += 20) {
    await sleep(20);
  }
  const { exitCode } = child;
  child.kill('SIGKILL');
  await exited;
  socket.destroy();
  return { isCaught: (caught & SIGUSR1_BIT) !== 0n, isRunning: exitCode === null, output };
}

test('L5: SIGUSR1 opens no inspector in the image', { timeout: 30_000 }, async () => {
  const started = performance.now();
  const halfASecondLater = () => performance.now() - started > 500;
  const { isCaught, isRunning, output } = await signalled(readImageSettings().nodeFlags, halfASecondLater);
  expect(output).not.toContain('Debugger listening');
  expect({ isCaught, isRunning }, output).toEqual({ isCaught: false, isRunning: true });
});

test('without the flag of the image it would', { timeout: 30_000 }, async () => {
  const flags = readImageSettings().nodeFlags.filter((flag) => flag !== '--disable-sigusr1');
  const { isCaught, output } = await signalled(flags, (said) => said.includes('Debugger listening'));
  expect(output).toContain('Debugger listening');
  expect(isCaught).toBe(true);
});

test('the kubectl plugin is one file that can be executed', { timeout: 60_000 }, async () => {
  const out = join(folder, 'kubectl-oauthclient.mjs');
  await run(process.execPath, [BUNDLER, '--entry=src/cli/main.ts', `--out=${out}`]);
  expect(await run(out, ['--version'])).toBe(VERSION);
  const older = "Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })";
  const started = run(process.execPath, [`--import=data:text/javascript,${encodeURIComponent(older)}`, out]);
  await expect(started).rejects.toThrow('This program needs Node 22.19 or newer, and this is 20.20.2.');
});
