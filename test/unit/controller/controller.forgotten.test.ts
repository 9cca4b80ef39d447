import { expect, test } from 'vitest';
import { createController } from '../../../src/controller/controller.ts';
import type { KubernetesApi } from '../../../src/controller/ports.ts';
import { ReusableTokens } from '../../../src/controller/state/reusable-tokens.ts';
import { TextPool } from '../../../src/controller/state/text-pool.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';
import { toServerObject } from '../../../src/core/server-object.ts';
import { toServerRecordObject } from '../../../src/core/server-record.ts';
import { createFakeClock } from '../../kit/fakes/fake-clock.ts';
import { answered, contextOf, createFakeJwt, createRandom, UNCOUNTED } from '../../kit/fakes/fake-ports.ts';
import { issuer, open } from '../../kit/fixtures/server-objects.ts';
import { serverRecord } from '../../kit/fixtures/server-records.ts';
import { SETTINGS } from '../../kit/fixtures/settings.ts';

const COUNT = 2_000;
const NAMESPACES = 100;

/** Object number `index`, a hundred namespaces with 20 each. */
const serverOf = (index: number, resourceVersion: number) =>
  toServerObject(
    'AuthorizationServer',
    {
      metadata: {
        namespace: `ns-${index % NAMESPACES}`,
        name: `sso-${index}`,
        uid: `uid-${index}`,
        resourceVersion: String(resourceVersion),
        generation: 1,
        creationTimestamp: '2026-01-01T00:00:00Z',
      },
      spec: { issuer, registration: open },
    } as Parameters<typeof toServerObject>[1],
    { allowHttp: false },
  );

function operator() {
  const clock = createFakeClock();
  const tokens = new ReusableTokens(clock);
  const gone: string[] = [];
  let version = 1_000_000;
  const removed: string[] = [];
  const api = {
    get: async () => ({ ok: false, status: 404 }),
    delete: async (_: unknown, { name }: { name: string }) => {
      removed.push(name);
      return { ok: true, object: {} };
    },
    replace: async (_: unknown, object: object & { metadata: object }) => {
      version += 1;
      return {
        ok: true,
        object: { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } },
      };
    },
  } as unknown as KubernetesApi;
  const document = { issuer, registration_endpoint: `${issuer}/register` };
  const given = contextOf({
    api,
    clock,
    tokens,
    lead: { held: () => true },
    random: createRandom(),
    jwt: createFakeJwt(),
    http: { send: async () => answered(200, document) },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error },
    ledger: { entries: () => [], callsOf: () => [], registrationsAt: () => [] } as never,
    orphans: { isEmpty: true, countAt: () => 0, isFull: () => false } as never,
    counters: { ...UNCOUNTED, serverGone: ({ name }) => void gone.push(name) },
    settings: SETTINGS,
  });
  const controller = createController(
    Object.assign(given, {
      texts: new TextPool(),
      hashOf: (value: string) => value,
      report: () => undefined,
    }),
  );
  return { controller, clock, tokens, gone, removed };
}

test('nothing is kept of 2,000 server objects that were made and deleted (M10)', async () => {
  const { controller, clock, tokens, gone } = operator();
  const { servers } = controller.caches;
  controller.start();
  for (let index = 0; index < COUNT; index += 1) {
    servers.applied(serverOf(index, index + 1));
  }
  while (controller.queueDepth() > 0) {
    await clock.advance(10);
  }
  await clock.advance(10);
  expect([...servers.values()].every(({ status }) => status.conditions?.[0]?.status === 'True')).toBe(true);
  expect(controller.kept()).toMatchObject({ discovered: COUNT, servers: COUNT, oldest: NAMESPACES });
  for (let index = 0; index < COUNT; index += 1) {
    tokens.keep(
      storedServerKey(`AuthorizationServer/ns-${index % NAMESPACES}/sso-${index}`),
      'v1',
      'grant',
      {} as never,
    );
  }

  for (let index = 0; index < COUNT; index += 1) {
    servers.deleted(serverOf(index, 2_000_000 + index));
  }
  while (controller.queueDepth() > 0) {
    await clock.advance(10);
  }
  await clock.advance(10);
  expect(controller.kept()).toEqual(
    Object.fromEntries(Object.keys(controller.kept()).map((name) => [name, 0])),
  );
  expect(gone).toHaveLength(COUNT);
});

test('what is kept of a server object is removed a minute after it and its clients are gone', async () => {
  const { controller, clock, removed } = operator();
  controller.start();
  controller.caches.serverRecords.applied(toServerRecordObject(serverRecord('uid-gone')));
  await clock.advance(59_000);
  expect([controller.kept()['serverRecords'], removed]).toEqual([1, []]);
  await clock.advance(2_000);
  expect(removed).toEqual(['as-uid-gone']);
  expect(controller.kept()['serverRecords']).toBe(0);
});
