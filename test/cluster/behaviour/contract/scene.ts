import { expect } from 'vitest';
import type { AuthorizationServer } from '../../../../src/api/authorization-server.ts';
import type { OAuthClient } from '../../../../src/api/oauth-client.ts';
import { DIALECT_NAMES, type DialectName } from '../../../../src/dialects/presets.ts';
import { start, stopAll } from '../../../kit/emulator/running.ts';
import { startTestbed, type Testbed } from '../../../kit/testbed/testbed.ts';
import { fetchText } from '../looks.ts';
import { all, conditionOf, eventually, namespace, oauthClient, secretData } from '../objects.ts';
import { type SeenEvent, teamIn } from '../team.ts';
import { NAMESPACE, type Placed, place, secretObject, specClient } from './placed.ts';

/** One operator and all emulated servers, with functions to read both. */
export interface ContractScene {
  readonly testbed: Testbed;
  placed(dialect: DialectName): Placed;
  /** Applies OAuthClients. By default each has the body and the scopes that its server accepts. */
  create(...clients: readonly Wanted[]): Promise<void>;
  edit(name: string, client: object): Promise<void>;
  remove(name: string): Promise<void>;
  client(name: string): Promise<OAuthClient | undefined>;
  server(placed: Placed): Promise<AuthorizationServer>;
  /** Waits for a Ready condition of the current generation with this reason. Returns its message too. */
  until(name: string, ...reasons: readonly string[]): Promise<Told>;
  secret(name: string): Promise<Record<string, string> | undefined>;
  /** Waits for a Warning about the client. */
  warning(name: string, reason: string): Promise<SeenEvent>;
  /** All text that people or machines can read, except the workload's Secrets. */
  readable(): Promise<string>;
  stop(): Promise<void>;
}

export interface Wanted {
  readonly placed: Placed;
  readonly name: string;
  readonly client?: object;
}

export interface Told {
  readonly client: OAuthClient;
  /** Of Ready. */
  readonly reason: string;
  readonly message: string;
}

const LONG_MS = 40_000;
const API = '/apis/oauth-registrar.dev/v1alpha1';

/** Starts the operator and all servers, with a wrong credential wherever one is needed. */
export async function startContract(): Promise<ContractScene> {
  const servers = await Promise.all(
    DIALECT_NAMES.map(async (dialect) => place(dialect, await start(dialect))),
  );
  const testbed = await startTestbed();
  await testbed.apply(namespace(NAMESPACE));
  const credentials = servers.flatMap((placed) => placed.credentials);
  await testbed.apply(
    all(
      ...credentials.map((credential) => secretObject(credential, { wrong: !credential.isManagement })),
      ...servers.map(({ serverObject }) => serverObject),
    ),
  );
  return sceneOf(testbed, new Map(servers.map((placed) => [placed.dialect, placed])));
}

function sceneOf(testbed: Testbed, servers: ReadonlyMap<DialectName, Placed>): ContractScene {
  const { admin } = testbed.controlPlane;
  const pathOf = (name: string) => `${API}/namespaces/${NAMESPACE}/oauthclients/${name}`;
  const client = async (name: string) => {
    const { status, json } = await admin.request<OAuthClient>('GET', pathOf(name));
    return status === 404 ? undefined : json;
  };
  const scene: ContractScene = {
    testbed,
    placed(dialect) {
      const placed = servers.get(dialect);
      return placed ?? expect.fail(`no server is placed for ${dialect}`);
    },
    create: (...clients) => testbed.apply(all(...clients.map(toObject))),
    async edit(name, change) {
      const { status, json } = await admin.request('PATCH', pathOf(name), { spec: { client: change } });
      expect(status, JSON.stringify(json)).toBe(200);
    },
    async remove(name) {
      expect((await admin.request('DELETE', pathOf(name))).status).toBe(200);
    },
    client,
    async server({ server: { kind, name } }) {
      const path =
        kind === 'AuthorizationServer'
          ? `${API}/namespaces/${NAMESPACE}/authorizationservers/${name}`
          : `${API}/clusterauthorizationservers/${name}`;
      return (await admin.request<AuthorizationServer>('GET', path)).json;
    },
    until: (name, ...reasons) => untilReason(client, name, reasons),
    secret: (name) => secretData(testbed, NAMESPACE, name),
    async warning(name, reason) {
      const warnings = await eventually(
        async () =>
          (await teamIn(testbed, NAMESPACE).events(name)).filter(
            (event) => event.type === 'Warning' && event.reason === reason,
          ),
        (seen) => seen.length > 0,
        LONG_MS,
      );
      return warnings.at(-1) as SeenEvent;
    },
    readable: () => readable(testbed),
    async stop() {
      await testbed.stop();
      await stopAll();
    },
  };
  return scene;
}

const toObject = ({ placed, name, client }: Wanted): string =>
  oauthClient(NAMESPACE, name, {
    server: placed.server,
    client: client ?? specClient(placed.body, name, placed.scopes[0]),
  });

async function untilReason(
  read: (name: string) => Promise<OAuthClient | undefined>,
  name: string,
  reasons: readonly string[],
): Promise<Told> {
  const seen = await eventually(
    async () => {
      const client = await read(name);
      return { client, ready: client && conditionOf(client, 'Ready') };
    },
    ({ client, ready }) =>
      reasons.includes(ready?.reason ?? '') && ready?.observedGeneration === client?.metadata.generation,
    LONG_MS,
  );
  const { reason = '', message = '' } = seen.ready ?? {};
  return { client: seen.client as OAuthClient, reason, message };
}

/** Waits until the object is gone. */
export const untilGone = (scene: ContractScene, name: string): Promise<unknown> =>
  eventually(
    () => scene.client(name),
    (client) => client === undefined,
    LONG_MS,
  );

async function readable(testbed: Testbed): Promise<string> {
  const { admin } = testbed.controlPlane;
  const paths = [
    '/apis/events.k8s.io/v1/events',
    `${API}/oauthclients`,
    `${API}/authorizationservers`,
    `${API}/clusterauthorizationservers`,
    '/api/v1/configmaps',
  ];
  const objects = await Promise.all(paths.map((path) => admin.request('GET', path)));
  const metrics = await fetchText(testbed.operator.port, '/metrics');
  return [testbed.operator.output(), metrics.text, ...objects.map(({ json }) => JSON.stringify(json))].join(
    '\n',
  );
}
