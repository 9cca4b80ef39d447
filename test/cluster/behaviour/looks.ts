import type { AuthorizationServer } from '../../../src/api/authorization-server.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../../../src/core/suspects.ts';
import { UNREMOVED, type UnremovedClient, unremovedIn } from '../../../src/core/unremoved-client.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { OPERATOR_NAMESPACE } from './objects.ts';
import { type ConditionedServer, untilCondition, type WantedCondition } from './team.ts';

/** What platform teams see: cluster servers, the list of suspected orphans, metrics. */

/** A ClusterAuthorizationServer. */
export const getClusterServer = async (testbed: Testbed, name: string): Promise<AuthorizationServer> =>
  JSON.parse(await testbed.kubectl('get', 'coas', name, '-o', 'json')) as AuthorizationServer;

/** Waits until a condition of a ClusterAuthorizationServer has this reason. */
export const untilClusterServer = (
  testbed: Testbed,
  name: string,
  wanted: WantedCondition,
  timeoutMs?: number,
): Promise<ConditionedServer> => untilCondition(() => getClusterServer(testbed, name), wanted, timeoutMs);

/** The suspected orphans in the list, by `namespace/name` of their object. */
export async function suspectedOrphans(
  testbed: Testbed,
): Promise<readonly { client: string; why: string }[]> {
  const listed = async (name: string) => {
    const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/${name}`;
    const { status, json } = await testbed.controlPlane.admin.request<{ data?: Record<string, string> }>(
      'GET',
      path,
    );
    return status === 404 ? [] : Object.values(json.data ?? {});
  };
  const all = await Promise.all([listed(SUSPECTS), listed(OWN_SUSPECTS)]);
  return all.flat().map((text) => JSON.parse(text) as { client: string; why: string });
}

/** The clients that are owed or left behind, as people read them. */
export async function unremovedClients(testbed: Testbed): Promise<readonly UnremovedClient[]> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/${UNREMOVED}`;
  const { admin } = testbed.controlPlane;
  const { json } = await admin.request<{ data?: Record<string, string> }>('GET', path);
  return unremovedIn(json.data).clients;
}

export async function fetchText(port: number, path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
}
