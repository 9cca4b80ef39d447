import type { KubernetesObject } from '../../src/api/kubernetes.ts';
import { LABELS } from '../../src/api/names.ts';
import type { OAuthClient } from '../../src/api/oauth-client.ts';
import { OPERATOR_NAMESPACE } from '../kit/testbed/testbed.ts';
import { NAMESPACES } from './namespaces.ts';
import { clientsPath, namespaceOf, oauthClient, secretsPath } from './objects.ts';
import { pooled } from './pace.ts';
import type { Stage } from './stage.ts';

/** What users do, all with an administrator's rights. */

/** So many users at a time. */
export const USERS = 32;

const nameOf = (prefix: string, index: number): string => `${prefix}-${index}`;

/** Creates clients `from` to `to` - 1. */
export async function createClients(stage: Stage, prefix: string, from: number, to: number): Promise<void> {
  await pooled(to - from, USERS, (index) =>
    createIn(stage, namespaceOf(index), nameOf(prefix, from + index)),
  );
}

export async function createIn(
  stage: Stage,
  namespace: string,
  name: string,
  server?: object,
): Promise<void> {
  await expectOk(stage, 'POST', clientsPath(namespace), oauthClient(namespace, name, server));
}

/** Creates one; returns its key, `namespace/name`. */
export async function createClient(stage: Stage, prefix: string, index: number): Promise<string> {
  const [namespace, name] = [namespaceOf(index), nameOf(prefix, index)];
  await createIn(stage, namespace, name);
  return `${namespace}/${name}`;
}

export const countClients = async (stage: Stage): Promise<number> => (await listClients(stage)).length;

/** Registration Secrets. */
export async function countRecords(stage: Stage): Promise<number> {
  const path = `${secretsPath(OPERATOR_NAMESPACE)}?labelSelector=${encodeURIComponent(LABELS.registration)}`;
  const { items } = await expectOk<{ readonly items: readonly KubernetesObject[] }>(stage, 'GET', path);
  return items.length;
}

/** Edits every client that exists: its name for people, which the server is told. */
export async function editClients(stage: Stage, clientName: string): Promise<void> {
  const clients = await listClients(stage);
  await pooled(clients.length, USERS, async (index) => {
    const { namespace, name } = clients[index]?.metadata ?? {};
    await expectOk(stage, 'PATCH', `${clientsPath(namespace)}/${name}`, { spec: { client: { clientName } } });
  });
}

/**
 * Asks for the deletion of every client, one by one as `kubectl delete --all` does; they end when their registrations have.
 */
export async function deleteClients(stage: Stage): Promise<void> {
  const clients = await listClients(stage);
  await pooled(clients.length, USERS, async (index) => {
    const { namespace, name } = clients[index]?.metadata ?? {};
    await expectOk(stage, 'DELETE', `${clientsPath(namespace)}/${name}`);
  });
}

export async function listClients(stage: Stage): Promise<readonly OAuthClient[]> {
  const lists = NAMESPACES.map((namespace) =>
    expectOk<{ readonly items: readonly OAuthClient[] }>(stage, 'GET', clientsPath(namespace)),
  );
  return (await Promise.all(lists)).flatMap(({ items }) => items);
}

/** Throws on any answer but 2xx. */
export async function expectOk<T>(
  { controlPlane }: Stage,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
): Promise<T> {
  const { status, json } = await controlPlane.admin.request<T>(method, path, body);
  if (status > 299) {
    throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(json)}`);
  }
  return json;
}
