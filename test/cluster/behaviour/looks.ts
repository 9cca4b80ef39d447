import type { AuthorizationServer } from '../../../src/api/authorization-server.ts';
import type { Condition } from '../../../src/api/conditions.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../../../src/core/suspects.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { eventually, OPERATOR_NAMESPACE } from './objects.ts';

/** What people look at besides the client: server objects, Events, the list of suspected orphans, metrics. */

export async function getServer(
  testbed: Testbed,
  name: string,
  namespace?: string,
): Promise<AuthorizationServer> {
  const args = namespace === undefined ? ['get', 'coas', name] : ['-n', namespace, 'get', 'oas', name];
  return JSON.parse(await testbed.kubectl(...args, '-o', 'json')) as AuthorizationServer;
}

/** Waits for a condition of a server object to have this reason. */
export async function untilServer(
  testbed: Testbed,
  name: string,
  { namespace, type = 'Ready', reason }: { namespace?: string; type?: string; reason: string },
  timeoutMs = 20_000,
): Promise<AuthorizationServer & { readonly condition: Condition }> {
  const conditionIn = (server: AuthorizationServer) =>
    server.status?.conditions?.find((condition) => condition.type === type);
  const found = await eventually(
    () => getServer(testbed, name, namespace),
    (server) => conditionIn(server)?.reason === reason,
    timeoutMs,
  );
  return { ...found, condition: conditionIn(found) as Condition };
}

export interface SeenEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly action: string;
}

export async function eventsOf(
  testbed: Testbed,
  namespace: string,
  name: string,
): Promise<readonly SeenEvent[]> {
  const { json } = await testbed.controlPlane.admin.request<{
    items: readonly (SeenEvent & { readonly regarding: { readonly name: string } })[];
  }>('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  return json.items.filter(({ regarding }) => regarding.name === name);
}

/** Waits for an Event about the object: they are sent on the side, so that what they tell can be seen before them. */
export async function untilEvent(
  testbed: Testbed,
  namespace: string,
  name: string,
  isWanted: (event: SeenEvent) => boolean,
  timeoutMs = 40_000,
): Promise<SeenEvent> {
  const events = await eventually(
    () => eventsOf(testbed, namespace, name),
    (seen) => seen.some(isWanted),
    timeoutMs,
  );
  return events.find(isWanted) as SeenEvent;
}

/** The listed suspects, by `namespace/name` of their object. */
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

export async function fetchText(port: number, path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, text: await answer.text() };
}

/** Changes the spec of an OAuthClient. */
export const editClient = (
  testbed: Testbed,
  namespace: string,
  name: string,
  client: object,
): Promise<string> => patch(testbed, namespace, 'oac', name, { spec: { client } });

export const patch = (
  testbed: Testbed,
  namespace: string,
  kind: string,
  name: string,
  change: object,
): Promise<string> =>
  testbed.kubectl('-n', namespace, 'patch', kind, name, '--type=merge', '-p', JSON.stringify(change));
