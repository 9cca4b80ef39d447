import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '../../../../../src/controller/durable/ledger-entry.ts';
import { storedServerKey } from '../../../../../src/core/server-key.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { take } from '../../../../kit/fakes/step-runner.ts';
import {
  CLIENT,
  namespaceObject,
  OPERATOR_NAMESPACE,
  registrationSecret,
} from '../../../../kit/fixtures/objects.ts';
import { NOW, record, setback } from '../../../../kit/fixtures/observations.ts';

const left = record({
  server: { kind: 'AuthorizationServer', name: 'own' },
  role: 'left-behind',
  namespaceUid: 'ns-0',
  registeredAt: '2026-03-01T00:00:00Z',
  leftAt: '2026-04-01T00:00:00Z',
});
const SECRET = `${OPERATOR_NAMESPACE}/${left.registrationSecret}`;
/** The namespace is gone, and so is the server object. */
const objects = [namespaceObject(OPERATOR_NAMESPACE), registrationSecret(left)];

function meanwhile({ ledger, memory, round }: OperatorInMemory): void {
  const entry = (attempt: string, more: Partial<LedgerEntry>): LedgerEntry => ({
    ...{
      attempt,
      kind: 'Deregister',
      client: CLIENT,
      registrationSecret: left.registrationSecret,
      startedAt: '',
      timeoutMs: 1,
    },
    server: storedServerKey('ClusterAuthorizationServer/corporate'),
    ...more,
  });
  ledger.leave(entry('a1', {}), 'interrupted');
  ledger.leave(entry('a2', { registrationSecret: 'oac-other' }), 'interrupted');
  memory.setBack(round.key, setback({ basis: left.registrationSecret, retryAt: NOW }));
  memory.setBack(round.key, setback({ basis: 'oac-other', retryAt: NOW }));
}

describe('The record of a client that was left behind', () => {
  test('goes, with what is remembered of its calls and of nothing else', async () => {
    const { result, wrote, reads, told, lines, ledger, memory, round, observe } = await take('Forget', {
      objects,
      meanwhile,
    });
    expect(result).toEqual({ kind: 'done' });
    expect([wrote, reads, told]).toEqual([[`delete Secret ${SECRET}`], [], []]);
    expect(lines).toEqual([
      `info registration Secret removed, and no client ended {"client":"shop/storefront","clientId":"c1","issuer":"https://sso.example.com","secret":"${left.registrationSecret}","why":"Client c1 was left behind more than 7 days ago, and its namespace is gone."}`,
    ]);
    expect(ledger.ends).toEqual(['settle a1']);
    expect(memory.setbacks(round.key).map(({ basis }) => basis)).toEqual(['oac-other']);
    expect(observe().records).toEqual([]);
  });

  test('that is gone already is forgotten all the same', async () => {
    const { result, ledger, observe } = await take('Forget', {
      objects,
      refuses: { 'delete Secret': refusals.notFound },
      meanwhile,
    });
    expect([result, ledger.ends]).toEqual([{ kind: 'done' }, ['settle a1']]);
    expect(observe().records).toEqual([]);
  });

  test.each([refusals.forbidden, refusals.unanswered, refusals.broken])(
    'stays while the API server does not remove it: $status',
    async (refused) => {
      const { result, ledger, memory, round, observe } = await take('Forget', {
        objects,
        refuses: { 'delete Secret': refused },
        meanwhile,
      });
      expect(result).toMatchObject({
        kind: 'later',
        why: expect.stringMatching(`^Registration Secret oac-\\S+ is not removed: ${refused.message}$`),
      });
      expect([ledger.ends, memory.setbacks(round.key).length]).toEqual([[], 2]);
      expect(observe().records).toHaveLength(1);
    },
  );
});
