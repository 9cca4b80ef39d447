import { describe, expect, test } from 'vitest';
import type { ServerState } from '../../../../../src/controller/state/server-registry.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, leaveCall, type TakeOptions, take } from '../../../../kit/fakes/step-runner.ts';
import { clientObject, surroundings } from '../../../../kit/fixtures/objects.ts';
import { connection, DOCUMENT_TERMS } from '../../../../kit/fixtures/observations.ts';
import { SETTINGS } from '../../../../kit/fixtures/settings.ts';

const NAME = 'oac-uid-1-a0';
const documents = { namespace: 'documents', baseUrls: 'Any', namespacedBaseUrls: [] } as const;
const server: Partial<ServerState> = { connection: { ...connection, documents: DOCUMENT_TERMS } };
const REMOVED = `delete ConfigMap documents/${NAME}`;

const left = (isOwn?: true): ((operator: OperatorInMemory) => void) =>
  leaveCall({ kind: 'Register', registrationSecret: NAME, isOwn, startedAt: '2026-05-01T11:50:00Z' });
const report = (options: TakeOptions<'ReportOrphan'>) =>
  take('ReportOrphan', { objects: [...surroundings(), clientObject({}, {}, {})], ...options });

describe('A registration that was interrupted', () => {
  test('is listed, whatever the server object says of documents by now', async () => {
    const parts = { settings: { ...SETTINGS, documents } };
    for (const scene of [{}, { parts }, { parts, server }]) {
      const { result, wrote, told, orphans, ledger } = await report({ ...scene, before: left() });
      expect(result).toEqual(DONE);
      expect([wrote, told]).toEqual([[], ['Warning RegistrationOutcomeUnknown Register']]);
      expect(orphans).toHaveLength(1);
      expect(ledger.ends).toEqual(['settle a0']);
    }
  });

  test('and was a document has that removed, whatever the server object says by now: no server has a client', async () => {
    const parts = { settings: { ...SETTINGS, documents } };
    for (const scene of [{ parts }, { parts, server }]) {
      const { result, wrote, told, orphans, ledger } = await report({ ...scene, before: left(true) });
      expect(result).toEqual(DONE);
      expect([wrote, told, orphans]).toEqual([[REMOVED], [], []]);
      expect(ledger.ends).toEqual(['settle a0']);
    }
  });

  test('and was a document stays unsettled while the API server does not remove it', async () => {
    const refuses = { 'delete ConfigMap': refusals.broken };
    const { result, ledger } = await report({
      parts: { settings: { ...SETTINGS, documents } },
      before: left(true),
      refuses,
    });
    expect(result).toMatchObject({ kind: 'later' });
    expect(ledger.ends).toEqual([]);
  });

  test('and was a document is listed where the install has no documents any more: it may be served', async () => {
    const { wrote, orphans } = await report({ before: left(true) });
    expect(wrote).toEqual([]);
    expect(orphans).toHaveLength(1);
  });
});
