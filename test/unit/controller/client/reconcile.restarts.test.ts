import { describe, expect, test } from 'vitest';
import { reconcileClient } from '../../../../src/controller/client/reconcile.ts';
import type { ServerState } from '../../../../src/controller/state/server-registry.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { answered } from '../../../kit/fakes/fake-ports.ts';
import { type OperatorInMemory, operatorInMemory } from '../../../kit/fakes/operator-in-memory.ts';
import { clientObject, registeredClient, surroundings } from '../../../kit/fixtures/objects.ts';
import { connection, NOW } from '../../../kit/fixtures/observations.ts';

/** What a new process knows of refusals. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const REFUSED = answered(400, { error: 'invalid_redirect_uri', error_description: 'no such host' });
const KINDS = ['Namespace', 'OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer', 'Secret'];
const WORDS =
  /^ClusterAuthorizationServer corporate: The server answered 400 invalid_redirect_uri: no such host\. Correct spec\.client\.redirectUris\. It is tried again at 2026-05-01T1[23]:\d\d:\d\dZ\.$/;

const round = ({ round: { key }, context }: OperatorInMemory) => reconcileClient(key, context);
const objectsOf = ({ cluster }: OperatorInMemory): readonly Stored[] =>
  KINDS.flatMap((kind) => cluster.all(kind).map((object) => ({ ...object, kind })));
const storedClient = ({ cluster }: OperatorInMemory) =>
  cluster.find('OAuthClient', 'shop/storefront') as Stored;
const readyOf = (operator: OperatorInMemory) => {
  const { conditions = [] } = (storedClient(operator).status ?? {}) as {
    readonly conditions?: readonly object[];
  };
  return conditions.find((condition) => 'type' in condition && condition.type === 'Ready');
};

/** One process whose call is refused. */
async function refusedOnce(
  objects: readonly Stored[] = [...surroundings(), clientObject({}, {}, {})],
): Promise<OperatorInMemory> {
  const operator = operatorInMemory({ objects, outcomes: [REFUSED] });
  await round(operator);
  expect(operator.http.sent).toHaveLength(1);
  return operator;
}

interface Change {
  readonly afterMs?: number;
  /** What a person changes in the object. */
  readonly edit?: (client: Stored) => Stored;
  readonly server?: Partial<ServerState>;
  /** How often the object is reconciled. */
  readonly rounds?: number;
  /** Further OAuthClients. */
  readonly others?: number;
}

/** The next process, which begins with what the cluster has. */
async function restart(
  before: OperatorInMemory,
  { afterMs = MINUTE, edit = (client) => client, server = {}, rounds = 2, others = 0 }: Change = {},
): Promise<OperatorInMemory> {
  const objects = objectsOf(before).map((object) => (object.kind === 'OAuthClient' ? edit(object) : object));
  const more = Array.from({ length: others }, (_, index) => {
    const { metadata, ...client } = clientObject({}, {}, {});
    return {
      ...client,
      metadata: { ...metadata, name: `other-${index}`, uid: `uid-other-${index}` },
    } as Stored;
  });
  const clock = createFakeClock({ startMs: NOW + afterMs, skipMs: Number.POSITIVE_INFINITY });
  const operator = operatorInMemory({
    objects: [...objects, ...more],
    outcomes: [REFUSED, REFUSED, REFUSED],
    server,
    parts: { clock },
  });
  for (let done = 0; done < rounds; done += 1) {
    await round(operator);
    await clock.advance(500);
  }
  return operator;
}

const annotated = (name: string) => (client: Stored) => ({
  ...client,
  metadata: { ...client.metadata, annotations: { [`oauth-registrar.dev/${name}`]: 'now' } },
});
const renewed = { connection: { ...connection, version: 'another' } };

