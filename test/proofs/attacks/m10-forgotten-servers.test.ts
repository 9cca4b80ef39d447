import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { pooled } from '../../bench/pace.ts';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, ownServer } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const COUNT = 800;

/** An idle operator collects its garbage after 5 s, at most once in 20 s. */
const COLLECTED_SECONDS = 26;

/** Size of V8's heap in MB, after the operator has been idle for a while. */
async function heap(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < COLLECTED_SECONDS; look += 1) {
    await sleep(1_000);
    const text = await (await fetch(`http://127.0.0.1:${target.pod.operator.port}/metrics`)).text();
    least = Math.min(least, Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]) / 1e6);
  }
  return least;
}

test('M10: server objects that are created and deleted leave nothing in memory', async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('admin');
  const evil = await target.server({
    discovery: ({ request, response }) => {
      const [, name = ''] = /\/(s\d+)/.exec(request.url ?? '') ?? [];
      const issuer = `${evil.issuer}/${name}`;
      const address = (what: string) => `${issuer}/${what}/${name.repeat(400)}`.slice(0, 2_000);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          issuer,
          registration_endpoint: address('register'),
          authorization_endpoint: address('authorize'),
          token_endpoint: address('token'),
          jwks_uri: address('jwks'),
          userinfo_endpoint: address('userinfo'),
          revocation_endpoint: address('revoke'),
          introspection_endpoint: address('introspect'),
          end_session_endpoint: address('end'),
          device_authorization_endpoint: address('device'),
          pushed_authorization_request_endpoint: address('par'),
          backchannel_authentication_endpoint: address('ciba'),
        }),
      );
    },
  });
  const live = async (index: number) => {
    const name = `s${index}`;
    await attacker.createOrFail(ownServer(name, `${evil.issuer}/${name}`));
    await attacker.until('AuthorizationServer', name, (seen) => conditionOf(seen, 'Ready') !== undefined);
    await attacker.remove('AuthorizationServer', name);
  };
  const all = (from: number, to: number) => pooled(to - from, 8, (index) => live(from + index));
  await all(0, 50);
  const before = await heap();
  await bystander.during(() => all(50, 50 + COUNT));
  const after = await heap();
  console.log(`heap ${before.toFixed(1)} MB, after ${COUNT} server objects ${after.toFixed(1)} MB`);
  expect(((after - before) * 1_000) / COUNT, 'kB each').toBeLessThan(6);
  await bystander.judge();
});
