import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { EXITS } from '../../../../src/cli/failure.ts';
import { runProgram } from '../../../../src/cli/program.ts';
import { collecting, type PluginCluster, runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { inventoryClient } from '../../../kit/fixtures/inventory.ts';

/** Starts the page, and waits for its URL. */
async function open({ kubeconfig }: Pick<PluginCluster, 'kubeconfig'>, args: readonly string[] = ['-A']) {
  const ending = new AbortController();
  const printed = Promise.withResolvers<string>();
  const stdout = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      printed.resolve(chunk.trim());
      done();
    },
  });
  const stderr = collecting();
  const terminal = { stdin: Readable.from([]), stdout, stderr: stderr.stream, signal: ending.signal };
  const running = runProgram(['ui', ...args, `--kubeconfig=${kubeconfig}`], terminal);
  const close = (exit: 'interrupted' | 'terminated' = 'interrupted') => {
    ending.abort({ exit, sentence: 'The command was ended.' });
    return running;
  };
  onTestFinished(async () => void (await close()));
  const url = await printed.promise;
  const ask = async (path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: await response.text() };
  };
  return { url, ask, close, said: stderr.text };
}

const objects = [3, 7, 11].map(inventoryClient);

describe('the page on loopback', () => {
  test('is at a URL that nobody guesses, and ends with Ctrl-C', async () => {
    const cluster = await startPluginCluster({ objects });
    const { url, ask, close, said } = await open(cluster);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:[0-9]+\/[A-Za-z0-9_-]{22}\/$/);
    const { status, body } = await ask('');
    expect(status).toBe(200);
    expect(body).toContain('Clients (3)');
    expect(body).toContain('The clients of all namespaces, with the rights of your kubeconfig.');
    expect(await close()).toBe(EXITS.done.code);
    expect(said()).toBe('Open this URL in your browser. Ctrl-C ends the page.\n');
    await expect(fetch(url)).rejects.toThrow();
  });

  test('says that SIGTERM ended it', async () => {
    const { close, said } = await open(await startPluginCluster({ objects }));
    expect(await close('terminated')).toBe(EXITS.terminated.code);
    expect(said()).toBe('Open this URL in your browser. Ctrl-C ends the page.\nThe command was ended.\n');
  });

  test('shows the namespace of the context by default, and reads no Secret', async () => {
    const cluster = await startPluginCluster({ objects });
    const { ask } = await open(cluster, ['-n', 'ml-agents-0']);
    expect((await ask('clients/ml-agents-0/scheduler-7')).status).toBe(200);
    expect((await ask('clients/search-0/importer-11')).status).toBe(404);
    expect(cluster.requests.filter((request) => request.includes('secrets'))).toEqual([]);
    expect(cluster.requests).toContain('list oauthclients in ml-agents-0');
  });

  test('shows what changed after the first read', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const fake = await startPluginCluster({ objects });
    const { ask } = await open(fake);
    fake.cluster.put('OAuthClient', inventoryClient(19));
    vi.setSystemTime(Date.now() + 120_000);
    expect((await ask('')).body).toContain('Clients (4)');
  });

  test('names each right that is missing, and shows the rest', async () => {
    const forbids = ['list clusterauthorizationservers', 'get configmaps'];
    const { ask } = await open(await startPluginCluster({ objects, forbids }));
    const { body } = await ask('');
    expect(body).toContain(
      '<li>Your account may not list clusterauthorizationservers.oauth-registrar.dev in this cluster.</li>',
    );
    expect(body).toContain(
      '<li>Your account may not get configmaps in namespace oauth-registrar-system. The lists of what is owed, left behind or suspected are there: ClusterRole oauth-registrar-list-viewer permits that.</li>',
    );
    expect(body).toContain('Clients (3)');
  });
});

describe('where nothing can be shown', () => {
  test.each([
    [
      'no right to list any client',
      { forbids: ['list oauthclients'] },
      'forbidden',
      'Your account may not list oauthclients.oauth-registrar.dev in namespace trial.\n',
    ],
    [
      'a cluster without the operator',
      { lacks: ['oauthclients'] },
      'unreachable',
      'This cluster does not have oauthclients.oauth-registrar.dev: install oauth-registrar, or choose another --context.\n',
    ],
  ] as const)('the command says so: %s', async (_, options, exit, stderr) => {
    const cluster = await startPluginCluster(options);
    expect(await runPlugin(['ui', '-A'], cluster)).toEqual({ code: EXITS[exit].code, stdout: '', stderr });
  });

  test.each(['0', '65536', 'http', '-1'])('--port=%s is wrong usage', async (port) => {
    const cluster = await startPluginCluster();
    expect(await runPlugin(['ui', `--port=${port}`], cluster)).toEqual({
      code: EXITS.usage.code,
      stdout: '',
      stderr: '--port has to be a number from 1 to 65535.\n',
    });
  });

  test('a port that is taken is named', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    expect(await runPlugin(['ui', `--port=${port}`], await startPluginCluster())).toMatchObject({
      code: EXITS.found.code,
      stderr: `Port ${port} of 127.0.0.1 can't be used (EADDRINUSE): choose another --port.\n`,
    });
  });
});
