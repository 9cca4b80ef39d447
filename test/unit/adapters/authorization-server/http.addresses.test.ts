import { expect, test } from 'vitest';
import { createEgressGuard } from '../../../../src/adapters/authorization-server/egress.ts';
import { client, connectProxy, http, post, within } from '../../../kit/fakes/local-servers.ts';
import { slowToConnect } from '../../../kit/fakes/slow-to-connect.ts';

const UNREACHABLE = { address: '::1', family: 6 } as const;
const LOCAL = { address: '127.0.0.1', family: 4 } as const;

/** Names that end in `.example` have these addresses. */
const guardOf = (...addresses: (typeof UNREACHABLE | typeof LOCAL)[]) =>
  createEgressGuard({
    allowed: ['127.0.0.0/8', '::1'],
    resolve: (_hostname, _options, callback) => callback(null, [...addresses]),
  });

test('P10: a server that is slow to connect is waited for, though another of its addresses has no route', async () => {
  const port = await slowToConnect(400);
  const guard = guardOf(LOCAL, UNREACHABLE);
  const outcome = await client({ guard }).send(post(`http://dual.example:${port}/`), within(8_000));
  expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
});

test('P10: so is the proxy that the server object names', async () => {
  const port = await slowToConnect(400);
  const transport = { version: 'own', proxyUrl: `http://proxy.example:${port}` };
  const outcome = await client({ guard: guardOf(LOCAL, UNREACHABLE) }).send(post('http://as.example/'), {
    ...within(8_000),
    transport,
  });
  // It is no proxy: what counts is that it answered.
  expect(outcome).toMatchObject({ kind: 'notSent', detail: expect.stringMatching(/closed|answered/) });
});

test('P10: an address without a route is passed over', async () => {
  const url = new URL(await http((_request, response) => response.end('{}')));
  const guard = guardOf(UNREACHABLE, LOCAL);
  const proxy = await connectProxy();
  const caller = client({ guard });
  const direct = await caller.send(post(`http://dual.example:${url.port}/`), within(5_000));
  const transport = { version: 'own', proxyUrl: `http://proxy.example:${proxy.port}` };
  const tunnelled = await caller.send(post(`http://as.example:${url.port}/`), {
    ...within(5_000),
    transport,
  });
  expect([direct, tunnelled]).toMatchObject([{ kind: 'answered' }, { kind: 'answered' }]);
});
