import { ANNOTATIONS } from '../../../src/api/names.ts';
import {
  all,
  credential,
  machine,
  namespace,
  namespacedServer,
  oauthClient,
} from '../../cluster/behaviour/objects.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';

/** The work while an operator is killed: clients are created, changed, replaced, renamed, kept and deleted. */

/** `plain` keeps its tokens; `rotating` gives a new one with every update and refuses the former one. */
export const SERVERS = ['plain', 'rotating'] as const;
export type ServerName = (typeof SERVERS)[number];

/** What happens to a client, and how many of them there are at each server. */
const FATES = {
  created: 3,
  edited: 2,
  replaced: 1,
  renamed: 1,
  deleted: 2,
  kept: 1,
} as const;

export type Fate = keyof typeof FATES;

export interface LoadObject {
  readonly name: string;
  readonly server: ServerName;
  readonly fate: Fate;
}

export const OBJECTS: readonly LoadObject[] = SERVERS.flatMap((server) =>
  (Object.keys(FATES) as Fate[]).flatMap((fate) =>
    Array.from({ length: FATES[fate] }, (_, index) => ({ name: `${fate}-${server}-${index}`, server, fate })),
  ),
);

/** The metadata member by which the server's own list shows the owner of a client. */
export const uriOf = (namespaceName: string, name: string): string =>
  `https://${name}.${namespaceName}.example`;

export const secretNameOf = ({ name, fate }: LoadObject): string =>
  fate === 'renamed' ? `${name}-renamed` : name;

/** A namespace with two server objects of its own, and every client that isn't created later. */
export function prepare(
  testbed: Testbed,
  ns: string,
  issuers: Readonly<Record<ServerName, string>>,
): Promise<void> {
  const servers = SERVERS.map((server) =>
    namespacedServer(issuers[server], ns, server, {
      attemptMarker: { member: 'client_name' },
      connection: { timeout: '2s' },
      recovery: { cooldown: '1s' },
      ...(server === 'rotating' ? { dialect: 'oidc-provider' } : {}),
      // It manages no client here; it is kept beside the records.
      ...(server === 'plain'
        ? { management: { credential: { token: { secretRef: { name: 'admin' } } } } }
        : {}),
    }),
  );
  const objects = OBJECTS.filter(({ fate }) => fate !== 'created').map((object) => toClient(ns, object));
  return testbed.apply(
    all(namespace(ns), credential('admin', { name: 'admin', namespace: ns }), ...servers, ...objects),
  );
}

/** All changes at once. */
export async function disturb(testbed: Testbed, ns: string): Promise<void> {
  const path = `/apis/oauth-registrar.dev/v1alpha1/namespaces/${ns}/oauthclients`;
  const calls = OBJECTS.map((object) => {
    const { method, body } = changeOf(ns, object);
    const url = method === 'POST' ? path : `${path}/${object.name}`;
    return testbed.controlPlane.admin.request(method, url, body);
  });
  const answers = await Promise.all(calls);
  const refused = answers.find(({ status }) => status >= 300);
  if (refused !== undefined) {
    throw new Error(`a change was refused: ${JSON.stringify(refused.json)}`);
  }
}

function changeOf(
  ns: string,
  object: LoadObject,
): { readonly method: 'POST' | 'PATCH' | 'DELETE'; readonly body?: object } {
  switch (object.fate) {
    case 'created':
      return { method: 'POST', body: JSON.parse(toClient(ns, object)) };
    case 'edited':
      return { method: 'PATCH', body: { spec: { client: { logoUri: 'https://edited.example/logo.png' } } } };
    case 'renamed':
      return { method: 'PATCH', body: { spec: { secret: { name: secretNameOf(object) } } } };
    case 'replaced':
      return {
        method: 'PATCH',
        body: { metadata: { annotations: { [ANNOTATIONS.rotateRequestedAt]: '1' } } },
      };
    default:
      return { method: 'DELETE' };
  }
}

function toClient(ns: string, { name, server, fate }: LoadObject): string {
  const { clientName: _, ...client } = machine;
  return oauthClient(ns, name, {
    client: { ...client, clientUri: uriOf(ns, name) },
    server: { kind: 'AuthorizationServer', name: server },
    replacement: { onEdit: 'Automatic', overlap: '0s' },
    ...(fate === 'kept' ? { deletionPolicy: 'Retain' } : {}),
  });
}
