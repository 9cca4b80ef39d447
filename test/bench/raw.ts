import { acceptOf } from '../../src/adapters/kubernetes/paths.ts';
import type { KubernetesObject, Secret } from '../../src/api/kubernetes.ts';
import type { OAuthClient, OAuthClientStatus } from '../../src/api/oauth-client.ts';
import { recordPatch } from '../../src/core/record-patch.ts';
import { OPERATOR_NAMESPACE } from '../kit/testbed/testbed.ts';
import { expectOk } from './clients.ts';
import { clientsPath, eventsPath, oauthClient, RAW_NAMESPACE, secretsPath } from './objects.ts';
import { pooled } from './pace.ts';
import { OTHER_LABEL, type Sample } from './sample.ts';
import type { Stage } from './stage.ts';

/**
 * The least that can be done for a client: the same calls and writes that the operator makes; each answer is awaited,
 * nothing is checked, remembered or logged between. Works at objects of its own, which no operator sees.
 */
export interface RawScript {
  /** Creates the OAuthClients that the status of `index` goes to. */
  createObject(index: number): Promise<void>;
  post(index: number): Promise<void>;
  createRegistrationSecret(index: number): Promise<void>;
  createWorkloadSecret(index: number): Promise<void>;
  putStatus(index: number): Promise<void>;
  /** Creation: these four but the first, one after the other. */
  create(index: number): Promise<void>;
  /** After its creation: the registration Secret is read, the client updated, both Secrets and the status written. */
  update(index: number): Promise<void>;
  /**
   * After its creation: a user deletes the object, the registration Secret is read, the client deleted, the Event written,
   * the finalizer removed, and the registration Secret deleted.
   */
  remove(index: number): Promise<void>;
  /** Removes every object that was made. */
  clean(): Promise<void>;
}

/** Of the operator: three clients in hand for each of the 16 calls to a server that may be under way. */
export const CONCURRENCY = 48;

const QUERY = '?fieldManager=oauth-registrar';
/** The operator has no values of a Secret sent back. */
const METADATA = acceptOf({ metadataOnly: true }, 'object');

/** What the script knows of one client, as the operator does. */
interface Client {
  object: KubernetesObject;
  registered?: Registered;
  workloadSecretVersion?: string | undefined;
}

/** The server's answer. */
interface Registered {
  readonly client_id: string;
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
}

export function createRawScript(stage: Stage, sample: Sample): RawScript {
  const clients = new Map<number, Client>();
  const clientOf = (index: number): Client => clients.get(index) ?? { object: { metadata: { name: '' } } };
  const writes = writesOf(stage, sample);
  const { created, updated } = sample;
  const script = {
    async createObject(index: number) {
      const object = oauthClient(RAW_NAMESPACE, `raw-${index}`);
      clients.set(index, {
        object: identityOf(await expectOk(stage, 'POST', clientsPath(RAW_NAMESPACE), object)),
      });
    },
    async post(index: number) {
      const { pathname } = new URL(stage.server.registrationEndpoint);
      clientOf(index).registered = await stage.register('POST', pathname, created.registration);
    },
    async createRegistrationSecret(index: number) {
      await writes.createSecret(created.registrationSecret, writes.recordName(index));
    },
    async createWorkloadSecret(index: number) {
      const version = await writes.createSecret(created.workloadSecret, `raw-${index}-oauth`);
      clientOf(index).workloadSecretVersion = version;
    },
    async putStatus(index: number) {
      const client = clientOf(index);
      client.object = await writes.putStatus(client.object, created.status);
    },
    async create(index: number) {
      await script.post(index);
      await script.createRegistrationSecret(index);
      await script.createWorkloadSecret(index);
      await script.putStatus(index);
    },
    async update(index: number) {
      const client = clientOf(index);
      const record = await writes.readRecord(index);
      const { path, call } = management(stage, client.registered);
      await call('PUT', path, { ...updated.registration, client_id: client.registered?.client_id });
      await writes.patchRecord(index, record);
      await writes.replaceSecret(updated.workloadSecret, `raw-${index}-oauth`, client.workloadSecretVersion);
      client.object = await writes.putStatus(client.object, updated.status);
    },
    async remove(index: number) {
      const client = clientOf(index);
      const deleted = await expectOk<KubernetesObject>(stage, 'DELETE', writes.pathOf(client.object));
      await writes.readRecord(index);
      const { path, call } = management(stage, client.registered);
      await call('DELETE', path);
      await writes.createEvent(index);
      await writes.removeFinalizer(deleted);
      await writes.deleteRecord(index);
      clients.delete(index);
    },
  };
  return { ...script, clean: () => clean(stage, clients) };
}

function management({ manageWith }: Stage, registered: Registered | undefined) {
  if (registered === undefined) {
    throw new Error('the raw script registered no such client');
  }
  const { pathname, search } = new URL(registered.registration_client_uri);
  return { path: pathname + search, call: manageWith(registered.registration_access_token) };
}

