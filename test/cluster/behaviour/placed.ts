import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { type StubServer, startStubServer } from '../../kit/stub-server.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import {
  all,
  conditionOf,
  eventually,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  untilReason,
} from './objects.ts';

/** Clients that are registered at a server of their own, and how they end. */

export const LONG_MS = 30_000;

export interface PlacedOptions {
  readonly namespace?: string;
  readonly prepare?: (stub: StubServer) => void;
  /** Of the server object. */
  readonly server?: object;
  /** Of the OAuthClient. */
  readonly client?: Readonly<Record<string, unknown>>;
}

export interface RegistrationSecret {
  readonly name: string;
  readonly role: string;
  readonly clientId: string;
  readonly uid: string;
  /** Every annotation, by its name without the prefix. */
  readonly facts: Readonly<Record<string, string>>;
}

export const serverRef = (name: string) => ({ kind: 'AuthorizationServer', name });
export const messageOf = (client: OAuthClient): string => conditionOf(client, 'Ready')?.message ?? '';

/** A server of its own and a client that is registered at it, both called `name`. */
export async function placed(
  testbed: Testbed,
  name: string,
  { namespace = 'shop', prepare = () => {}, server = {}, client = {} }: PlacedOptions = {},
): Promise<StubServer> {
  const stub = await startStubServer();
  prepare(stub);
  await testbed.apply(
    all(
      namespacedServer(stub.issuer, namespace, name, server),
      oauthClient(namespace, name, { server: serverRef(name), ...client }),
    ),
  );
  await untilReason(testbed, namespace, name, 'Registered', LONG_MS);
  return stub;
}

export const remove = (testbed: Testbed, name: string, namespace = 'shop'): Promise<string> =>
  testbed.kubectl('-n', namespace, 'delete', 'oac', name, '--wait=false');

export async function exists(
  testbed: Testbed,
  name: string,
  { namespace = 'shop', kind = 'oac' } = {},
): Promise<boolean> {
  return (
    (await testbed.kubectl('-n', namespace, 'get', kind, name, '--ignore-not-found', '-o', 'name')) !== ''
  );
}

export const untilGone = (
  testbed: Testbed,
  name: string,
  where: { namespace?: string; kind?: string } = {},
  timeoutMs = LONG_MS,
): Promise<boolean> =>
  eventually(
    () => exists(testbed, name, where),
    (is) => !is,
    timeoutMs,
  );

/** The registration Secrets of all clients of this name. */
export async function recordsOf(
  testbed: Testbed,
  name: string,
  namespace = 'shop',
): Promise<readonly RegistrationSecret[]> {
  const selector = `oauth-registrar.dev/client-name=${name},oauth-registrar.dev/client-namespace=${namespace}`;
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets?labelSelector=${encodeURIComponent(selector)}`;
  const { json } = await testbed.controlPlane.admin.request<{
    items: {
      metadata: {
        name: string;
        labels: Record<string, string>;
        annotations: Record<string, string>;
      };
    }[];
  }>('GET', path);
  return json.items.map(({ metadata: { name: secret, labels, annotations } }) => ({
    name: secret,
    role: labels['oauth-registrar.dev/role'] ?? '',
    clientId: annotations['oauth-registrar.dev/client-id'] ?? '',
    uid: labels['oauth-registrar.dev/client-uid'] ?? '',
    facts: Object.fromEntries(
      Object.entries(annotations).map(([key, value]) => [key.replace(/^[^/]+\//, ''), value]),
    ),
  }));
}

/** Waits until the registration Secrets of these clients have these roles. */
export const untilRoles = (
  testbed: Testbed,
  name: string,
  roles: readonly string[],
  timeoutMs = LONG_MS,
  namespace = 'shop',
): Promise<readonly RegistrationSecret[]> =>
  eventually(
    () => recordsOf(testbed, name, namespace),
    (found) => JSON.stringify(found.map(({ role }) => role).toSorted()) === JSON.stringify(roles.toSorted()),
    timeoutMs,
  );

export const annotate = (
  testbed: Testbed,
  name: string,
  annotation: string,
  value: string,
  namespace = 'shop',
): Promise<string> =>
  testbed.kubectl(
    '-n',
    namespace,
    'annotate',
    'oac',
    name,
    `oauth-registrar.dev/${annotation}=${value}`,
    '--overwrite',
  );
