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

it('A client that has no secret gets no Secret, and one from before is removed', async () => {
  const client = {
    clientName: 'Public',
    redirectUris: ['https://app.example.com/cb'],
    tokenEndpointAuthMethod: 'none',
  };
  await testbed.apply(oauthClient('shop', 'bare', { client }));
  await shop.until('bare', 'Registered');
  expect(await shop.exists('bare', 'secret')).toBe(true);
  await shop.patch('oac', 'bare', { spec: { secret: { mode: 'None' } } });
  await shop.untilGone('bare', 'secret');
  const { status } = await shop.until('bare', 'Registered');
  expect(status?.conditions?.map(({ type, status: is, message }) => `${type} ${is}: ${message}`)).toEqual([
    'Ready True: The client is registered, and no Secret is wanted of it.',
    `Registered True: Client ${status?.clientId} is registered at ${status?.issuer}.`,
    'SecretSynced True: No Secret is written: spec.secret.mode is None.',
  ]);
  expect(status?.secretName).toBeUndefined();
});
