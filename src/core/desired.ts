import {
  API_VERSION,
  type KubernetesObject,
  type ObjectMeta,
  type OwnerReference,
} from '../api/kubernetes.ts';
import { ANNOTATIONS, FINALIZER } from '../api/names.ts';
import {
  type OAuthClientSpec,
  type OAuthClientStatus,
  oauthClientSpec,
  oauthClientStatus,
} from '../api/oauth-client.ts';
import { additionalNameProblem } from '../oauth/client-metadata.ts';
import { presentable } from '../oauth/error-response.ts';
import { isSameJson, type Json, nestsTooDeep } from '../oauth/json.ts';
import type { DesiredClient, ObservedClient } from './observation.ts';
import { declaredHash, purposeOf } from './record.ts';

/** An OAuthClient as it is kept in memory. */
export interface ClientObject extends KubernetesObject {
  readonly observed: ObservedClient;
}

/**
 * Reads one object, whatever is in it: an object that can't be used says why, and troubles no other.
 *
 * @param known what was read of it before: the spec of the same generation is the same, and isn't read again
 */
export function toClientObject(
  raw: KubernetesObject & { readonly spec?: unknown; readonly status?: unknown },
  known?: ClientObject,
): ClientObject {
  const {
    name,
    namespace = '',
    uid = '',
    resourceVersion = '',
    generation = 0,
    annotations = {},
  } = raw.metadata;
  const { deletionTimestamp, creationTimestamp, finalizers = [], ownerReferences = [] } = raw.metadata;
  const status = oauthClientStatus.safeParse(raw.status ?? {});
  const isSameSpec = known?.observed.uid === uid && known.observed.generation === generation;
  return {
    apiVersion: API_VERSION,
    kind: 'OAuthClient',
    metadata: { name, namespace, uid, resourceVersion } satisfies ObjectMeta,
    observed: {
      uid,
      generation,
      resourceVersion,
      deleting: deletionTimestamp !== undefined,
      deletingSince: deletionTimestamp === undefined ? undefined : Date.parse(deletionTimestamp),
      hasFinalizer: finalizers.includes(FINALIZER),
      finalizers: isSameJson(finalizers, ONLY_OURS) ? ONLY_OURS : finalizers,
      desired: isSameSpec ? known.observed.desired : toDesired(raw.spec),
      status: (status.success ? slim(status.data, raw.status) : {}) as OAuthClientStatus,
      reconcileRequestedAt: annotations[ANNOTATIONS.reconcileRequestedAt],
      rotateRequestedAt: annotations[ANNOTATIONS.rotateRequestedAt],
      retained: (raw.spec as { readonly deletionPolicy?: unknown } | undefined)?.deletionPolicy === 'Retain',
      purpose: purposeOf(raw.metadata.labels),
      abandoned: uid !== '' && annotations[ANNOTATIONS.abandon] === uid,
      createdAt: Date.parse(creationTimestamp ?? ''),
      owners: ownerReferences.length === 0 ? NOBODY : ownerReferences.map(ownerOf),
    },
  };
}

/** What most objects have is kept once. */
const ONLY_OURS: readonly string[] = [FINALIZER];
const NOBODY: readonly string[] = [];

const ownerOf = ({ apiVersion, kind, name }: OwnerReference): string => `${apiVersion}/${kind}/${name}`;

/** What was parsed, in less memory where it is what was given: zod’s objects keep room for further members. */
const slim = <T>(parsed: T, given: unknown): T => (isSameJson(parsed, given) ? (given as T) : parsed);

/** What the CRD's validation can't say. */
function problemsOf({ client, secret }: OAuthClientSpec): readonly string[] {
  const names = Object.keys(client.additionalMetadata ?? {}).flatMap(
    (name) => additionalNameProblem(name) ?? [],
  );
  const keys = Object.values(secret?.keys ?? {}).filter((key) => key !== '');
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  return [
    ...names,
    ...(twice === undefined
      ? []
      : [`secret.keys gives the key ${presentable(twice, [])} to two values; choose another for one`]),
  ];
}

function toDesired(raw: unknown): DesiredClient {
  if (nestsTooDeep((raw ?? null) as Json)) {
    return { valid: false, problem: 'spec.client nests deeper than 16 levels; make it flatter.' };
  }
  const parsed = oauthClientSpec.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { valid: false, problem: presentable(`spec.${issue?.path.join('.')}: ${issue?.message}`, []) };
  }
  const spec = slim(parsed.data, raw) as OAuthClientSpec;
  const problems = problemsOf(spec);
  if (problems.length > 0) {
    return { valid: false, problem: `${problems.join('. ')}.` };
  }
  return { valid: true, spec, hash: declaredHash(declared(spec)) };
}

/** What shapes the registration; the Secret's form, for instance, doesn't. */
const declared = ({ client, softwareStatement, generatedKey, lifetime }: OAuthClientSpec): unknown => ({
  client,
  softwareStatement,
  algorithm: generatedKey?.algorithm,
  expiry: lifetime?.expiryMember && [lifetime.expiryMember, lifetime.expiresAfter],
});
