import { expect } from 'vitest';
import type { AuthorizationServerSpec } from '../../../src/api/authorization-server.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { all, conditionOf, namespacedServer, oauthClient } from './objects.ts';
import { teamIn } from './team.ts';

/** Servers with all kinds of admission in one namespace, for tests of the operator's own credentials. */

export const NAMESPACE = 'shop';
const LONG_MS = 20_000;

/** A spec as people write it, without defaults. */
export type Spec = { readonly [Field in keyof AuthorizationServerSpec]?: unknown };

export interface LabelledSecret {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly type?: string;
  readonly labelled?: boolean;
}

/** A Secret that server objects may refer to. */
export function labelled({
  name,
  data,
  namespace = NAMESPACE,
  type = 'Opaque',
  labelled: isLabelled = true,
}: LabelledSecret): string {
  const labels = isLabelled ? { 'oauth-registrar.dev/credential': 'true' } : {};
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels },
    type,
    stringData: data,
  });
}

/** A server object, the objects that it refers to, and its clients: `name-0`, `name-1` and so on. */
export interface Setting {
  readonly name: string;
  readonly issuer: string;
  readonly spec: Spec;
  readonly secrets?: readonly string[];
  readonly clients?: number;
  /** Further members of the clients' spec. */
  readonly client?: Record<string, unknown>;
}

export const ownServer = (name: string) => ({ kind: 'AuthorizationServer', name });

export const clientNames = ({ name, clients = 1 }: Pick<Setting, 'name' | 'clients'>): readonly string[] =>
  Array.from({ length: clients }, (_, index) => `${name}-${index}`);

export const setUp = (testbed: Testbed, setting: Setting): Promise<void> =>
  testbed.apply(
    all(
      ...(setting.secrets ?? []),
      namespacedServer(setting.issuer, NAMESPACE, setting.name, setting.spec),
      ...clientNames(setting).map((client) =>
        oauthClient(NAMESPACE, client, { server: ownServer(setting.name), ...setting.client }),
      ),
    ),
  );

/** Applies the setting, and waits until every client is registered: each once, and no other client at the emulator. */
export async function registered(testbed: Testbed, emulator: Emulator, setting: Setting): Promise<void> {
  const before = emulator.clients().length;
  await setUp(testbed, setting);
  const names = clientNames(setting);
  const clients = await Promise.all(
    names.map((name) => teamIn(testbed, NAMESPACE, { waitMs: LONG_MS }).until(name, 'Registered')),
  );
  expect(new Set(clients.map(({ status }) => status?.clientId)).size).toBe(names.length);
  expect(clients.every(({ status }) => emulator.client(status?.clientId ?? '') !== undefined)).toBe(true);
  expect(emulator.clients()).toHaveLength(before + names.length);
}

/** Waits until the client's Ready condition has this reason. Returns its message. */
export async function told(testbed: Testbed, name: string, reason: string): Promise<string> {
  const client = await teamIn(testbed, NAMESPACE, { waitMs: LONG_MS }).until(name, reason);
  return conditionOf(client, 'Ready')?.message ?? '';
}

/** `admission.clientCredentials` of a server object. */
export const clientCredentials = (secret: string, more: object = {}) => ({
  registration: { admission: { clientCredentials: { secretRef: { name: secret }, ...more } } },
});

/** The client by which the emulator admits the operator, with all its credentials. */
export const admissionClient = ({ credentials: { client } }: Emulator): Record<string, string> => ({
  client_id: client.clientId,
  client_secret: client.clientSecret,
  private_key: client.key.privateKey,
});