/** Requests to the API server, in the operator's form and with its rights. */
function writesOf(stage: Stage, { created, updated, deletionEvent }: Sample) {
  const { asOperator } = stage;
  const records = secretsPath(OPERATOR_NAMESPACE);
  const recordName = (index: number) => `${created.registrationSecret.metadata.name}-${index}`;
  const pathOf = ({ metadata: { name } }: KubernetesObject) => `${clientsPath(RAW_NAMESPACE)}/${name}`;
  return {
    recordName,
    pathOf,
    /** Returns its version. */
    async createSecret(secret: Secret, name: string): Promise<string | undefined> {
      const path = secretsPath(secret.metadata.namespace) + QUERY;
      const { metadata } = await asOperator<KubernetesObject>(
        'POST',
        path,
        named(secret, { name }),
        METADATA,
      );
      return metadata.resourceVersion;
    },
    readRecord: (index: number) => asOperator<Secret>('GET', `${records}/${recordName(index)}`),
    async patchRecord(index: number, { metadata: { resourceVersion } }: Secret): Promise<void> {
      const patch = recordPatch(named(updated.registrationSecret, { resourceVersion }));
      await asOperator('PATCH', `${records}/${recordName(index)}${QUERY}`, patch, METADATA);
    },
    async replaceSecret(secret: Secret, name: string, resourceVersion?: string): Promise<void> {
      const path = `${secretsPath(secret.metadata.namespace)}/${name}${QUERY}`;
      await asOperator('PUT', path, named(secret, { name, resourceVersion }), METADATA);
    },
    async putStatus(object: KubernetesObject, status: OAuthClientStatus): Promise<KubernetesObject> {
      const path = `${pathOf(object)}/status${QUERY}`;
      return identityOf(await asOperator<OAuthClient>('PUT', path, { ...object, status }));
    },
    async createEvent(index: number): Promise<void> {
      await asOperator(
        'POST',
        eventsPath(RAW_NAMESPACE) + QUERY,
        named(deletionEvent, { name: `raw-${index}` }),
      );
    },
    async removeFinalizer(object: KubernetesObject): Promise<void> {
      const { uid, resourceVersion } = object.metadata;
      const patch = { metadata: { uid, resourceVersion, finalizers: [] } };
      await asOperator('PATCH', pathOf(object) + QUERY, patch);
    },
    async deleteRecord(index: number): Promise<void> {
      const options = { apiVersion: 'v1', kind: 'DeleteOptions' };
      await asOperator('DELETE', `${records}/${recordName(index)}`, options);
    },
  };
}

function named<T extends KubernetesObject>(
  object: T,
  metadata: { readonly name?: string; readonly resourceVersion?: string | undefined },
): T {
  return { ...object, metadata: { ...object.metadata, ...metadata } };
}

/** The parts of an object that the operator sends with a status: no others are needed. */
function identityOf({ apiVersion, kind, metadata }: OAuthClient): KubernetesObject {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } } as KubernetesObject;
}

async function clean(stage: Stage, clients: Map<number, Client>): Promise<void> {
  await expectOk(stage, 'DELETE', secretsPath(RAW_NAMESPACE));
  const records = `${secretsPath(OPERATOR_NAMESPACE)}?labelSelector=${encodeURIComponent(OTHER_LABEL)}`;
  await expectOk(stage, 'DELETE', records);
  await expectOk(stage, 'DELETE', eventsPath(RAW_NAMESPACE));
  await expectOk(stage, 'DELETE', clientsPath(RAW_NAMESPACE));
  // The policy gave them the finalizer, and it can only be taken off what is being deleted.
  const indexes = [...clients.keys()];
  await pooled(indexes.length, CONCURRENCY, (index) =>
    expectOk(stage, 'PATCH', `${clientsPath(RAW_NAMESPACE)}/raw-${indexes[index]}`, {
      metadata: { finalizers: null },
    }),
  );
  clients.clear();
}

/** Clients a second. */
export interface RawRates {
  readonly create: number;
  readonly update: number;
  readonly remove: number;
}

/**
 * What the raw script manages, over `count` clients, while somebody watches OAuthClients: as somebody does who sees when
 * the operator's become ready.
 */
export async function rawRates(stage: Stage, sample: Sample, count: number): Promise<RawRates> {
  const script = createRawScript(stage, sample);
  await pooled(count, CONCURRENCY, script.createObject);
  const create = await rateOf(stage, count, script.create);
  const update = await rateOf(stage, count, script.update);
  const remove = await rateOf(stage, count, script.remove);
  await script.clean();
  return { create, update, remove };
}

/** The same for creation alone. */
export async function rawRate(stage: Stage, sample: Sample, count: number): Promise<number> {
  const script = createRawScript(stage, sample);
  await pooled(count, CONCURRENCY, script.createObject);
  const rate = await rateOf(stage, count, script.create);
  await script.clean();
  return rate;
}

/** How often a second `work` is done, for the first `count` objects, which are there. */
export async function rateOf(
  stage: Stage,
  count: number,
  work: (index: number) => Promise<void>,
): Promise<number> {
  const watch = await stage.watch();
  const seconds = await pooled(count, CONCURRENCY, work);
  watch.stop();
  return count / seconds;
}

/** Of the same work before and after something: its whole by its whole time. */
export const between = (before: number, after: number): number => 2 / (1 / before + 1 / after);
