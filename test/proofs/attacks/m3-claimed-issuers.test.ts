import { beforeAll, describe, expect, test } from 'vitest';
import { type Bystander, startBystander } from './kit/bystander.ts';
import { conditionOf, credential, isReady, machineClient, ownRef, ownServer } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

let attacker: Tenant;
let victim: Tenant;
let bystander: Bystander;
const target = useTarget({ corporate: { policy: { adoption: 'Allow' } } });
beforeAll(async () => {
  attacker = await target.tenant('admin');
  victim = await target.tenant('edit');
  bystander = await startBystander(target);
});

/** A server of the attacker that claims to be the platform's. It answers with these client_ids in turn. */
async function impostor(name: string, ids: readonly string[]): Promise<void> {
  const server = await target.server();
  const next = ids[Symbol.iterator]();
  server.nameClient = () => next.next().value ?? 'no-more';
  await attacker.createOrFail(
    ownServer(name, target.corporate.issuer, {
      discovery: { mode: 'None' },
      registration: { endpoint: `${server.issuer}/reg`, admission: { open: {} } },
    }),
  );
}

/** Everything that the attacker can read about its own object. */
const seenOf = async (name: string): Promise<string> => {
  const events = (await attacker.list('Event')).filter((event) => event['regarding']?.name === name);
  return JSON.stringify([await attacker.get('OAuthClient', name), events]);
};

const isTold = (object: Parameters<typeof isReady>[0]): boolean =>
  isReady(object) || conditionOf(object, 'Stalled')?.['status'] === 'True';

describe('M3: a server object may claim any issuer', () => {
  test("the owner of a client_id isn't shown to another namespace", async () => {
    const storefront = await victim.ready(machineClient('storefront'));
    await impostor('curious', [storefront['status'].clientId]);
    await attacker.createOrFail(machineClient('mine', { server: ownRef('curious') }));
    await attacker.until('OAuthClient', 'mine', isTold);
    const seen = await seenOf('mine');
    expect(seen).not.toContain('storefront');
    expect(seen).not.toContain(victim.namespace);
  });

  test('client_ids that the attacker recorded first block no registration and no deregistration of others', async () => {
    const ids = ['1001', '1002', '1003'];
    await bystander.during(async () => {
      await impostor('squatter', ids);
      for (const id of ids) {
        await attacker.createOrFail(machineClient(`squat-${id}`, { server: ownRef('squatter') }));
        await attacker.until('OAuthClient', `squat-${id}`, isTold);
      }
    });
    const named = target.corporate.nameClient;
    const numbers = ids[Symbol.iterator]();
    target.corporate.nameClient = () => numbers.next().value ?? 'no-more';
    const web = await victim.ready(machineClient('web'));
    expect(web['status'].clientId).toBe('1001');
    await victim.remove('OAuthClient', 'web');
    await expect.poll(() => target.corporate.clients.has('1001'), { timeout: 20_000 }).toBe(false);
    await victim.until('OAuthClient', 'web', (object) => object === undefined);
    target.corporate.nameClient = named;
  });

  test('a client that the attacker claims can still be adopted', async () => {
    const grown = {
      client_id: 'legacy-portal',
      client_secret: 'legacy-secret-of-the-portal',
      registration_access_token: 'legacy-token-of-the-portal',
      registration_client_uri: `${target.corporate.issuer}/reg/legacy-portal`,
    };
    target.corporate.clients.set('legacy-portal', grown);
    await bystander.during(async () => {
      await impostor('claimant', ['legacy-portal']);
      await attacker.createOrFail(machineClient('claimed', { server: ownRef('claimant') }));
      await attacker.until('OAuthClient', 'claimed', isTold);
    });
    await victim.createOrFail(credential('grown', grown));
    const portal = await victim.ready(machineClient('portal', { adopt: { secretRef: { name: 'grown' } } }));
    expect(portal['status'].clientId).toBe('legacy-portal');
    expect(target.corporate.clients.get('legacy-portal')).toMatchObject({ client_name: 'portal' });
    await bystander.judge();
  });
});
