import { call, deleting, NOW, observation, record } from '../../../kit/fixtures/observations.ts';
import { ready, table, waits } from '../../../kit/fixtures/plans.ts';

const recording = { refused: undefined };

table('an answer that is read and not recorded yet', [
  [
    'keeps everything else from happening to the client',
    observation({ unrecorded: recording, object: deleting() }),
    waits('Queued', 'An answer of the server is being recorded.', NOW + 5_000),
  ],
  [
    'keeps its registration, which an earlier process began, from being taken for a lost one (H2)',
    observation({
      unrecorded: recording,
      calls: [call({ state: 'interrupted' })],
      records: [],
    }),
    waits('Queued', 'An answer of the server is being recorded.', NOW + 5_000),
  ],
  [
    'is told in the words of the API server where that refuses it (H2)',
    observation({ unrecorded: { refused: 'exceeded quota: tight' }, calls: [call()] }),
    waits(
      'RecordWriteRefused',
      "The server answered, and the API server refuses the registration Secret in the operator's namespace: exceeded quota: tight. The answer is kept and the write is tried again; nothing else happens to this client before. The platform team puts right what the API server names.",
      NOW + 5_000,
    ),
  ],
  ['is nothing to wait for when it is recorded', observation({ records: [record()] }), ready],
]);
