import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { reply } from '../../kit/stub-server.ts';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, ownServer } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const port = () => target.pod.operator.port;
const metrics = async () => (await fetch(`http://127.0.0.1:${port()}/metrics`)).text();

test('M11: metrics show nothing about tenants, and tenants choose no label', async () => {
  const attacker = await target.tenant('admin');
  const evil = await target.server({
    discovery: (exchange) => reply(201 + evil.count('discovery'))(exchange),
  });
  await attacker.createAll(
    Array.from({ length: 20 }, (_, index) => ownServer(`odd-${index}`, `${evil.issuer}/odd-${index}`)),
  );
  await attacker.until('AuthorizationServer', 'odd-19', (seen) => conditionOf(seen, 'Ready') !== undefined);
  await sleep(1_100);
  const text = await metrics();
  const labels = (name: string) =>
    new Set([...text.matchAll(new RegExp(`${name}="([^"]*)"`, 'g'))].map(([, value]) => value));
  expect([...labels('server')].sort()).toEqual(['AuthorizationServer', 'corporate']);
  for (const outcome of labels('outcome')) {
    expect(outcome).toMatch(/^([2345]xx|401|403|429|[A-Z][A-Za-z]+|other)$/);
  }
  expect(text).not.toContain(attacker.namespace);
  expect(text).not.toContain(evil.issuer);
});

test('M11: thousands of idle connections are closed, and the port stays usable', async () => {
  const bystander = await startBystander(target);
  const sockets = new Set<Socket>();
  await bystander.during(async () => {
    for (let count = 0; count < 3_000; count += 1) {
      const socket = connect({ port: port(), host: '127.0.0.1', localAddress: '127.0.0.2' });
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => sockets.delete(socket))
        .resume();
      if (count % 50 === 0) {
        await sleep(5);
      }
    }
    const probe = await fetch(`http://127.0.0.1:${port()}/livez`, { signal: AbortSignal.timeout(5_000) });
    expect(probe.status).toBe(200);
    await expect.poll(() => sockets.size, { timeout: 5_000 }).toBeLessThan(200);
    await expect.poll(() => sockets.size, { timeout: 15_000 }).toBe(0);
    // As fast as possible, eight at a time.
    const end = performance.now() + 10_000;
    const readers = Array.from({ length: 8 }, async () => {
      while (performance.now() < end) {
        await metrics().catch(() => undefined);
      }
    });
    await Promise.all(readers);
  });
  await bystander.judge();
});
