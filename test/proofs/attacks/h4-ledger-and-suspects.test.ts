import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { reply, type StubServer } from '../../kit/stub-server.ts';
import { startBystander } from './kit/bystander.ts';
import { machineClient, ownRef, ownServer } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const SERVERS = 6;
const CLIENTS = 1_536;
/** Objects that are created at once: this test loads the operator, not the API server. */
const AT_ONCE = 8;
/** The limit of `shares.ts` for one namespace at its own servers. */
const MOST_UNDER_WAY = 32;
const MOST_BYTES = 700 * 1024;

/** The longest name that Kubernetes permits. */
const long = (start: string): string => start.padEnd(253, 'x');

/** Answers the first registration, and holds the others until `released` resolves; then it fails them all. */
async function holding(released: Promise<unknown>): Promise<{ server: StubServer; held: () => number }> {
  const server = await target.server();
  const words = '€'.repeat(300);
  const count = { posts: 0, held: 0 };
  server.behave = {
    register: async (exchange) => {
      count.posts += 1;
      if (count.posts === 1) {
        return exchange.properly();
      }
      count.held += 1;
      await released;
      count.held -= 1;
      return reply(500, { error: words, error_description: words })(exchange);
    },
  };
  return { server, held: () => count.held };
}

async function sizeOf(name: string): Promise<{ readonly keys: number; readonly bytes: number }> {
  const data = ((await target.admin.get('ConfigMap', name))?.['data'] ?? {}) as Record<string, string>;
  const values = Object.values(data);
  return { keys: values.length, bytes: values.reduce((sum, value) => sum + Buffer.byteLength(value), 0) };
}

test("H4: a tenant's servers that hold every call and then fail don't stop others from registering, editing and deleting", async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('admin');
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const servers = await Promise.all(Array.from({ length: SERVERS }, () => holding(released)));
  const held = () => servers.reduce((sum, one) => sum + one.held(), 0);
  const most = { held: 0, ledger: 0 };

  await bystander.during(async () => {
    const connection = { timeout: '2m', maxInFlight: 256 };
    await attacker.createOrFail(
      ...servers.map(({ server }, index) => ownServer(long(`s${index}-`), server.issuer, { connection })),
    );
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      machineClient(long(`c${index}-`), { server: ownRef(long(`s${index % SERVERS}-`)) }),
    );
    const answers = await attacker.createAll(clients, AT_ONCE);
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    for (let looks = 0; looks < 10; looks += 1) {
      most.held = Math.max(most.held, held());
      most.ledger = Math.max(most.ledger, (await sizeOf('oauth-registrar-ledger')).bytes);
      await sleep(500);
    }
    release();
    await sleep(15_000);
  });
  await bystander.judge();

  expect.soft(most.held).toBeGreaterThan(0);
  expect.soft(most.held).toBeLessThanOrEqual(MOST_UNDER_WAY);
  expect.soft(most.ledger).toBeLessThan(MOST_BYTES);
  const suspects = await sizeOf('oauth-registrar-suspected-orphans-namespaced');
  expect.soft(suspects.keys).toBeGreaterThanOrEqual(SERVERS);
  expect.soft(suspects.bytes).toBeLessThan(MOST_BYTES);
  // Lost registrations are listed, and leave the ledger without help.
  await expect
    .poll(async () => (await sizeOf('oauth-registrar-ledger')).keys, { timeout: 20_000 })
    .toBeLessThan(10);
});
