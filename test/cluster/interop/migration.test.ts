import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { type Hydra, startHydra } from '../../kit/testbed/hydra.ts';
import { createProgress } from '../../kit/testbed/progress.ts';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
import { requestTokenAt } from '../../kit/testbed/token-request.ts';
import { getClusterServer, suspectedOrphans } from '../behaviour/looks.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  machine,
  namespace,
  oauthClient,
  secretData,
} from '../behaviour/objects.ts';
import { tokenRequest } from './scene.ts';

/**
 * A fleet moves from a real Hydra to a real node-oidc-provider, with a kill of the operator in the middle, while workloads
 * ask for tokens all the time. `MIGRATION_CLIENTS` says how many clients it has. Default: 2,000.
 */

const CLIENTS = Number(process.env['MIGRATION_CLIENTS'] ?? 2_000);
const PER_NAMESPACE = 100;
const LONG_MS = 600_000;
const WORKLOADS = 4;

const cluster = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });
const progress = createProgress();
const names = Array.from({ length: CLIENTS }, (_, index) => ({
  space: `fleet-${Math.floor(index / PER_NAMESPACE)}`,
  name: `client-${index}`,
}));

let hydra: Hydra;
let testbed: Testbed;

beforeAll(async () => {
  [hydra, testbed] = await Promise.all([startHydra(), startTestbed()]);
}, LONG_MS);

afterAll(async () => {
  await testbed?.stop();
  await hydra?.stop();
});

const migrate = (migration: object) =>
  testbed.kubectl('patch', 'coas', 'old', '--type=merge', '-p', JSON.stringify({ spec: { migration } }));

async function listClients(): Promise<readonly OAuthClient[]> {
  const { items } = JSON.parse(await testbed.kubectl('get', 'oac', '-A', '-o', 'json')) as {
    items: readonly OAuthClient[];
  };
  return items;
}

const isReady = (client: OAuthClient) => conditionOf(client, 'Ready')?.status === 'True';

/** Workloads that read their Secret and ask for a token, one request after the other, until they are stopped. */
function startWorkloads() {
  const failures: string[] = [];
  let tokens = 0;
  let isOver = false;
  const work = async (first: number) => {
    for (let at = first; !isOver; at = (at + WORKLOADS) % CLIENTS) {
      const { space = '', name = '' } = names[at] ?? {};
      const secret = (await secretData(testbed, space, name)) ?? {};
      const { status, body } = await requestTokenAt(
        secret['token_endpoint'] ?? '',
        tokenRequest(secret, 'read'),
      );
      tokens += 1;
      if (status !== 200) {
        failures.push(`${space}/${name} at ${secret['issuer']}: ${status} ${String(body['error'])}`);
      }
    }
  };
  const done = Promise.all(Array.from({ length: WORKLOADS }, (_, first) => work(first)));
  return {
    stop: async () => {
      isOver = true;
      await done;
      return { tokens, failures };
    },
  };
}

it(
  `${CLIENTS} clients move from Hydra to oidc-provider: nothing is lost, and each has a credential that works at any moment`,
  async () => {
    const spaces = [...new Set(names.map(({ space }) => space))];
    await testbed.apply(
      all(
        credential(testbed.server.initialAccessToken ?? ''),
        clusterServer(hydra.issuer, 'old', {
          dialect: 'hydra',
          registration: { admission: { open: {} } },
          connection: { maxInFlight: 16 },
        }),
        clusterServer(testbed.server.issuer, 'new', { connection: { maxInFlight: 16 } }),
        ...spaces.map((space) => namespace(space)),
      ),
    );
    await progress.step(`Registering ${CLIENTS} clients at Hydra`, async (update) => {
      for (const space of spaces) {
        const own = names.filter((one) => one.space === space);
        await testbed.apply(
          all(
            ...own.map(({ name }) => oauthClient(space, name, { client: machine, server: cluster('old') })),
          ),
        );
        update(space);
      }
      await eventually(
        listClients,
        (clients) => clients.length === CLIENTS && clients.every(isReady),
        LONG_MS,
      );
    });
    expect(await hydra.clients()).toHaveLength(CLIENTS);

    const workloads = startWorkloads();
    await migrate({ to: cluster('new'), maxConcurrent: 50, overlap: '1h' });
    const untilMoved = (least: number) =>
      eventually(
        () => getClusterServer(testbed, 'old'),
        ({ status }) => (status?.migration?.moved ?? 0) >= least,
        LONG_MS,
      );
    await progress.step('Moving the first third, then the operator is killed', async () => {
      await untilMoved(CLIENTS / 3);
      process.kill(testbed.operator.pid, 'SIGKILL');
      await testbed.operator.exited;
      await testbed.startOperator();
    });
    await progress.step('Moving the rest', () => untilMoved(CLIENTS));
    const { tokens, failures } = await workloads.stop();
    progress.note(`The workloads got ${tokens} tokens.`);
    expect(failures).toEqual([]);
    expect(tokens).toBeGreaterThan(CLIENTS / 10);

    const moved = await listClients();
    expect(
      moved.filter((client) => !isReady(client) || client.status?.issuer !== testbed.server.issuer),
    ).toEqual([]);
    const there = new Set(testbed.server.clients().map(({ client_id: id }) => id));
    expect(moved.every(({ status }) => there.has(status?.clientId ?? ''))).toBe(true);
    // A registration that was under way at the kill is reported, whether it reached the server or not.
    expect(there.size - CLIENTS).toBeLessThanOrEqual((await suspectedOrphans(testbed)).length);
    expect(await hydra.clients()).toHaveLength(CLIENTS);

    await progress.step('Ending the former clients', async () => {
      await migrate({ overlap: '0s' });
      await eventually(
        () => getClusterServer(testbed, 'old'),
        ({ status }) => status?.clients === 0,
        LONG_MS,
      );
      expect(await hydra.clients()).toEqual([]);
    });
  },
  2 * LONG_MS,
);
