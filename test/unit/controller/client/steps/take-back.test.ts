import { describe, expect, test } from 'vitest';
import { refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, take } from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  OPERATOR_NAMESPACE,
  recorded,
  registrationSecret,
  serverObject,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';

const corporate = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const other = { kind: 'ClusterAuthorizationServer', name: 'other' } as const;
const former = recorded({ clientId: 'c1' });
const current = recorded({
  ...{ registrationSecret: 'oac-uid-1-b2', attempt: 'b2', clientId: 'c2', server: other },
  replaces: former.registrationSecret,
  registeredAt: '2026-05-01T11:59:00Z',
});

/** The client moved to the other server, and its spec names the first one again. */
const objects = (...records: readonly (typeof former)[]) => [
  ...surroundings(),
  serverObject('other'),
  clientObject({}, { authorizationServerRef: corporate }),
  ...records.map((record) => registrationSecret(record)),
  workloadSecret({}, records.at(-1)),
];

describe('A client that was replaced and still exists', () => {
  test('serves again by one write of the record that replaced it, and an Event says so', async () => {
    const { result, writes, events, next } = await take('TakeBack', { objects: objects(former, current) });
    expect(result).toEqual(DONE);
    expect(writes).toMatchObject([
      {
        what: `patch Secret ${OPERATOR_NAMESPACE}/oac-uid-1-b2`,
        body: {
          metadata: {
            annotations: {
              'oauth-registrar.dev/replacement-undone-at': '2026-05-01T12:00:00Z',
              'oauth-registrar.dev/replacement-made-at': null,
            },
          },
        },
      },
    ]);
    expect(events).toMatchObject([
      {
        reason: 'Registered',
        action: 'Replace',
        message:
          'Client c1, which is still registered at https://sso.example.com, serves again in place of client c2, which ends at 2026-05-02T12:00:00Z.',
      },
    ]);
    expect(next()).toMatchObject({ type: 'Publish', record: { clientId: 'c1' } });
  });

  test('can be left again for its replacement', async () => {
    const left = { ...former, server: other };
    const undone = { ...current, server: corporate, replacementUndoneAt: '2026-05-01T11:59:30Z' };
    const { wrote, writes, next } = await take('TakeBack', { objects: objects(undone, left) });
    expect(wrote).toEqual([`patch Secret ${OPERATOR_NAMESPACE}/oac-uid-1-b2`]);
    expect(writes[0]?.body).toMatchObject({
      metadata: {
        annotations: {
          'oauth-registrar.dev/replacement-undone-at': null,
          'oauth-registrar.dev/replacement-made-at': '2026-05-01T12:00:00Z',
        },
      },
    });
    expect(next()).toMatchObject({ type: 'Publish', record: { clientId: 'c2' } });
  });

  test.each(Object.values(refusals))(
    'waits, without a word, until that is on record: $status',
    async (refused) => {
      const { result, told } = await take('TakeBack', {
        objects: objects(former, current),
        refuses: { 'patch Secret': refused },
      });
      expect([result.kind, told]).toEqual(['later', []]);
    },
  );
});
