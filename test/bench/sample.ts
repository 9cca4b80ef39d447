import type { KubernetesObject, ObjectMeta, Secret } from '../../src/api/kubernetes.ts';
import { LABELS } from '../../src/api/names.ts';
import type { OAuthClient, OAuthClientStatus } from '../../src/api/oauth-client.ts';
import { OPERATOR_NAMESPACE } from '../kit/testbed/testbed.ts';
import { createClient, editClients, expectOk } from './clients.ts';
import { clientsPath, eventsPath, RAW_NAMESPACE, secretsPath } from './objects.ts';
import type { Stage } from './stage.ts';

/** What the operator sent and wrote for one edition of one client's spec. */
interface Edition {
  readonly registration: object;
  /** To be given names; in the operator's namespace, as the real ones are. */
  readonly registrationSecret: Secret;
  /** To be given names, in the raw script's namespace. */
  readonly workloadSecret: Secret;
  readonly status: OAuthClientStatus;
}

/** What the operator sent and wrote for one client: the raw script sends and writes the same. */
export interface Sample {
  readonly created: Edition;
  /** After the client's name for people was edited. */
  readonly updated: Edition;
  /** The Event of its deletion, to be given names, in the raw script's namespace. */
  readonly deletionEvent: KubernetesObject;
}

/** The account may create Secrets with the label of workloads alone. As long as the label itself; with it neither the guard nor an operator would leave the raw script's Secret alone. */
export const OTHER_LABEL = `${LABELS.registration.slice(0, -1)}x`;

/** Lets the operator register one client, update and deregister it, and looks. The operator is stopped again. */
export async function takeSample(stage: Stage): Promise<Sample> {
  const watch = await stage.watch();
  const operator = await stage.startOperator();
  try {
    const key = await createClient(stage, 'sample', 0);
    await watch.until('the first client is ready', () => watch.ready() === 1);
    const created = await look(stage, key);
    await editClients(stage, 'Storefront (edited)');
    const isEdited = () => watch.ready() === 1 && (watch.generationOf(key) ?? 0) > 1;
    await watch.until('the first client is ready as edited', isEdited);
    const updated = await look(stage, key);
    await expectOk(stage, 'DELETE', pathOf(key));
    await watch.until('the first client is gone', () => watch.total() === 0);
    await operator.idle();
    return { created, updated, deletionEvent: await lookForEvent(stage, key) };
  } finally {
    watch.stop();
    await operator.stop();
  }
}

async function lookForEvent(
  stage: Stage,
  key: string,
): Promise<KubernetesObject & { readonly regarding: object }> {
  const [namespace = ''] = key.split('/');
  const { items } = await expectOk<{ readonly items: readonly KubernetesObject[] }>(
    stage,
    'GET',
    eventsPath(namespace),
  );
  const event = items.find((one) => (one as { readonly reason?: string }).reason === 'Deregistered');
  if (event === undefined) {
    throw new Error(`the deletion of ${key} has no Event`);
  }
  const { regarding } = event as { readonly regarding?: object };
  return { ...written(event, RAW_NAMESPACE), regarding: { ...regarding, namespace: RAW_NAMESPACE } };
}

async function look(stage: Stage, key: string): Promise<Edition> {
  const [namespace = '', name] = key.split('/');
  const client = await expectOk<OAuthClient>(stage, 'GET', pathOf(key));
  const workloadSecret = await expectOk<Secret>(stage, 'GET', `${secretsPath(namespace)}/${name}-oauth`);
  const selector = `${LABELS.clientUid}=${client.metadata.uid}`;
  const path = `${secretsPath(OPERATOR_NAMESPACE)}?labelSelector=${encodeURIComponent(selector)}`;
  const { items } = await expectOk<{ readonly items: readonly Secret[] }>(stage, 'GET', path);
  const [registrationSecret] = items;
  if (registrationSecret === undefined || client.status === undefined) {
    throw new Error(`${key} has no registration Secret or no status`);
  }
  const sent = Buffer.from(registrationSecret.data?.['sent.json'] ?? '', 'base64').toString();
  return {
    registration: JSON.parse(sent) as object,
    registrationSecret: written(renamed(registrationSecret), OPERATOR_NAMESPACE),
    workloadSecret: written(workloadSecret, RAW_NAMESPACE),
    status: client.status,
  };
}

const pathOf = (key: string): string => {
  const [namespace, name] = key.split('/');
  return `${clientsPath(namespace)}/${name}`;
};

function renamed(secret: Secret): Secret {
  const { [LABELS.registration]: value = '', ...labels } = secret.metadata.labels ?? {};
  return {
    ...secret,
    metadata: { ...secret.metadata, labels: { ...labels, [OTHER_LABEL]: value, [LABELS.workload]: 'true' } },
  };
}

/** What was sent: without what the API server put in. */
function written<T extends KubernetesObject>(object: T, namespace: string): T {
  const { name, labels = {}, annotations = {}, ownerReferences } = object.metadata;
  const metadata: ObjectMeta = {
    name,
    namespace,
    labels,
    annotations,
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
  return { ...object, metadata };
}
