import type { Testbed } from '../../kit/testbed/testbed.ts';
import type { Chance } from './soak-random.ts';

/** The work of people: they create, edit and delete OAuthClients, and damage workload Secrets. */

export const NAMESPACE = 'soak';
export const SERVERS = ['steady', 'rotating'] as const;
export type ServerName = (typeof SERVERS)[number];

export interface UsersObject {
  readonly name: string;
  readonly server: ServerName;
  /** The wanted `logo_uri`: each edit sets another one. */
  logoUri: string;
  deleted: boolean;
}

export interface Users {
  readonly objects: readonly UsersObject[];
  /** One random operation; resolves when the API server has answered it. */
  act(): Promise<void>;
  /** Operations by kind. */
  readonly operations: Readonly<Record<string, number>>;
}

export const uriOf = (name: string): string => `https://${name}.${NAMESPACE}.example`;

const MOST_OBJECTS = 60;
const PATH = `/apis/oauth-registrar.dev/v1alpha1/namespaces/${NAMESPACE}/oauthclients`;
const secretPath = (name: string): string => `/api/v1/namespaces/${NAMESPACE}/secrets/${name}`;

export function createUsers(testbed: Testbed, chance: Chance): Users {
  const objects: UsersObject[] = [];
  const operations: Record<string, number> = {};
  const { admin } = testbed.controlPlane;
  const call = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) => {
    const { status, json } = await admin.request(method, path, body);
    // A workload Secret may not exist yet, or no longer.
    if (status >= 300 && !(status === 404 && path.includes('/secrets/'))) {
      throw new Error(`${method} ${path} of a user was answered ${status}: ${JSON.stringify(json)}`);
    }
  };
  const acts = {
    async create() {
      const server = chance.pick(SERVERS) ?? 'steady';
      const name = `${server}-${objects.length}`;
      const object = { name, server, logoUri: `${uriOf(name)}/0.png`, deleted: false };
      objects.push(object);
      await call('POST', PATH, toClient(object));
    },
    async edit(object: UsersObject) {
      object.logoUri = `${uriOf(object.name)}/${chance.between(1, 999_999)}.png`;
      await call('PATCH', `${PATH}/${object.name}`, { spec: { client: { logoUri: object.logoUri } } });
    },
    async delete(object: UsersObject) {
      object.deleted = true;
      await call('DELETE', `${PATH}/${object.name}`);
    },
    async 'delete Secret'({ name }: UsersObject) {
      await call('DELETE', secretPath(name));
    },
    async 'edit Secret'({ name }: UsersObject) {
      const client_secret = Buffer.from('spoilt').toString('base64');
      await call('PATCH', secretPath(name), { data: { client_secret } });
    },
  };
  return {
    objects,
    operations,
    async act() {
      const living = objects.filter(({ deleted }) => !deleted);
      const object = chance.pick(living);
      const full = living.length >= MOST_OBJECTS;
      const weights = {
        create: full ? 0 : 35,
        edit: 30,
        delete: full ? 40 : 20,
        'delete Secret': 8,
        'edit Secret': 7,
      };
      const kind = chance.weighed(weights) ?? 'create';
      operations[kind] = (operations[kind] ?? 0) + 1;
      if (kind === 'create' || object === undefined) {
        return acts.create();
      }
      return acts[kind](object);
    },
  };
}

/** Namespace and server objects, as YAML. */
export function stageOf(issuers: Readonly<Record<ServerName, string>>, timeout: string): string {
  const servers = SERVERS.map((name) => ({
    apiVersion: 'oauth-registrar.dev/v1alpha1',
    kind: 'AuthorizationServer',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      issuer: issuers[name],
      registration: { admission: { open: {} } },
      attemptMarker: { member: 'client_name' },
      connection: { timeout },
      recovery: { cooldown: '1s', maxRegistrationsPerHour: 1_000 },
      ...(name === 'rotating' ? { dialect: 'oidc-provider' } : {}),
    },
  }));
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  return [namespace, ...servers].map((object) => JSON.stringify(object)).join('\n');
}

const toClient = ({ name, server, logoUri }: UsersObject): object => ({
  apiVersion: 'oauth-registrar.dev/v1alpha1',
  kind: 'OAuthClient',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    authorizationServerRef: { kind: 'AuthorizationServer', name: server },
    client: {
      grantTypes: ['client_credentials'],
      responseTypes: [],
      redirectUris: [],
      tokenEndpointAuthMethod: 'client_secret_basic',
      scopes: ['openid'],
      clientUri: uriOf(name),
      logoUri,
    },
  },
});