describe('After a restart, a registration that was refused', () => {
  test('is not sent again, and status says the same', async () => {
    const before = await refusedOnce();
    const after = await restart(before);
    expect(after.http.sent).toEqual([]);
    expect(after.writes).toEqual([]);
    expect(readyOf(after)).toMatchObject({
      status: 'False',
      reason: 'InvalidRedirectURI',
      message: expect.stringMatching(WORDS),
    });
  });

  test('is not sent again after many restarts, and wakes for the next try alone', async () => {
    let operator = await refusedOnce();
    for (let process = 0; process < 5; process += 1) {
      operator = await restart(operator, { afterMs: (process + 1) * MINUTE });
      expect(operator.http.sent).toEqual([]);
    }
    const end = await round(operator);
    const until = end.kind === 'rested' ? (end.until ?? 0) : 0;
    expect(until - NOW).toBeGreaterThanOrEqual(0.8 * HOUR);
    expect(until - NOW).toBeLessThanOrEqual(1.2 * HOUR);
  });

  test.each<readonly [string, Change]>([
    ['the spec was edited', { edit: (client) => edited(client) }],
    ['a person requests a try', { edit: annotated('reconcile-requested-at') }],
    ['the server object, or the value of a credential, is another', { server: renewed }],
    ['its pause of about an hour is over', { afterMs: 2 * HOUR }],
  ])('is sent once more where %s', async (_, change) => {
    const after = await restart(await refusedOnce(), change);
    expect(after.http.sent).toHaveLength(1);
  });

  test('counts how often it was refused, over restarts', async () => {
    const after = await restart(await refusedOnce(), { afterMs: 2 * HOUR });
    expect(storedClient(after).status?.['refusal']).toMatchObject({
      call: 'Register',
      reason: 'InvalidRedirectURI',
      attempts: 2,
      at: '2026-05-01T14:00:00Z',
    });
  });

  test('is forgotten once it succeeds', async () => {
    const clock = createFakeClock({ startMs: NOW, skipMs: Number.POSITIVE_INFINITY });
    const operator = operatorInMemory({
      objects: objectsOf(await refusedOnce()),
      outcomes: [
        answered(201, {
          ...{ client_id: 'c1', client_secret: 's', registration_access_token: 't' },
          ...{ registration_client_uri: 'https://sso.example.com/register/c1', client_name: 'Storefront' },
        }),
      ],
      server: renewed,
      parts: { clock },
    });
    await round(operator);
    await clock.advance(500);
    await round(operator);
    expect(readyOf(operator)).toMatchObject({ status: 'True', reason: 'Registered' });
    expect(storedClient(operator).status?.['refusal']).toBeUndefined();
  });
});

describe('After a restart of an operator with 500 clients', () => {
  const others = 499;

  test('another request of an object that was refused waits for its turn', async () => {
    const after = await restart(await refusedOnce(), { server: renewed, others });
    expect(after.http.sent).toEqual([]);
    expect(readyOf(after)).toMatchObject({ message: expect.stringMatching(WORDS) });
    const end = await round(after);
    const waitMs = end.kind === 'rested' ? (end.until ?? 0) - NOW - MINUTE : 0;
    expect(waitMs).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThanOrEqual(50_000);
  });

  test.each<readonly [string, Change['edit']]>([
    ['edits', (client) => edited(client)],
    ['requests a try of', annotated('reconcile-requested-at')],
    ['requests another client for', annotated('rotate-requested-at')],
  ])('an object that a person %s is tried at once', async (_, edit) => {
    const after = await restart(await refusedOnce(), { server: renewed, others, ...(edit && { edit }) });
    expect(after.http.sent).toHaveLength(1);
  });
});

test('a time of the refusal that is days ahead leads to a try, and to no longer pause', async () => {
  const before = await refusedOnce();
  const ahead = (client: Stored) => {
    const refusal = client.status?.['refusal'] as object;
    const at = new Date(NOW + 2 * DAY).toISOString();
    return { ...client, status: { ...client.status, refusal: { ...refusal, at } } } as Stored;
  };
  const after = await restart(before, { edit: ahead });
  expect(after.http.sent).toHaveLength(1);
});

test('an update that was refused is not sent again after a restart', async () => {
  const before = await refusedOnce(
    registeredClient().map((object) => (object.kind === 'OAuthClient' ? edited(object) : object)),
  );
  expect(storedClient(before).status?.['refusal']).toMatchObject({ call: 'Update' });
  const after = await restart(before);
  expect(after.http.sent).toEqual([]);
  expect(after.writes).toEqual([]);
});

function edited(client: Stored): Stored {
  const { generation = 1 } = client.metadata;
  const spec = client.spec as { readonly client: object };
  return {
    ...client,
    metadata: { ...client.metadata, generation: generation + 1 },
    spec: { ...spec, client: { ...spec.client, clientName: 'Edited' } },
  } as Stored;
}
