import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { OAUTH_CLIENTS, watchClients } from './client-watch.ts';

const client = (name: string, status: 'True' | 'False') => ({
  metadata: { namespace: 'shop', name, generation: 1 },
  status: { conditions: [{ type: 'Ready', status, observedGeneration: 1 }] },
});

/** Lists two clients, of which one is ready; further events are sent by the test. */
async function startFake(endMs: number) {
  const watching = Promise.withResolvers<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.url?.includes('watch=1') === true) {
      response.flushHeaders();
      watching.resolve(response);
      return;
    }
    const items = [client('one', 'True'), client('two', 'False')];
    response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const agent = new Agent();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const watch = await watchClients(agent, origin, 'token', OAUTH_CLIENTS, endMs);
  onTestFinished(async () => {
    watch.stop();
    server.closeAllConnections();
    server.close();
    await agent.close();
  });
  const tell = async (object: object) => {
    (await watching.promise).write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`);
  };
  return { watch, tell };
}

test('a client that never becomes ready is waited for until nothing happens any more', async () => {
  const { watch } = await startFake(100);
  expect(await watch.holdsInTheEnd(() => watch.ready() === 2)).toBe(false);
  expect([watch.ready(), watch.total()]).toEqual([1, 2]);
  expect(watch.lastReadyAt()).toBe(watch.readyAt('shop/one'));
});

test('as soon as all are ready nothing is waited for', async () => {
  const { watch, tell } = await startFake(10_000);
  const all = watch.holdsInTheEnd(() => watch.ready() === 2);
  await tell(client('two', 'True'));
  expect(await all).toBe(true);
  expect(watch.lastReadyAt()).toBe(watch.readyAt('shop/two'));
});
