import { describe, expect, test } from 'vitest';
import { mark } from '../../../../../src/controller/client/steps/mark.ts';
import {
  type InMemoryOptions,
  operatorInMemory,
  refusals,
} from '../../../../kit/fakes/operator-in-memory.ts';
import { RECORD, recorded } from '../../../../kit/fixtures/objects.ts';

async function marked(marks: Parameters<typeof mark>[1], options: InMemoryOptions = {}) {
  const operator = operatorInMemory(options);
  const result = await mark(recorded(), marks, operator.context);
  return { ...operator, result, record: operator.observe().records[0] };
}

describe('A record is marked', () => {
  test.each<readonly [Parameters<typeof mark>[1], object, object]>([
    [{ role: 'retained' }, { 'oauth-registrar.dev/role': 'retained' }, {}],
    [
      { uid: 'uid-2', role: 'current', namespaceUid: 'ns-2' },
      { 'oauth-registrar.dev/role': 'current', 'oauth-registrar.dev/client-uid': 'uid-2' },
      { 'oauth-registrar.dev/namespace-uid': 'ns-2' },
    ],
    [{ deletionPolicy: 'Retain' }, {}, { 'oauth-registrar.dev/deletion-policy': 'Retain' }],
    [{ deletionPolicy: null }, {}, { 'oauth-registrar.dev/deletion-policy': null }],
    [
      { serverUid: 's', registrationOrigin: 'https://o', installation: 'i' },
      {},
      {
        'oauth-registrar.dev/server-uid': 's',
        'oauth-registrar.dev/registration-origin': 'https://o',
        'oauth-registrar.dev/installation': 'i',
      },
    ],
  ])(
    '%j: nothing else is written, and only if nobody else changed the record',
    async (marks, labels, annotations) => {
      const { result, writes } = await marked(marks);
      expect(result).toEqual({ kind: 'done' });
      expect(writes).toEqual([
        { what: `patch ${RECORD}`, body: { metadata: { resourceVersion: '10', labels, annotations } } },
      ]);
    },
  );

  test('and what was written is known at once', async () => {
    const { record } = await marked({ role: 'retained', deletionPolicy: 'Retain', installation: 'i' });
    expect(record).toMatchObject({ role: 'retained', retain: true, installation: 'i', clientId: 'c1' });
  });

  test.each(Object.values(refusals))(
    'later, where the API server does not do it: $status',
    async (refused) => {
      const { result, record } = await marked({ role: 'retained' }, { refuses: { 'patch Secret': refused } });
      expect(result).toMatchObject({
        kind: 'later',
        why: expect.stringMatching(`^Registration Secret oac-\\S+ is not changed: ${refused.message}$`),
      });
      expect(record?.role).toBe('current');
    },
  );
});
