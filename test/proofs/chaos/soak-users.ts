import { ANNOTATIONS } from '../../../src/api/names.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import type { Testbed } from '../../kit/testbed/testbed.ts';
import { toDeployment } from '../../kit/testbed/workloads.ts';
import { conditionOf } from './soak-looks.ts';
import type { Chance } from './soak-random.ts';
import { NAMESPACE, SERVER_OBJECTS, type ServerObject, serverReference } from './soak-stage.ts';

/** The work of people: they create, edit, rotate and delete OAuthClients, damage workload Secrets, and move a fleet. */

export interface UsersObject {
  readonly name: string;
  readonly server: ServerObject;
  /** The wanted `logo_uri`: each edit sets another one. */
  logoUri: string;
  deleted: boolean;
  /** How many clients in place of its first one people asked for. */
  replacements: number;
}

export interface Users {
  readonly objects: readonly UsersObject[];
  /** One random operation; resolves when the API server has answered it. */
  act(): Promise<void>;
  /** The next of {@link FLEET_MOVES}. */
  moveFleet(move: (typeof FLEET_MOVES)[number]): Promise<void>;
  /** Operations by kind. */
  readonly operations: Readonly<Record<string, number>>;
}

export const uriOf = (name: string): string => `https://${name}.${NAMESPACE}.example`;

/** `spec.migration` of `leaving`, one after the other: its clients go, come back, and go for good. */
export const FLEET_MOVES = [{ overlap: '1h' }, null, { overlap: '0s' }] as const;

const MOST_OBJECTS = 60;
const PATH = `/apis/oauth-registrar.dev/v1alpha1/namespaces/${NAMESPACE}/oauthclients`;
const secretPath = (name: string): string => `/api/v1/namespaces/${NAMESPACE}/secrets/${name}`;

export function createUsers(testbed: Testbed, chance: Chance): Users {
  const objects: UsersObject[] = [];
  const operations: Record<string, number> = {};
  const { admin } = testbed.controlPlane;
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) => {
    const { status, json } = await admin.request(method, path, body);
    // A workload Secret may not exist yet, or no longer.
    if (status >= 300 && !(status === 404 && path.includes('/secrets/'))) {
      throw new Error(`${method} ${path} of a user was answered ${status}: ${JSON.stringify(json)}`);
    }
    return json;
  };
  let isAway = false;
  const count = (kind: string) => {
    operations[kind] = (operations[kind] ?? 0) + 1;
  };
  const acts = {
    async create() {
      // A client that is registered at the new server alone could not come back.
      const server = chance.weighed({ ...SERVER_OBJECTS, ...(isAway ? { leaving: 0 } : {}) }) ?? 'steady';
      const name = `${server}-${objects.length}`;
      const object = { name, server, logoUri: `${uriOf(name)}/0.png`, deleted: false, replacements: 0 };
      objects.push(object);
      if (server === 'steady') {
        await call(
          'POST',
          `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`,
          toDeployment(NAMESPACE, name),
        );
      }
      await call('POST', PATH, toClient(object));
    },
    async edit(object: UsersObject) {
      object.logoUri = `${uriOf(object.name)}/${chance.between(1, 999_999)}.png`;
      await call('PATCH', `${PATH}/${object.name}`, { spec: { client: { logoUri: object.logoUri } } });
    },
    /** Only a client that works: who waits for the first one asks for no other. */
    async rotate(object: UsersObject) {
      const seen = (await call('GET', `${PATH}/${object.name}`)) as unknown as OAuthClient;
      if (conditionOf(seen, 'Ready')?.status !== 'True') {
        return;
      }
      object.replacements += 1;
      const annotations = { [ANNOTATIONS.rotateRequestedAt]: String(object.replacements) };
      await call('PATCH', `${PATH}/${object.name}`, { metadata: { annotations } });
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
        rotate: 5,
        delete: full ? 40 : 20,
        'delete Secret': 8,
        'edit Secret': 7,
      };
      const kind = chance.weighed(weights) ?? 'create';
      count(kind);
      if (kind === 'create' || object === undefined) {
        return acts.create();
      }
      return acts[kind](object);
    },
    async moveFleet(move) {
      isAway = move?.overlap === '1h';
      for (const object of objects.filter(({ server }) => server === 'leaving')) {
        object.replacements += 1;
      }
      const migration = move && { to: serverReference('arriving'), maxConcurrent: 3, ...move };
      const path = `/apis/oauth-registrar.dev/v1alpha1/namespaces/${NAMESPACE}/authorizationservers/leaving`;
      const { status, json } = await admin.request('PATCH', path, { spec: { migration } });
      if (status < 300) {
        return count('move fleet');
      }
      // Clients that waited for their first registration got it at the new server alone.
      if (move !== null || !JSON.stringify(json).includes('movedForGood')) {
        throw new Error(`a move of all clients was refused: ${JSON.stringify(json)}`);
      }
      count('return refused');
    },
  };
}

const toClient = ({ name, server, logoUri }: UsersObject): object => ({
  apiVersion: 'oauth-registrar.dev/v1alpha1',
  kind: 'OAuthClient',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    authorizationServerRef: serverReference(server),
    client: { ...(server === 'documents' ? DOCUMENT : MACHINE), clientUri: uriOf(name), logoUri },
    replacement: { onEdit: 'Automatic', overlap: '1s' },
    ...(server === 'steady' ? { rolloutRestartTargets: [{ kind: 'Deployment', name }] } : {}),
  },
});

const MACHINE = {
  grantTypes: ['client_credentials'],
  responseTypes: [],
  redirectUris: [],
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['openid'],
};

const DOCUMENT = {
  clientName: 'Document',
  redirectUris: ['https://shop.example.com/callback'],
  grantTypes: ['authorization_code'],
  responseTypes: ['code'],
};
