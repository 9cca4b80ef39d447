import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Action } from '../../../src/core/action.ts';
import type { ServerConnection } from '../../../src/core/connection.ts';
import type { Observation, PresentServer } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import type { RegistrationRecord } from '../../../src/core/record.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import {
  available,
  connection,
  DOCUMENT_TERMS,
  deleting,
  desired,
  NOW,
  object,
  observation,
  record,
  served,
  unavailable,
  unregistered,
} from '../../kit/fixtures/observations.ts';
import { anyObservation } from './any-observation.ts';
import { check } from './check.ts';

/**
 * Names may be reused by other objects: for any observation, a call about a client uses the client's own server
 * object.
 */

const REFS = [
  { kind: 'ClusterAuthorizationServer', name: 'corporate' },
  { kind: 'AuthorizationServer', name: 'corporate' },
  { kind: 'AuthorizationServer', name: 'evil' },
] as const;
const ISSUERS = ['https://sso.example.com', 'https://evil.example.com'] as const;

/** Each record names one of several servers; each name belongs to the object of some server, or to none. */
const place = fc.record({
  server: fc.constantFrom(...REFS),
  serverUid: fc.constantFrom('server-1', 'server-2', 'server-3', undefined),
  issuer: fc.constantFrom(...ISSUERS),
  registrationOrigin: fc.constantFrom(...ISSUERS),
  namespaceUid: fc.constantFrom('ns-1', 'ns-2'),
});

const ADOPTABLE = {
  clientId: 'grown',
  clientSecret: undefined,
  registrationAccessToken: new Sensitive('rat'),
  registrationClientUri: 'https://sso.example.com/register/grown',
  version: '1',
};

/** What makes a server read, verified, or given documents. */
const TERMS = [
  {},
  { drift: { ...connection.drift, mode: 'Report' } },
  { verification: { ...connection.verification, mode: 'Report' } },
  { documents: { ...DOCUMENT_TERMS, primes: true } },
] as const satisfies readonly Partial<ServerConnection>[];

const aServer = (ref: (typeof REFS)[number]): fc.Arbitrary<PresentServer | undefined> =>
  fc
    .record({
      uid: fc.constantFrom('server-1', 'server-2', 'server-3'),
      issuer: fc.constantFrom(...ISSUERS),
      origin: fc.constantFrom(...ISSUERS),
      isThere: fc.nat(5).map((given) => given > 0),
      isReady: fc.nat(5).map((given) => given > 0),
      createdAt: fc.constantFrom(NOW - 86_400_000, NOW + 1),
      more: fc.constantFrom(...TERMS),
    })
    .map(({ uid, issuer, origin, isThere, isReady, createdAt, more }) => {
      const given = { ...connection, ...more, uid, issuer, registrationEndpoint: `${origin}/register` };
      const view = isReady ? { ...available, ref, connection: given } : unavailable;
      return isThere ? { ref, uid, createdAt, deletion: undefined, migration: undefined, view } : undefined;
    });

/** Observations of a client that waits for one call, so that each kind of call is planned often. */
const { seen: _, ...unseen } = served({ digest: 'digest-2' });
const waiting: fc.Arbitrary<Observation> = fc.constantFrom(
  observation(),
  observation({ readAt: NOW - 2 * 3_600_000 }),
  observation({ object: object({ desired: desired({ client: { clientName: 'Edited' } }) }) }),
  observation({ records: [record({ document: unseen })], secrets: [] }),
  observation({ records: [record({ document: served({ primes: true }) })], secrets: [] }),
  observation({ object: deleting() }),
  unregistered(),
  unregistered({ adoptable: ADOPTABLE }),
);

const anything: fc.Arbitrary<Observation> = fc
  .tuple(
    fc.oneof(anyObservation, waiting),
    fc.array(place, { minLength: 4, maxLength: 4 }),
    fc.tuple(...REFS.map(aServer)),
    fc.nat(2),
  )
  .map(([o, places, found, at]) => {
    const servers = found.filter((facts) => facts !== undefined);
    const named = servers[at % Math.max(servers.length, 1)];
    return {
      ...o,
      records: o.records.map((record, index) => placed(record, places[index])),
      servers,
      server: named?.view ?? unavailable,
    };
  });

function placed(
  record: RegistrationRecord,
  given: Partial<RegistrationRecord> | { serverUid: undefined } = {},
) {
  const entries = Object.entries({ ...record, ...given }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as unknown as RegistrationRecord;
}

/** The server object whose connection the step uses, and the record that it is for. */
function pairOf(action: Action) {
  switch (action.type) {
    case 'Update':
    case 'Read':
    case 'Verify':
      return action.at;
    case 'Deregister':
    case 'CheckDocument':
    case 'PrimeDocument':
      return action.home.kind === 'AtServer' ? action.home : undefined;
    default:
      return undefined;
  }
}

/** Most of these observations have no call whose server object is right. */
const MANY = 30;

describe('a step that is sent about a client', () => {
  test('uses the connection of the server object at which the client was registered, whatever has its name now', () => {
    const types = new Set<Action['type']>();
    check(
      fc.property(anything, (o) => {
        const action = plan(o);
        const pair = pairOf(action);
        if (pair === undefined) {
          return;
        }
        types.add(action.type);
        const { record, ref, connection: used } = pair;
        expect(ref).toEqual(record.server);
        const isSame = used.uid === record.serverUid;
        const leadsThere =
          used.issuer === record.issuer &&
          new URL(used.registrationEndpoint).origin === record.registrationOrigin;
        const isItsTenant =
          ref.kind === 'ClusterAuthorizationServer' || record.namespaceUid === o.namespaceUid;
        expect(isSame || (record.serverUid !== undefined && leadsThere && isItsTenant)).toBe(true);
      }),
      MANY,
    );
    expect([...types].toSorted()).toEqual([
      'CheckDocument',
      'Deregister',
      'PrimeDocument',
      'Read',
      'Update',
      'Verify',
    ]);
  });

  test('that makes or brings a client uses the connection of the server object that it names', () => {
    const types = new Set<Action['type']>();
    check(
      fc.property(anything, (o) => {
        const action = plan(o);
        if (action.type !== 'Register' && action.type !== 'Adopt') {
          return;
        }
        types.add(action.type);
        const { ref, connection: used } = action;
        const facts = o.servers.find((one) => one.ref === ref);
        expect(facts?.view).toMatchObject({ available: true, ref });
        expect(facts?.view.available ? facts.view.connection : undefined).toBe(used);
        expect(used.uid).toBe(facts?.uid);
      }),
      MANY,
    );
    expect([...types].toSorted()).toEqual(['Adopt', 'Register']);
  });

  test('is identified only by a server object that existed before the record, with the same issuer', () => {
    let identified = 0;
    check(
      fc.property(anything, (o) => {
        const records = o.records.map((record) => placed(record, { serverUid: undefined }));
        const action = plan({ ...o, records, calls: [] });
        if (action.type !== 'Identify') {
          return;
        }
        identified += 1;
        const { record, server } = action;
        expect(record).toMatchObject({
          role: 'current',
          client: { uid: o.object?.uid },
          namespaceUid: o.namespaceUid,
        });
        expect(server.createdAt).toBeLessThanOrEqual(Date.parse(record.registeredAt));
        expect(server.view).toMatchObject({ available: true, connection: { issuer: record.issuer } });
      }),
    );
    expect(identified).toBeGreaterThan(0);
  });
});
