import { describe, expect, test } from 'vitest';
import { EXITS } from '../../../../src/cli/failure.ts';
import { runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { clientObject } from '../../../kit/fixtures/objects.ts';

const OBJECTS = [
  clientObject({}, {}, { clientId: '=cmd|calc', issuer: 'https://sso.example.com' }),
  clientObject({ name: 'other', uid: 'uid-2', namespace: 'other' }, {}, { clientId: 'c2' }),
];

async function run(args: readonly string[], forbids: readonly string[] = []) {
  const plugin = await startPluginCluster({ objects: OBJECTS, forbids });
  return { ...(await runPlugin(['export', ...args], plugin)), requests: plugin.requests };
}

describe('export', () => {
  test('as CSV, in which nothing is a formula', async () => {
    const { code, stdout, stderr, requests } = await run(['-n', 'shop', '--format=csv']);
    const [head, row, end] = stdout.split('\r\n');
    expect([code, stderr, end]).toEqual([0, '', '']);
    expect(head).toMatch(/^namespace,name,server,issuer,client_id,ready,reason,message,/);
    expect(row).toContain(",https://sso.example.com,'=cmd|calc,");
    expect(requests.filter((one) => one.includes('secrets'))).toEqual([]);
  });

  test('as CSV, whose control characters reach a file and no terminal', async () => {
    const objects = [clientObject({}, {}, { clientId: 'c\u009b2J' })];
    const plugin = await startPluginCluster({ objects });
    const args = ['export', '-n', 'shop', '--format=csv'];
    const shown = await runPlugin(args, { ...plugin, showsOnTerminal: true });
    expect(shown.stdout).toContain(',c\\u{9b}2J,');
    expect(shown.stdout.split('\r\n')).toHaveLength(3);
    expect((await runPlugin(args, plugin)).stdout).toContain(',c\u009b2J,');
  });

  test('as JSON, with the same names', async () => {
    const rows = JSON.parse((await run(['-A', '--format=json'])).stdout) as readonly object[];
    expect(rows).toMatchObject([{ client_id: '=cmd|calc' }, { namespace: 'other', client_id: 'c2' }]);
  });

  test('as a table', async () => {
    const [head, ...rows] = (await run(['-A'])).stdout.trimEnd().split('\n');
    expect(head).toMatch(/^NAMESPACE +NAME +SERVER +ISSUER +CLIENT_ID/);
    expect(rows).toHaveLength(2);
  });

  test('says what a right lacks, and goes on without it', async () => {
    const { code, stderr } = await run(['-n', 'shop'], ['list clusterauthorizationservers']);
    expect([code, stderr]).toEqual([
      0,
      'Ends of registrations at such servers are not known: Your account may not list clusterauthorizationservers.oauth-registrar.dev in this cluster.\n',
    ]);
  });

  test('names the right without which there is nothing', async () => {
    const { code, stderr } = await run(['-A'], ['list oauthclients']);
    expect([code, stderr]).toEqual([
      EXITS.forbidden.code,
      'Your account may not list oauthclients.oauth-registrar.dev in all namespaces.\n',
    ]);
  });

  test.each([['--format=xml'], ['-o', 'json']])('%s is wrong usage', async (...args) => {
    expect(await run(args)).toMatchObject({
      code: EXITS.usage.code,
      stderr: '--format is table, csv or json, and takes the place of -o.\n',
    });
  });
});
