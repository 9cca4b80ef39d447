import { acceptOf } from '../../src/adapters/kubernetes/paths.ts';
import type { Secret } from '../../src/api/kubernetes.ts';
import type { OAuthClient } from '../../src/api/oauth-client.ts';
import { expectOk } from './clients.ts';
import { clientsPath, oauthClient, RAW_NAMESPACE, secretsPath } from './objects.ts';
import { pooled } from './pace.ts';
import type { Sample } from './sample.ts';
import type { Stage } from './stage.ts';

/**
 * The least that can be done for a client: the POST, the two Secrets, the status; each answer is awaited, nothing is
 * checked, remembered or logged between. Works at objects of its own, which no operator sees.
 */
export interface RawScript {
  /** Creates the OAuthClients that the status of `index` goes to. */
  createObject(index: number): Promise<void>;
  post(): Promise<void>;
  createRegistrationSecret(index: number): Promise<void>;
  createWorkloadSecret(index: number): Promise<void>;
  putStatus(index: number): Promise<void>;
  /** All four, one after the other. */
  chain(index: number): Promise<void>;
  /** Removes every object that was made. */
  clean(): Promise<void>;
}

/** Of the operator: three clients in hand for each of the 16 calls to a server that may be under way. */
export const CONCURRENCY = 48;

const QUERY = '?fieldManager=oauth-registrar';
/** The operator has no values of a Secret sent back. */
const METADATA = acceptOf({ metadataOnly: true }, 'object');

export function createRawScript(stage: Stage, sample: Sample): RawScript {
  const { server, asOperator, register } = stage;
  const registrationPath = new URL(server.registrationEndpoint).pathname;
  const objects = new Map<number, OAuthClient>();
  const createSecret = async (secret: Secret, name: string) => {
    const named = { ...secret, metadata: { ...secret.metadata, name } };
    await asOperator('POST', secretsPath(RAW_NAMESPACE) + QUERY, named, METADATA);
  };
  const script: Omit<RawScript, 'chain' | 'clean'> = {
    async createObject(index) {
      const object = oauthClient(RAW_NAMESPACE, `raw-${index}`);
      objects.set(index, identityOf(await expectOk(stage, 'POST', clientsPath(RAW_NAMESPACE), object)));
    },
    post: () => register('POST', registrationPath, sample.registration),
    createRegistrationSecret: (index) =>
      createSecret(sample.registrationSecret, `${sample.registrationSecret.metadata.name}-${index}`),
    createWorkloadSecret: (index) => createSecret(sample.workloadSecret, `raw-${index}-oauth`),
    async putStatus(index) {
      const path = `${clientsPath(RAW_NAMESPACE)}/raw-${index}/status${QUERY}`;
      await asOperator('PUT', path, { ...objects.get(index), status: sample.status });
    },
  };
  return {
    ...script,
    async chain(index) {
      await script.post();
      await script.createRegistrationSecret(index);
      await script.createWorkloadSecret(index);
      await script.putStatus(index);
    },
    clean: () => clean(stage, objects),
  };
}

/** The parts of an object that the operator sends with a status: no others are needed. */
function identityOf({ apiVersion, kind, metadata }: OAuthClient): OAuthClient {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } } as OAuthClient;
}

async function clean(stage: Stage, objects: Map<number, OAuthClient>): Promise<void> {
  await expectOk(stage, 'DELETE', secretsPath(RAW_NAMESPACE));
  await expectOk(stage, 'DELETE', clientsPath(RAW_NAMESPACE));
  // The policy gave them the finalizer, and it can only be taken off what is being deleted.
  const indexes = [...objects.keys()];
  await pooled(indexes.length, CONCURRENCY, (index) =>
    expectOk(stage, 'PATCH', `${clientsPath(RAW_NAMESPACE)}/raw-${indexes[index]}`, {
      metadata: { finalizers: null },
    }),
  );
  objects.clear();
}

/**
 * Clients a second that the raw script manages, over `count` of them, while somebody watches OAuthClients: as somebody
 * does who sees when the operator's become ready.
 */
export async function rawRate(stage: Stage, sample: Sample, count: number): Promise<number> {
  const script = createRawScript(stage, sample);
  await pooled(count, CONCURRENCY, script.createObject);
  const rate = await rateOfChains(stage, script, count);
  await script.clean();
  return rate;
}

/** The same for the first `count` objects, which are there. */
export async function rateOfChains(stage: Stage, script: RawScript, count: number): Promise<number> {
  const watch = await stage.watch();
  const seconds = await pooled(count, CONCURRENCY, script.chain);
  watch.stop();
  return count / seconds;
}
