import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { VERSION } from '../../../src/api/version.ts';
import { EXITS } from '../../../src/cli/failure.ts';
import { COMMANDS, runProgram } from '../../../src/cli/program.ts';
import { writeKubeconfig } from '../../kit/fakes/fake-api-server.ts';
import { runPlugin, startPluginCluster } from '../../kit/fakes/plugin.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';

const anywhere = () => ({ kubeconfig: writeKubeconfig({ server: 'http://127.0.0.1:1', user: {} }) });

describe('the help', () => {
  test('names every command and every exit code', async () => {
    const { code, stdout } = await runPlugin(['--help'], anywhere());
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) {
      expect(stdout).toContain(` ${name}`);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(summary);
    }
    for (const { code: exit, means } of Object.values(EXITS)) {
      expect(stdout).toMatch(new RegExp(`^ +${exit} +${means}$`, 'm'));
    }
  });

  test.each(COMMANDS.map(({ name }) => name))(
    'of %s names the common flags and the exit codes',
    async (name) => {
      const { code, stdout } = await runPlugin([name, '--help'], anywhere());
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: kubectl oauthclient ${name}`);
      expect(stdout).toContain('-n, --namespace <NAMESPACE>');
      expect(stdout).toContain('Exit codes:');
    },
  );
});

test('the version is that of the package', async () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8');
  expect(VERSION).toBe((JSON.parse(text) as { version: string }).version);
  expect(await runPlugin(['--version'], anywhere())).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
});

test('a sentence shows control characters of a server as text', async () => {
  const { kubeconfig } = await startPluginCluster({
    objects: [clientObject({}, {}, { clientId: '\u001b]0;c1' })],
  });
  const run = await runPlugin(['adopt', 'storefront', '-n', 'shop', '--secret=s'], { kubeconfig });
  expect(run).toEqual({
    code: EXITS.found.code,
    stdout: '',
    stderr:
      'OAuthClient shop/storefront has client \\u{1b}]0;c1 already, so it can not adopt another one. Use another OAuthClient.\n',
  });
});

describe('bad input', () => {
  test.each([
    ['no command', [], /^Usage: kubectl oauthclient/],
    ['an unknown command', ['stauts'], /^error: unknown command 'stauts'\n\(Did you mean status\?\)\n$/],
    ['an unknown flag', ['status', 'x', '--frobnicate'], /^error: unknown option '--frobnicate'\n$/],
    [
      'too many names',
      ['status', 'x', 'y'],
      /^error: too many arguments for 'status'\. Expected 1 argument but got 2: x, y\.\n$/,
    ],
    [
      'an unknown format',
      ['status', 'x', '-o', 'xml'],
      /^error: option '-o, --output <FORMAT>' argument 'xml' is invalid\. Allowed choices are json, yaml, name\.\n$/,
    ],
  ])('%s is wrong usage', async (_, args, stderr) => {
    const run = await runPlugin(args, anywhere());
    expect(run).toMatchObject({ code: EXITS.usage.code, stdout: '' });
    expect(run.stderr).toMatch(stderr);
  });

  test.each([
    ['status', '-A'],
    ['status', '--selector=team=shop'],
    ['check', '-A'],
    ['check', '--selector=team=shop'],
  ])('%s of one object with %s', async (command, flag) => {
    expect(await runPlugin([command, 'x', flag], anywhere())).toEqual({
      code: EXITS.usage.code,
      stdout: '',
      stderr: 'This is about one object: leave -A and -l out, and use -n.\n',
    });
  });

  test.each([
    ['reconcile', 'x'],
    ['rotate', 'x'],
    ['suspend', 'x'],
    ['resume', 'x'],
    ['adopt', 'x'],
    ['abandon', 'x'],
    ['resolve', 'x'],
    ['ui'],
    ['debug'],
  ])('-o of %s', async (...args) => {
    expect(await runPlugin([...args, '-o', 'json'], anywhere())).toEqual({
      code: EXITS.usage.code,
      stdout: '',
      stderr: `${args[0]} prints no objects: leave -o out.\n`,
    });
  });

  test('no kubeconfig', async () => {
    expect(await runPlugin(['status', 'x'], { kubeconfig: '/none' })).toEqual({
      code: EXITS.unreachable.code,
      stdout: '',
      stderr: "There is no cluster to ask: ENOENT: no such file or directory, open '/none'.\n",
    });
  });

  test('a context that the kubeconfig does not have', async () => {
    expect(await runPlugin(['status', 'x', '--context=other'], anywhere())).toEqual({
      code: EXITS.unreachable.code,
      stdout: '',
      stderr: 'There is no cluster to ask: the kubeconfig has no context "other".\n',
    });
  });

  test('no API server', async () => {
    expect(await runPlugin(['status', 'x'], anywhere())).toEqual({
      code: EXITS.unreachable.code,
      stdout: '',
      stderr: 'The API server does not answer: connect ECONNREFUSED 127.0.0.1:1.\n',
    });
  });

  test('a session that ended', async () => {
    const server = createServer((_, response) => {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({ kind: 'Status', code: 401, reason: 'Unauthorized', message: 'Unauthorized' }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const kubeconfig = writeKubeconfig({ server: `http://127.0.0.1:${port}`, user: { token: 'over' } });
    expect(await runPlugin(['status', 'x'], { kubeconfig })).toEqual({
      code: EXITS.unreachable.code,
      stdout: '',
      stderr: 'The API server does not accept your credentials: log in again, or choose another --context.\n',
    });
  });

  test('what no command foresees is one sentence', async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    stdout.write = () => {
      throw new TypeError("Cannot read properties of undefined (reading 'x')");
    };
    const { signal } = new AbortController();
    const code = await runProgram(['completion'], { stdin: new PassThrough(), stdout, stderr, signal });
    expect([code, String(stderr.read())]).toEqual([
      EXITS.fault.code,
      "The plugin has a fault: Cannot read properties of undefined (reading 'x').\n",
    ]);
  });

  test('Ctrl-C', async () => {
    const { kubeconfig } = await startPluginCluster();
    const failure = { exit: 'interrupted', sentence: 'Interrupted.' };
    const ending = new AbortController();
    const running = runPlugin(['status', 'x'], { kubeconfig, signal: ending.signal });
    ending.abort(failure);
    expect(await running).toMatchObject({ code: EXITS.interrupted.code, stderr: 'Interrupted.\n' });
  });
});
