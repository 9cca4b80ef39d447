import { expect, test } from 'vitest';
import { readClusterId } from '../../../../src/adapters/kubernetes/cluster-id.ts';
import type { ApiResult, KubernetesApi } from '../../../../src/controller/ports.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';

const FOUND = { ok: true, object: { metadata: { name: 'kube-system', uid: 'u-1' } } } as const;
const refused = (status: number, message: string): ApiResult<never> => ({
  ok: false,
  status,
  reason: 'Unknown',
  message,
});

/** Reads it from an API server that gives these answers. */
function reading(...answers: readonly ApiResult<object>[]) {
  const left = [...answers];
  const api = { get: async () => left.shift() } as unknown as Pick<KubernetesApi, 'get'>;
  const log = createRecordingLog();
  const clock = createFakeClock({});
  return { log, clock, id: readClusterId(api, { clock, log, ending: new AbortController().signal }) };
}

test('is the uid of kube-system', async () => {
  expect(await reading(FOUND).id).toBe('u-1');
});

test('waits for an API server that cannot be reached, and says what to do', async () => {
  const { log, clock, id } = reading(refused(0, 'connect ECONNREFUSED 10.96.0.1:443'), FOUND);
  await clock.advance(2_000);
  expect(await id).toBe('u-1');
  expect(log.lines).toEqual([
    'warn namespace kube-system could not be read; the read is retried {"status":0,"message":"connect ECONNREFUSED 10.96.0.1:443","cure":"If this lasts, let the network and its policies permit the operator to call the API server: networkPolicy.apiServer.cidrs of the chart."}',
  ]);
});

test('ends where the account may not read it, and says what to do', async () => {
  const { id } = reading(refused(403, 'User "x" cannot get resource "namespaces"'));
  await expect(id).rejects.toThrow(
    /^Namespace kube-system, whose uid identifies the cluster, can't be read: User "x" cannot get resource "namespaces"\. Allow "get" for this namespace, or set --cluster-id\.$/,
  );
});
