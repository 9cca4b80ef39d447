import { describe, expect, test } from 'vitest';
import { ANNOTATIONS } from '../../../src/api/names.ts';
import type { RegistrationRecord } from '../../../src/core/record.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import {
  clientObject,
  namespaceObject,
  recorded,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../kit/fixtures/objects.ts';
import { issuer } from '../../kit/fixtures/server-objects.ts';

/** What a person, a tool or a wrong clock may leave where a time is kept. */
const TIMES = [
  '0001-01-01T00:00:00Z',
  '1970-01-01T00:00:00Z',
  '2031-01-01T00:00:00Z',
  '9999-12-31T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  'yesterday',
  '12',
];

const created = { creationTimestamp: '2026-05-01T11:00:00Z' };

function withAnnotation(secret: Stored, name: string, value: string): Stored {
  const { metadata } = secret;
  const annotations = { ...metadata.annotations, [name]: value };
  return { ...secret, metadata: { ...metadata, ...created, annotations } };
}

/** An operator with one client, for three hours. */
async function threeHours(objects: readonly Stored[]) {
  let posts = 0;
  const life = controllerInMemory({
    objects,
    answer({ method, url }) {
      if (url.includes('/.well-known/')) {
        return answered(200, { issuer, registration_endpoint: `${issuer}/register` });
      }
      posts += method === 'POST' ? 1 : 0;
      const client =
        method === 'POST' ? { client_id: `new-${posts}`, client_secret: 's' } : { client_id: 'c1' };
      return method === 'DELETE'
        ? answered(204)
        : answered(200, client, { 'content-type': 'application/json' });
    },
  });
  life.controller.start();
  await life.clock.advance(3 * 3_600_000);
  const counts = { POST: 0, PUT: 0, DELETE: 0 };
  for (const { method } of life.calls.filter(({ method }) => method !== 'GET')) {
    counts[method as keyof typeof counts] += 1;
  }
  return { ...life, counts, ready: life.readyOf('OAuthClient', 'shop/storefront') };
}

/** Times of a record, and what else is in a record that has them. */
const OF_RECORD: readonly (readonly [string, Partial<RegistrationRecord>])[] = [
  [ANNOTATIONS.registeredAt, {}],
  [ANNOTATIONS.clientSecretExpiresAt, {}],
  [ANNOTATIONS.secretIssuedAt, { clientSecretExpiresAt: '2026-06-01T00:00:00Z' }],
  [ANNOTATIONS.registrationAccessTokenExpiresAt, {}],
  [ANNOTATIONS.tokenIssuedAt, { registrationAccessTokenExpiresAt: '2026-06-01T00:00:00Z' }],
  [ANNOTATIONS.leftAt, {}],
  [ANNOTATIONS.keyCreatedAt, {}],
  [ANNOTATIONS.keyRotatesAt, { keyCreatedAt: '2026-05-01T11:00:00Z' }],
  [ANNOTATIONS.keyRetiresAt, { keyCreatedAt: '2026-05-01T11:00:00Z' }],
];

describe('A time in the record of a client that is in use', () => {
  test.each(OF_RECORD.flatMap(([name, more]) => TIMES.map((time) => [name, time, more] as const)))(
    '(%s: %s) makes no loop, no early end, and no error',
    async (name, time, more) => {
      const secret = registrationSecret(recorded({ ...more }));
      const { counts, ready } = await threeHours([
        ...surroundings(),
        clientObject(),
        withAnnotation(secret, name, time),
        workloadSecret(),
      ]);
      expect(ready).toMatch(/^True /);
      expect(counts.POST + counts.PUT).toBeLessThanOrEqual(1);
      expect(counts.DELETE).toBe(0);
    },
  );
});

describe('A time in the record of a client that took the place of another', () => {
  test.each(TIMES)('(%s) does not end the other before its overlap', async (time) => {
    const before = recorded({ attempt: 'a0', clientId: 'c0', registeredAt: '2026-05-01T09:00:00Z' });
    const replaced = registrationSecret(before);
    const secret = registrationSecret(recorded({ replaces: replaced.metadata.name }));
    const { counts, ready } = await threeHours([
      ...surroundings(),
      clientObject(),
      { ...replaced, metadata: { ...replaced.metadata, ...created } },
      withAnnotation(secret, ANNOTATIONS.registeredAt, time),
      workloadSecret(),
    ]);
    expect(ready).toMatch(/^True /);
    expect(counts).toEqual({ POST: 0, PUT: 0, DELETE: 0 });
  });
});

describe('The record of a client that was left behind', () => {
  test.each(TIMES)('(at %s) stays where its namespace is gone', async (time) => {
    const server = { kind: 'AuthorizationServer', name: 'gone' } as const;
    const secret = registrationSecret(recorded({ role: 'left-behind', server }));
    const { cluster } = await threeHours([
      namespaceObject('oauth-registrar-system'),
      withAnnotation(secret, ANNOTATIONS.leftAt, time),
    ]);
    expect(cluster.all('Secret').map(({ metadata }) => metadata.name)).toEqual([secret.metadata.name]);
  });
});

describe('A time in status', () => {
  test.each(TIMES)('(%s) makes no loop and no silence', async (time) => {
    const refusal = {
      call: 'Register',
      basis: 'b',
      reason: 'InvalidClientMetadata',
      message: 'No.',
      attempts: 1,
    };
    const { counts, ready } = await threeHours([
      ...surroundings(),
      clientObject({}, {}, { refusal: { ...refusal, at: time } }),
    ]);
    expect(ready).toMatch(/^True /);
    expect(counts).toEqual({ POST: 1, PUT: 0, DELETE: 0 });
  });

  test.each(TIMES)('of the server object (%s) lets registrations wait for an hour at most', async (time) => {
    const [namespace, own, server] = surroundings() as [Stored, Stored, Stored];
    const { counts, ready } = await threeHours([
      ...[namespace, own, clientObject({}, {}, {})],
      { ...server, status: { pauses: { registrations: time, management: time, tokens: time } } },
    ]);
    expect(ready).toMatch(/^True /);
    expect(counts).toEqual({ POST: 1, PUT: 0, DELETE: 0 });
  });
});
