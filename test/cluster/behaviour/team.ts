import type { AuthorizationServer } from '../../../src/api/authorization-server.ts';
import type { Condition } from '../../../src/api/conditions.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { beforeTests } from '../../kit/before-tests.ts';
import { stopAll } from '../../kit/emulator/running.ts';
import { type StubServer, startStubServer, stopStubServers } from '../../kit/stub-server.ts';
import { startTestbed, type Testbed, type TestbedOptions } from '../../kit/testbed/testbed.ts';
import {
  all,
  conditionOf,
  eventually,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  secretData,
  serverRef,
} from './objects.ts';

/** A testbed for one test file, and what the team of one namespace does and sees there. */

export interface UseOptions extends TestbedOptions {
  /** Namespaces to create. Default: `shop`. */
  readonly namespaces?: readonly string[];
}

/** Starts a testbed before the tests of this file. Stops it after them, with every stub server and emulator. */
export function useTestbed({ namespaces = ['shop'], ...options }: UseOptions = {}): Testbed {
  return beforeTests(
    async () => {
      const testbed = await startTestbed(options);
      if (namespaces.length > 0) {
        await testbed.apply(all(...namespaces.map((name) => namespace(name))));
      }
      return testbed;
    },
    async (testbed) => {
      await testbed?.stop();
      await stopAll();
      await stopStubServers();
    },
  );
}

export interface Team {
  readonly namespace: string;
  /** kubectl in the namespace; throws if it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** An OAuthClient. */
  client(name: string): Promise<OAuthClient>;
  /** Waits until Ready of an OAuthClient has this reason for the current generation. */
  until(name: string, reason: string, timeoutMs?: number): Promise<OAuthClient>;
  /** Merges members into `spec.client`; `null` removes one. */
  edit(name: string, client: object): Promise<string>;
  /** Merges a change into an object. */
  patch(kind: string, name: string, change: object): Promise<string>;
  /** Sets an annotation of the operator on an OAuthClient, given without its prefix. */
  annotate(name: string, annotation: string, value: string): Promise<string>;
  /** Deletes an OAuthClient without waiting for it to be gone. */
  remove(name: string): Promise<string>;
  /** @param kind default `oac` */
  exists(name: string, kind?: string): Promise<boolean>;
  untilGone(name: string, kind?: string, timeoutMs?: number): Promise<unknown>;
  /** Decoded data of a Secret; `undefined` where there is none. */
  secret(name: string): Promise<Record<string, string> | undefined>;
  /** The registration Secrets of all clients that have or had this name. */
  registrations(name: string): Promise<readonly RegistrationSecret[]>;
  /** Waits until exactly these roles are among the registration Secrets of this name. */
  untilRoles(
    name: string,
    roles: readonly string[],
    timeoutMs?: number,
  ): Promise<readonly RegistrationSecret[]>;
  /** Events about objects of this name. */
  events(name: string): Promise<readonly SeenEvent[]>;
  /** Waits for an Event. The operator writes Events in the background, so their effects may be visible earlier. */
  untilEvent(name: string, isWanted: (event: SeenEvent) => boolean, timeoutMs?: number): Promise<SeenEvent>;
  /** An AuthorizationServer. */
  server(name: string): Promise<AuthorizationServer>;
  /** Waits until a condition of an AuthorizationServer has this reason. */
  untilServer(name: string, wanted: WantedCondition, timeoutMs?: number): Promise<ConditionedServer>;
  /** Starts a server and applies its server object and an OAuthClient for it, all called `name`. */
  serve(name: string, options?: PlaceOptions): Promise<StubServer>;
  /** Like `serve`, and waits until the client is registered. */
  place(name: string, options?: PlaceOptions): Promise<StubServer>;
}

export interface RegistrationSecret {
  readonly name: string;
  readonly role: string;
  readonly clientId: string;
  /** uid of the OAuthClient. */
  readonly uid: string;
  /** Every annotation, by its name without the prefix. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface SeenEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly action: string;
}

export interface WantedCondition {
  /** Default: Ready. */
  readonly type?: string;
  readonly reason: string;
}

export type ConditionedServer = AuthorizationServer & { readonly condition: Condition };

export interface PlaceOptions {
  readonly prepare?: (stub: StubServer) => void;
  /** Path of the issuer. Default: none. */
  readonly path?: string;
  /** Members of the server object's spec. */
  readonly server?: object;
  /** Members of the OAuthClient's spec, and its labels. */
  readonly client?: Readonly<Record<string, unknown>>;
}

