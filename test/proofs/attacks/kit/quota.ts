import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './target.ts';

interface Bound {
  readonly most: number;
  readonly used: number;
}

/**
 * A quota for the number of Secrets in a namespace. This function writes its status, because no quota controller runs
 * in the testbed. When the quota is in force, it resolves with a function that changes it.
 */
export async function secretsQuota(
  { admin }: Target,
  namespace: string,
  bound: Bound,
): Promise<(bound: Bound) => Promise<void>> {
  const path = `/api/v1/namespaces/${namespace}/resourcequotas/secrets`;
  const set = async ({ most, used }: Bound) => {
    const hard = { 'count/secrets': String(most) };
    const change = async (url: string, body: object) => {
      const { status } = await admin.request('PATCH', url, body);
      if (status > 299) {
        throw new Error(`the quota was not changed: ${status}`);
      }
    };
    await change(path, { spec: { hard } });
    await change(`${path}/status`, { status: { hard, used: { 'count/secrets': String(used) } } });
    const isRefused = async () => {
      const secret = { kind: 'Secret', metadata: { generateName: 'quota-' } };
      const { status } = await admin.request(
        'POST',
        `/api/v1/namespaces/${namespace}/secrets?dryRun=All`,
        secret,
      );
      return status === 403;
    };
    // The API server uses a copy, which it renews somewhat later.
    while ((await isRefused()) !== used >= most) {
      await sleep(100);
    }
  };
  await admin.createOrFail({
    kind: 'ResourceQuota',
    metadata: { name: 'secrets', namespace },
    spec: { hard: { 'count/secrets': String(bound.most) } },
  });
  await set(bound);
  return set;
}
