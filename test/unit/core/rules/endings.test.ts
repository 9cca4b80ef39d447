import { absent, fresh, observation, record } from '../../../kit/fixtures/observations.ts';
import { deregisters, table } from '../../../kit/fixtures/plans.ts';

const keepsIt = { retain: true } as const;
const keptSuccessor = record({
  registrationSecret: 'oac-uid-1-a2',
  attempt: 'a2',
  clientId: 'client-2',
  replaces: 'oac-uid-1-a1',
  ...keepsIt,
});

table('a client that is to outlive its object, which went without a word', [
  ['is kept', absent({ records: [record(keepsIt)] }), { type: 'Retain', record: 'oac-uid-1-a1' }],
  [
    'is kept when another object bears the name',
    observation({ object: fresh({ uid: 'uid-2' }), records: [record(keepsIt)], secrets: [] }),
    { type: 'Retain', record: 'oac-uid-1-a1' },
  ],
  [
    'is kept, of two in the overlap of a replacement the one that took the place of the other',
    absent({ records: [record(keepsIt), keptSuccessor] }),
    deregisters('Departed'),
  ],
  [
    'is kept once the other has ended',
    absent({ records: [keptSuccessor] }),
    { type: 'Retain', record: 'oac-uid-1-a2' },
  ],
  [
    'ends where one of the same object was kept already',
    absent({ records: [record(keepsIt), { ...keptSuccessor, role: 'retained' }] }),
    deregisters('Departed'),
  ],
]);
