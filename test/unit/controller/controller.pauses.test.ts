import { describe, expect, test } from 'vitest';
import { RESOURCES, type Resource } from '../../../src/api/kubernetes.ts';
import { ANNOTATIONS } from '../../../src/api/names.ts';
import type { HttpOutcome, ObjectKey } from '../../../src/controller/ports.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { clientObject, surroundings } from '../../kit/fixtures/objects.ts';
import { issuer } from '../../kit/fixtures/server-objects.ts';

const registration = `${issuer}/register`;
const document = answered(200, { issuer, registration_endpoint: registration });
const tooMany = answered(429, '', { 'retry-after': '3600' });

const client = (number: number) =>
  clientObject(
    { name: `c${number}`, uid: `uid-${number}` },
    { secret: { name: `c${number}-oauth` } as never },
    {},
  );

/** A server that registers two clients and then asks for a pause of an hour, until it is said to do otherwise. */
function scene(objects: readonly Stored[] = [...surroundings(), ...[0, 1, 2].map(client)]) {
  const server = { registers: 2, made: 0 };
  const life = controllerInMemory({
    objects,
    answer({ method, url }): HttpOutcome {
      const id = url.split('/').at(-1);
      const same = { client_id: id, registration_access_token: 't', registration_client_uri: url };
      switch (method) {
        case 'GET':
          return document;
        case 'PUT':
          return answered(200, { ...same, client_secret: 's', client_secret_expires_at: 0 });
        case 'DELETE':
          return answered(204);
        default:
          server.made += 1;
          return server.made > server.registers
            ? tooMany
            : answered(201, {
                client_id: `c-${server.made}`,
                client_secret: 's',
                client_secret_expires_at: 0,
                registration_access_token: 't',
                registration_client_uri: `${registration}/c-${server.made}`,
              });
      }
    },
  });
  life.controller.start();
  const sent = () => life.calls.filter(({ method }) => method !== 'GET').map(({ method }) => method);
  const patch = (resource: Resource, key: ObjectKey, body: object) =>
    void life.cluster.patch(resource, key, body, 'person');
  const edit = (name: string, body: object) =>
    patch(RESOURCES.oauthClient, { namespace: 'shop', name }, body);
  const annotateServer = (request: string) =>
    patch(
      RESOURCES.clusterAuthorizationServer,
      { name: 'corporate' },
      { metadata: { annotations: { [ANNOTATIONS.reconcileRequestedAt]: request } } },
    );
  /** The client that isn't registered yet, and one of those that are. */
  const named = (isRegistered: boolean) => {
    const found = life.cluster
      .all('OAuthClient')
      .find(({ status }) => (status?.['clientId'] !== undefined) === isRegistered);
    return found?.metadata.name ?? '';
  };
  return { ...life, server, sent, edit, annotateServer, named };
}

const HOUR = 3_600_000;

describe('A pause that the server asked of registrations', () => {
  test('leaves edits and deletions alone', async () => {
    const { clock, sent, edit, cluster, named } = scene();
    await clock.advance(5_000);
    expect(sent()).toEqual(['POST', 'POST', 'POST']);
    const name = named(true);
    edit(name, { spec: { client: { clientName: 'Edited' } } });
    await clock.advance(1_000);
    expect(sent().slice(3)).toEqual(['PUT']);
    cluster.delete(RESOURCES.oauthClient, { namespace: 'shop', name }, {}, 'person');
    await clock.advance(5_000);
    expect(sent().slice(4)).toEqual(['DELETE']);
    await clock.advance(HOUR);
    expect(sent().slice(5)).toEqual(['POST']);
  });

  test('shows in status of the server object, and outlives the process', async () => {
    const before = scene();
    await before.clock.advance(5_000);
    const status = before.cluster.find('ClusterAuthorizationServer', 'corporate')?.status;
    expect(status).toMatchObject({
      pausedUntil: '2026-05-01T13:00:00Z',
      pauses: { registrations: '2026-05-01T13:00:00Z' },
    });
    const after = scene(
      ['Namespace', 'ClusterAuthorizationServer', 'OAuthClient', 'Secret'].flatMap((kind) =>
        before.cluster.all(kind),
      ),
    );
    await after.clock.advance(HOUR - 10_000);
    expect(after.sent()).toEqual([]);
    expect(after.readyOf('OAuthClient', `shop/${after.named(false)}`)).toBe(
      'False AuthorizationServerPaused: ClusterAuthorizationServer corporate: The server asked for a pause of registrations until 2026-05-01T13:00:00Z; updates and deletions go on.',
    );
    await after.clock.advance(20_000);
    expect(after.sent()).toEqual(['POST']);
  });

  test('is read back for an hour at most, whatever a clock wrote', async () => {
    const [namespace, operators, server] = surroundings();
    const wrong = { ...server, status: { pauses: { registrations: '2031-01-01T00:00:00Z' } } } as Stored;
    const { clock, sent } = scene(
      [namespace, operators, wrong, client(0)].filter((one) => one !== undefined),
    );
    await clock.advance(HOUR - 5_000);
    expect(sent()).toEqual([]);
    await clock.advance(10_000);
    expect(sent()).toEqual(['POST']);
  });

  test('ends for one try when a person asks for it on the server object, once per request', async () => {
    const { clock, sent, annotateServer, cluster, server } = scene();
    await clock.advance(5_000);
    annotateServer('now');
    await clock.advance(5_000);
    expect(sent().slice(3)).toEqual(['POST']);
    const status = () => cluster.find('ClusterAuthorizationServer', 'corporate')?.status;
    expect(status()).toMatchObject({
      lastHandledReconcileAt: 'now',
      pausedUntil: expect.stringMatching(/^2026-05-01T13:00:0/),
    });
    annotateServer('now');
    await clock.advance(60_000);
    expect(sent()).toHaveLength(4);
    server.registers = 9;
    annotateServer('again');
    await clock.advance(5_000);
    expect(sent().slice(4)).toEqual(['POST']);
    expect(status()).not.toHaveProperty('pauses');
  });

  test('does not end when a tenant asks for it on the client, and status says so', async () => {
    const { clock, sent, edit, readyOf, named } = scene();
    await clock.advance(5_000);
    const name = named(false);
    edit(name, { metadata: { annotations: { [ANNOTATIONS.reconcileRequestedAt]: 'now' } } });
    await clock.advance(5_000);
    expect(sent()).toHaveLength(3);
    expect(readyOf('OAuthClient', `shop/${name}`)).toBe(
      'False AuthorizationServerPaused: ClusterAuthorizationServer corporate: The server asked for a pause of registrations until 2026-05-01T13:00:00Z; updates and deletions go on. The requested reconciliation waits for that, too.',
    );
  });
});