export interface TeamOptions {
  /** The longest wait for a condition, a deletion or a role. Default: 30 s. */
  readonly waitMs?: number;
}

export const LONG_MS = 30_000;
const EVENT_MS = 40_000;

/** May be called before the testbed is started. */
export function teamIn(testbed: Testbed, namespace: string, { waitMs = LONG_MS }: TeamOptions = {}): Team {
  const team: Team = {
    namespace,
    kubectl: (...args) => testbed.kubectl('-n', namespace, ...args),
    client: async (name) => JSON.parse(await team.kubectl('get', 'oac', name, '-o', 'json')) as OAuthClient,
    until: (name, reason, timeoutMs = waitMs) =>
      eventually(
        () => team.client(name),
        (client) => {
          const ready = conditionOf(client, 'Ready');
          return ready?.reason === reason && ready.observedGeneration === client.metadata.generation;
        },
        timeoutMs,
      ),
    edit: (name, client) => team.patch('oac', name, { spec: { client } }),
    patch: (kind, name, change) =>
      team.kubectl('patch', kind, name, '--type=merge', '-p', JSON.stringify(change)),
    annotate: (name, annotation, value) =>
      team.kubectl('annotate', 'oac', name, `oauth-registrar.dev/${annotation}=${value}`, '--overwrite'),
    remove: (name) => team.kubectl('delete', 'oac', name, '--wait=false'),
    exists: async (name, kind = 'oac') =>
      (await team.kubectl('get', kind, name, '--ignore-not-found', '-o', 'name')) !== '',
    untilGone: (name, kind, timeoutMs = waitMs) =>
      eventually(
        () => team.exists(name, kind),
        (is) => !is,
        timeoutMs,
      ),
    secret: (name) => secretData(testbed, namespace, name),
    registrations: (name) => registrationsOf(testbed, namespace, name),
    untilRoles: (name, roles, timeoutMs = waitMs) =>
      eventually(
        () => team.registrations(name),
        (found) =>
          JSON.stringify(found.map(({ role }) => role).toSorted()) === JSON.stringify(roles.toSorted()),
        timeoutMs,
      ),
    events: (name) => eventsOf(testbed, namespace, name),
    async untilEvent(name, isWanted, timeoutMs = EVENT_MS) {
      const events = await eventually(
        () => team.events(name),
        (found) => found.some(isWanted),
        timeoutMs,
      );
      return events.find(isWanted) as SeenEvent;
    },
    server: async (name) =>
      JSON.parse(await team.kubectl('get', 'oas', name, '-o', 'json')) as AuthorizationServer,
    untilServer: (name, wanted, timeoutMs = waitMs) =>
      untilCondition(() => team.server(name), wanted, timeoutMs),
    async serve(name, { prepare = () => {}, path = '', server = {}, client = {} } = {}) {
      const stub = await startStubServer();
      prepare(stub);
      const object = oauthClient(namespace, name, { server: serverRef(name), ...client });
      await testbed.apply(all(namespacedServer(`${stub.issuer}${path}`, namespace, name, server), object));
      return stub;
    },
    async place(name, options) {
      const stub = await team.serve(name, options);
      await team.until(name, 'Registered');
      return stub;
    },
  };
  return team;
}

/** Waits until a condition of a server object, which `read` gets, has this reason. */
export async function untilCondition(
  read: () => Promise<AuthorizationServer>,
  { type = 'Ready', reason }: WantedCondition,
  timeoutMs = LONG_MS,
): Promise<ConditionedServer> {
  const conditionIn = ({ status }: AuthorizationServer) =>
    status?.conditions?.find((condition) => condition.type === type);
  const found = await eventually(read, (server) => conditionIn(server)?.reason === reason, timeoutMs);
  return { ...found, condition: conditionIn(found) as Condition };
}

async function eventsOf(testbed: Testbed, namespace: string, name: string): Promise<readonly SeenEvent[]> {
  const { json } = await testbed.controlPlane.admin.request<{
    items: readonly (SeenEvent & { readonly regarding: { readonly name: string } })[];
  }>('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`);
  return json.items.filter(({ regarding }) => regarding.name === name);
}

async function registrationsOf(
  testbed: Testbed,
  namespace: string,
  name: string,
): Promise<readonly RegistrationSecret[]> {
  const selector = `oauth-registrar.dev/client-name=${name},oauth-registrar.dev/client-namespace=${namespace}`;
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets?labelSelector=${encodeURIComponent(selector)}`;
  const { json } = await testbed.controlPlane.admin.request<{
    items: {
      metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> };
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
