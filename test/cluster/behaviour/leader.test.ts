import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { fetchText, suspectedOrphans } from './looks.ts';
import { conditionOf, eventually, OPERATOR_NAMESPACE, oauthClient, platformOf } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

let standby: OperatorProcess;

const testbed = useTestbed({ flags: ['--identity=pod-a'] });
const shop = teamIn(testbed, 'shop');

beforeAll(async () => {
  await testbed.apply(platformOf(testbed));
  standby = await replica('pod-b');
});

afterAll(async () => {
  await standby?.stop('SIGKILL');
});

/** Different pods: a call that one of them left under way is not touched by the other until its deadline is past. */
const replica = (identity: string) =>
  startOperator({
    kubeconfig: testbed.operatorKubeconfig,
    namespace: OPERATOR_NAMESPACE,
    flags: [`--identity=${identity}`],
  });
const isWorking = ({ lines }: OperatorProcess) => lines.some(({ msg }) => msg === 'working');
const isLeader = async ({ port }: OperatorProcess) =>
  /^oauth_registrar_leader\S* 1$/m.test((await fetchText(port, '/metrics')).text);

it('Of two replicas one works; the other takes over when it is stopped, and no client is lost when that one is killed', {
  timeout: 400_000,
}, async () => {
  // One works; both are alive and ready and have metrics.
  await testbed.apply(oauthClient('shop', 'one'));
  await shop.until('one', 'Registered', 20_000);
  expect([isWorking(testbed.operator), isWorking(standby)]).toEqual([true, false]);
  for (const operator of [testbed.operator, standby]) {
    expect((await fetchText(operator.port, '/livez')).status).toBe(200);
    expect((await fetchText(operator.port, '/readyz')).status).toBe(200);
    expect((await fetchText(operator.port, '/metrics')).text).toContain('# HELP');
  }
  expect([await isLeader(testbed.operator), await isLeader(standby)]).toEqual([true, false]);
  expect(testbed.server.clients()).toHaveLength(1);

  // The other takes over at once when the first is stopped.
  const stopped = testbed.operator.stop('SIGTERM');
  const start = Date.now();
  expect(await stopped).toBe(0);
  await eventually(
    () => standby,
    (operator) => isWorking(operator),
    15_000,
  );
  const handedOverMs = Date.now() - start;
  console.log(`handed over in ${handedOverMs} ms`);
  // At most 1.2 s until the other one reads the Lease; then its watches start, which takes long on a loaded machine.
  expect(handedOverMs).toBeLessThan(8_000);
  await testbed.apply(oauthClient('shop', 'two'));
  await shop.until('two', 'Registered', 20_000);
  expect(testbed.server.clients()).toHaveLength(2);

  // The leader is killed amid 50 creations: each client is recorded or a listed suspect.
  const [leader, other] = [standby, await replica('pod-c')];
  const path = '/apis/oauth-registrar.dev/v1alpha1/namespaces/shop/oauthclients';
  const names = Array.from({ length: 50 }, (_, index) => `burst-${index}`);
  const held = holdAnswersAfter(ANSWERED);
  const answers = await Promise.all(
    names.map((name) =>
      testbed.controlPlane.admin.request('POST', path, JSON.parse(oauthClient('shop', name))),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  // The server has made clients whose answers were not read, and every answer that was read is recorded.
  await eventually(
    async () => ({ held: held.count(), recorded: await recorded() }),
    (seen) => seen.held === IN_FLIGHT && seen.recorded === ANSWERED + 2,
    20_000,
  );
  await leader.stop('SIGKILL');
  held.letGo();
  standby = other;
  const killedAt = Date.now();
  await eventually(
    () => isWorking(other),
    (works) => works,
    40_000,
  );
  const tookOverMs = Date.now() - killedAt;
  await eventually(
    async () => {
      const { json } = await testbed.controlPlane.admin.request<{ items: OAuthClient[] }>('GET', path);
      return json.items
        .filter((client) => conditionOf(client, 'Ready')?.status !== 'True')
        .map((client) => `${client.metadata.name}: ${conditionOf(client, 'Ready')?.message}`);
    },
    (unready) => unready.length === 0,
    240_000,
  );
  const suspects = await suspectedOrphans(testbed);
  console.log(`took over in ${tookOverMs} ms, all ready after ${Date.now() - killedAt} ms`);
  expect({
    atTheServer: testbed.server.clients().length,
    recorded: await recorded(),
    suspected: suspects.length,
  }).toEqual({ atTheServer: 52 + IN_FLIGHT, recorded: 52, suspected: IN_FLIGHT });
  const ids = new Set(testbed.server.clients().map(({ client_id }) => client_id));
  const { json } = await testbed.controlPlane.admin.request<{ items: OAuthClient[] }>('GET', path);
  expect(json.items.filter(({ status }) => !ids.has(status?.clientId ?? ''))).toEqual([]);
});

const ANSWERED = 20;
/** `connection.maxInFlight` by default. */
const IN_FLIGHT = 16;

async function recorded(): Promise<number> {
  const names = await testbed.kubectl(
    '-n',
    OPERATOR_NAMESPACE,
    'get',
    'secrets',
    '-l',
    'oauth-registrar.dev/registration',
    '-o',
    'name',
  );
  return names.split('\n').filter(Boolean).length;
}

/** Answers the first `answered` registrations; later ones are made at the server, and their answers held back. */
function holdAnswersAfter(answered: number): { readonly count: () => number; readonly letGo: () => void } {
  let seen = 0;
  const released = Promise.withResolvers<void>();
  const remove = testbed.server.intercept(({ method, url }, response) => {
    if (method === 'POST' && url === '/reg') {
      seen += 1;
      if (seen > answered) {
        const end = response.end.bind(response);
        response.end = ((body?: string) => {
          void released.promise.then(() => end(body));
          return response;
        }) as typeof response.end;
      }
    }
    return false;
  });
  return {
    count: () => Math.max(0, seen - answered),
    letGo: () => {
      remove();
      released.resolve();
    },
  };
}
