import { expect, test } from 'vitest';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { clientObject, surroundings } from '../../kit/fixtures/objects.ts';
import { issuer } from '../../kit/fixtures/server-objects.ts';

const registration = `${issuer}/register`;
const MINUTE = 60_000;

/** One client of a server at which `registered` is changed, by an update or by somebody else. */
function scene() {
  const registered = { client_name: '' };
  const secrets = {
    client_id: 'c1',
    client_secret: 's',
    client_secret_expires_at: 0,
    registration_access_token: 't',
    registration_client_uri: `${registration}/c1`,
  };
  const life = controllerInMemory({
    objects: [...surroundings(), clientObject({}, {}, {})],
    answer({ method, url, body = '' }) {
      if (method === 'GET' && url !== secrets.registration_client_uri) {
        return answered(200, { issuer, registration_endpoint: registration });
      }
      if (method !== 'GET') {
        registered.client_name = (
          JSON.parse(typeof body === 'string' ? body : body.reveal()) as typeof registered
        ).client_name;
      }
      return answered(method === 'POST' ? 201 : 200, { ...secrets, ...registered });
    },
  });
  const setMode = (mode: string) =>
    void life.cluster.patch(
      RESOURCES.clusterAuthorizationServer,
      { name: 'corporate' },
      { spec: { drift: { mode, interval: '1h' } } },
      'person',
    );
  const changes = () => life.calls.map(({ method }) => method).filter((method) => method !== 'GET');
  setMode('Report');
  setMode('Report');
  life.controller.start();
  return { ...life, registered, setMode, changes };
}

test('A change that mode Report reported is corrected once, as soon as the mode turns to Correct', async () => {
  const { clock, registered, setMode, changes } = scene();
  await clock.advance(MINUTE);
  registered.client_name = 'Mallory';
  await clock.advance(180 * MINUTE);
  expect([changes(), registered.client_name]).toEqual([['POST'], 'Mallory']);
  setMode('Correct');
  await clock.advance(5_000);
  expect([changes(), registered.client_name]).toEqual([['POST', 'PUT'], 'Storefront']);
  await clock.advance(180 * MINUTE);
  expect(changes()).toEqual(['POST', 'PUT']);
});

test('A change that was taken back before the mode turns to Correct is sent no update', async () => {
  const { clock, registered, setMode, changes } = scene();
  await clock.advance(MINUTE);
  registered.client_name = 'Mallory';
  await clock.advance(90 * MINUTE);
  registered.client_name = 'Storefront';
  await clock.advance(90 * MINUTE);
  setMode('Correct');
  await clock.advance(180 * MINUTE);
  expect(changes()).toEqual(['POST']);
});
