import { expect, it } from 'vitest';
import type { Secret } from '../../../src/api/kubernetes.ts';
import { all, eventually, oauthClient, platformOf } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** What workloads get of a client, where the API server decides. */

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop');

const secretOf = async (name: string): Promise<Secret> =>
  JSON.parse(await shop.kubectl('get', 'secret', name, '-o', 'json')) as Secret;

it('A Secret of another type takes the place of one, whose type nobody can change', async () => {
  await testbed.apply(all(platformOf(testbed), oauthClient('shop', 'formed')));
  await shop.until('formed', 'Registered');
  const before = await secretOf('formed');
  await shop.patch('oac', 'formed', { spec: { secret: { format: 'ServiceBinding' } } });
  const after = await eventually(
    () => secretOf('formed').catch(() => before),
    ({ type }) => type === 'servicebinding.io/oauth2',
  );
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  const { status } = await shop.until('formed', 'Registered');
  expect(await shop.secret('formed')).toMatchObject({
    type: 'oauth2',
    provider: 'corporate',
    'client-id': status?.clientId,
    'client-secret': Buffer.from(before.data?.['client_secret'] ?? '', 'base64').toString(),
  });
});
