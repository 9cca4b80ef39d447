import type { ConfigMap } from '../../../src/api/kubernetes.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';

/** Reads of the API server, without a proxy. */

/** The objects of a collection. Throws on any answer but 200. */
export async function list<T>(testbed: Testbed, path: string): Promise<readonly T[]> {
  const { status, json } = await testbed.controlPlane.admin.request<{ items: readonly T[] }>('GET', path);
  if (status !== 200) {
    throw new Error(`GET ${path} was answered ${status}`);
  }
  return json.items;
}

/** Data of a ConfigMap; empty if it doesn't exist. */
export async function dataOf(testbed: Testbed, path: string): Promise<Readonly<Record<string, string>>> {
  const { status, json } = await testbed.controlPlane.admin.request<ConfigMap>('GET', path);
  return status === 404 ? {} : (json.data ?? {});
}

/** A value in the data of a Secret; empty if it is absent. */
export const decode = (value: string | undefined): string => Buffer.from(value ?? '', 'base64').toString();
