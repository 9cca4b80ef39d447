import type { RegistrationRecord } from '../../../../src/core/record.ts';
import {
  absent,
  deleting,
  departed,
  namesake,
  observation,
  record,
  secret,
} from '../../../kit/fixtures/observations.ts';
import { deregisters, ready, stalls, table } from '../../../kit/fixtures/plans.ts';

/** Registered after the client of this object. */
const LATER = { registeredAt: '2026-05-01T11:30:00Z' };
const own = { kind: 'AuthorizationServer', name: 'own' } as const;
const elsewhere = { namespace: 'other', name: 'other', uid: 'uid-2' };
const released = (name = 'oac-uid-1-a1') => ({
  type: 'Release',
  record: name,
  role: 'left-behind',
  reason: 'ClientAlreadyManaged',
});
const forgotten = (name: string) => ({ type: 'Forget', record: name });
/** The server answered a rotation with the client that there is. */
const repeated = (more: Partial<RegistrationRecord> = {}) =>
  record({ attempt: 'a2', replaces: 'oac-uid-1-a1', ...LATER, ...more });

table('a client that another object names, too', [
  ['is managed by the object that had it first', observation({ namesakes: [namesake(LATER)] }), ready],
  [
    'is not managed by the later object',
    observation({ namesakes: [namesake()] }),
    stalls(
      'ClientAlreadyManaged',
      'The server answered with client_id c1, which OAuthClient other has already. Nothing is sent for this one; look at the server.',
    ),
  ],
  [
    'passes to the later object, when the first is deleted',
    observation({ object: deleting(), namesakes: [namesake(LATER)] }),
    released(),
  ],
  [
    'stays with the first object, when the later one is deleted',
    observation({ object: deleting(), namesakes: [namesake()] }),
    released(),
  ],
  [
    'ends once, when both are deleted at the same time: by the first',
    observation({ object: deleting(), namesakes: [namesake(LATER, false)] }),
    deregisters('Deleting'),
  ],
  [
    'passes to the later object, when the first is gone without a deletion',
    absent({ namesakes: [namesake(LATER)] }),
    released(),
  ],
  [
    'stays when it is retained for a later object of another name',
    observation({ object: deleting(), namesakes: [namesake({ ...LATER, role: 'retained' })] }),
    released(),
  ],
  [
    'ends, where the other client is of another registration origin',
    observation({
      object: deleting(),
      namesakes: [
        namesake({ ...LATER, serverUid: 'server-9', registrationOrigin: 'https://other', issuer: 'x' }),
      ],
    }),
    deregisters('Deleting'),
  ],
  [
    'of a cluster server ends, whatever a namespaced record says',
    observation({ object: deleting(), namesakes: [namesake({ ...LATER, server: own, serverUid: 's-2' })] }),
    deregisters('Deleting'),
  ],
  [
    'stays, where another namespace reached the same origin without a CA or a proxy of its own',
    observation({
      object: deleting(),
      records: [record({ server: own })],
      namesakes: [namesake({ ...LATER, server: own, serverUid: 's-2', client: elsewhere })],
    }),
    released(),
  ],
  [
    'ends, where another namespace reached the same origin by a way of its own',
    observation({
      object: deleting(),
      records: [record({ server: own })],
      namesakes: [namesake({ ...LATER, server: own, serverUid: 's-2', client: elsewhere, ownPath: true })],
    }),
    deregisters('Deleting'),
  ],
]);

table('a client that the server answered with again', [
  [
    'is no surplus: the record of the earlier answer goes, and no client ends',
    observation({ records: [record(), repeated()], secrets: [secret({}, repeated())] }),
    forgotten('oac-uid-1-a1'),
  ],
  [
    'is no surplus within one second, whichever attempt comes first by name',
    observation({
      records: [
        record({ attempt: 'a9' }),
        repeated({ registeredAt: record().registeredAt, replaces: 'oac-uid-1-a9' }),
      ],
      secrets: [secret({}, repeated())],
    }),
    forgotten('oac-uid-1-a9'),
  ],
  [
    'is not owed to the server, though an answer that named it was cut off',
    observation({ records: [record(), record({ attempt: 'a2', role: 'owed', ...LATER })] }),
    forgotten('oac-uid-1-a2'),
  ],
  [
    'does not end with an earlier object of the same name',
    observation({ records: [departed({ clientId: 'c1' }), record()] }),
    forgotten('oac-uid-0-a1'),
  ],
  [
    'ends with its object, by the latest record',
    observation({
      object: deleting(),
      records: [record(), repeated()],
      secrets: [secret({}, repeated())],
    }),
    deregisters('Deleting', 'oac-uid-1-a2'),
  ],
  [
    'ends with an object that is gone, by the latest record',
    absent({ records: [repeated()] }),
    deregisters('Departed', 'oac-uid-1-a2'),
  ],
]);
