import { expect, test } from 'vitest';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { clientObject, surroundings } from '../../kit/fixtures/objects.ts';
import { issuer } from '../../kit/fixtures/server-objects.ts';

const registration = `${issuer}/register`;
const document = answered(200, { issuer, registration_endpoint: registration });
const created = answered(201, {
  client_id: 'c1',
  client_secret: 's',
  client_secret_expires_at: 0,
  registration_access_token: 't',
  registration_client_uri: `${registration}/c1`,
});

test('A client of a cluster server that somebody edits ten times a second is reconciled less and less often', async () => {
  const { clock, cluster, writes, controller } = controllerInMemory({
    objects: [...surroundings(), clientObject({}, {}, {})],
    answer: async ({ method }) => (method === 'GET' ? document : created),
  });
  controller.start();
  await clock.advance(2_000);
  for (let edit = 0; edit < 200; edit += 1) {
    const spec = { client: { clientName: `Edit ${edit}` } };
    cluster.patch(RESOURCES.oauthClient, { namespace: 'shop', name: 'storefront' }, { spec }, 'person');
    await clock.advance(100);
  }
  expect(writes.length).toBeGreaterThan(10);
  expect(writes.length).toBeLessThan(80);
});
