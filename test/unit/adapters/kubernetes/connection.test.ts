import { rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { connect } from '../../../../src/adapters/kubernetes/connection.ts';
import { writeKubeconfig } from '../../../kit/fakes/fake-api-server.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';
import { scratchFolder } from '../../../kit/scratch-folder.ts';

const server = 'https://127.0.0.1:6443/k8s/clusters/c-1/';

async function open(
  user: object,
  cluster: { readonly server: string; readonly proxyUrl?: string } = { server },
) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  return {
    clock,
    log,
    connection: await connect({ kubeconfig: writeKubeconfig({ ...cluster, user }), clock, log }),
  };
}

function tokenFile(token: string): string {
  const path = join(scratchFolder(), 'token');
  writeFileSync(path, token);
  return path;
}

describe('connect', () => {
  test('splits the address of the server and knows the namespace', async () => {
    const { connection } = await open({ token: 't' });
    expect(connection).toMatchObject({
      origin: 'https://127.0.0.1:6443',
      pathPrefix: '/k8s/clusters/c-1',
      namespace: 'trial',
    });
  });

  test.each([
    ['a token', { token: 't' }, 'Bearer t'],
    ['a token that ends in a newline', { token: 't\n' }, 'Bearer t'],
    ['user and password', { username: 'u', password: 'p' }, 'Basic dTpw'],
  ])('authenticates with %s', async (_, user, authorization) => {
    const { connection } = await open(user);
    expect(await connection.headers()).toEqual({ authorization, 'user-agent': 'oauth-registrar' });
  });

  test('impersonates whom the kubeconfig names', async () => {
    const { connection } = await open({ token: 't', as: 'other' });
    expect(await connection.headers()).toMatchObject({ 'impersonate-user': 'other' });
  });

  test('fails where the credentials cannot be read at first', async () => {
    const user = { 'auth-provider': { name: 'tokenFile', config: { tokenFile: '/nowhere/token' } } };
    await expect(open(user)).rejects.toThrow('/nowhere/token');
  });
});

test.each([
  ['the API server', {}],
  ['the proxy before it', { proxyUrl: 'http://127.0.0.1:1' }],
])('P10: each address of %s is tried for 2.5 s', async (_, cluster) => {
  const attempts = vi.spyOn(net, 'connect');
  const { connection } = await open({ token: 't' }, { server: 'http://127.0.0.1:1', ...cluster });
  const call = connection.calls().request({ origin: connection.origin, path: '/', method: 'GET' });
  await expect(call).rejects.toThrow();
  expect(attempts.mock.calls).toMatchObject([
    [{ port: '1', autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2_500 }],
  ]);
  attempts.mockRestore();
  await connection.close();
});

describe('credentials', () => {
  test('are asked of an exec plugin again when they are over', async () => {
    const count = tokenFile('');
    const script = `echo x >> ${count}; echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t'$(wc -l < ${count})'","expirationTimestamp":"2000-01-01T00:00:00Z"}}'`;
    const { connection, clock } = await open({ exec: { command: 'sh', args: ['-c', script] } });
    expect(await connection.headers()).toMatchObject({ authorization: 'Bearer t1' });
    await clock.advance(30_000);
    expect(await connection.headers()).toMatchObject({ authorization: 'Bearer t2' });
    expect(await connection.headers(), 'asked at most each 30 s').toMatchObject({
      authorization: 'Bearer t2',
    });
  });

  test('stay in use, and the failure is reported, while the certificate cannot be read', async () => {
    const path = tokenFile('certificate');
    const { connection, clock, log } = await open({ token: 't', 'client-certificate': path });
    rmSync(path);
    await clock.advance(30_000);
    expect(await connection.headers()).toMatchObject({ authorization: 'Bearer t' });
    expect(log.lines).toEqual([
      expect.stringMatching(/^warn credentials for the API server could not be read/),
    ]);
  });

  test('make new connections when the certificate changes, and keep them while it does not', async () => {
    const path = tokenFile('one');
    const { connection, clock } = await open({ 'client-certificate': path });
    const first = [connection.calls(), connection.watches()];
    await clock.advance(30_000);
    await connection.headers();
    expect([connection.calls(), connection.watches()]).toEqual(first);
    writeFileSync(path, 'two');
    await clock.advance(30_000);
    await connection.headers();
    expect(connection.calls()).not.toBe(first[0]);
    expect(connection.watches()).not.toBe(first[1]);
  });
});
