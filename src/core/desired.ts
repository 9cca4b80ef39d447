import { hasNothingToHandOver, NOTHING_WANTED } from '../api/handed-over.ts';
import {
  API_VERSION,
  groupOf,
  type KubernetesObject,
  type ObjectMeta,
  type OwnerReference,
  referenceText,
} from '../api/kubernetes.ts';
import { ANNOTATIONS, FINALIZER, unknownAnnotation } from '../api/names.ts';
import {
  type OAuthClientSpec,
  type OAuthClientStatus,
  oauthClientSpec,
  oauthClientStatus,
} from '../api/oauth-client.ts';
import { SHARES } from '../api/shares.ts';
import { additionalNameProblem } from '../oauth/client-metadata.ts';
import { presentable } from '../oauth/error-response.ts';
import { isSameJson, type Json, jsonBytes, nestsTooDeep } from '../oauth/json.ts';
import { keptIfAny } from './kept-text.ts';
import { workloadSecretProblems } from './needed-secrets.ts';
import { isUnknownValue } from './newer-version.ts';
import type { ClientObject, DesiredClient } from './observation.ts';
import { isLessOfClient } from './over-share.ts';
import { declaredHash, purposeOf } from './record.ts';
import { secretFormProblems } from './secret-form.ts';

/**
 * Reads one object with any content. An object that can't be used carries the reason, and affects no other object.
 *
 * @param known result of the former read: a spec of the same generation is unchanged and isn't parsed again
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
  const { deletionTimestamp, creationTimestamp, finalizers = [], ownerReferences } = raw.metadata;
  const isSameSpec =
    known?.observed.uid === uid && known.observed.generation === generation && !isLessOfClient(known);
  const unknown = unknownAnnotation(annotations);
  const desired = isSameSpec ? known.observed.desired : toDesired(raw.spec);
  return {
    apiVersion: API_VERSION,
    kind: 'OAuthClient',
    metadata: { name, namespace, uid, resourceVersion } satisfies ObjectMeta,
    observed: {
      uid,
      generation,
      resourceVersion,
      deleting: deletionTimestamp !== undefined,
      hasFinalizer: finalizers.includes(FINALIZER),
      finalizers: keptFinalizers(finalizers),
      desired,
      status: toStatus(raw.status),
      reconcileRequestedAt: keptIfAny(annotations[ANNOTATIONS.reconcileRequestedAt]),
      rotateRequestedAt: keptIfAny(annotations[ANNOTATIONS.rotateRequestedAt]),
      ...(unknown === undefined ? {} : { unknownAnnotation: unknown }),
      retained: (raw.spec as { readonly deletionPolicy?: unknown } | undefined)?.deletionPolicy === 'Retain',
      purpose: purposeOf(raw.metadata.labels),
      abandoned: uid !== '' && annotations[ANNOTATIONS.abandon] === uid,
      createdAt: Date.parse(creationTimestamp ?? ''),
      owners: keptOwners(ownerReferences, desired),
    },
  };
}

/** The finalizers of most objects, shared to save memory. */
const ONLY_OURS: readonly string[] = [FINALIZER];
const NOBODY: readonly string[] = [];

/** Larger lists aren't kept: a step that changes them reads them from the API server first. */
const MOST_FINALIZERS_BYTES = 2_048;

function keptFinalizers(finalizers: readonly string[]): readonly string[] | undefined {
  if (isSameJson(finalizers, ONLY_OURS)) {
    return ONLY_OURS;
  }
  return jsonBytes(finalizers) > MOST_FINALIZERS_BYTES ? undefined : finalizers;
}

/** Keeps owners that are Pods or Jobs, and the owner that the spec names; if there are many, only the latter. */
function keptOwners(
  references: readonly OwnerReference[] | undefined,
  desired: DesiredClient,
): readonly string[] {
  const boundTo = desired.valid ? desired.spec.lifetime?.boundTo : undefined;
  const bound = boundTo && referenceText(boundTo);
  const owners = (references ?? [])
    .filter(({ name }) => name.length <= LONGEST_NAME)
    .filter((reference) => isWorkload(reference) || ownerOf(reference) === bound)
    .map(ownerOf);
  if (owners.length === 0) {
    return NOBODY;
  }
  return owners.length <= MOST_OWNERS ? owners : owners.filter((owner) => owner === bound);
}

const MOST_OWNERS = 8;
const LONGEST_NAME = 253;

const isWorkload = ({ kind }: OwnerReference): boolean => kind === 'Pod' || kind === 'Job';

const ownerOf = ({ apiVersion, kind, name }: OwnerReference): string =>
  referenceText({ group: groupOf(apiVersion), kind, name });

/** Earlier releases kept long annotations whole in status. They are shortened here, so that they compare as equal. */
function toStatus(raw: unknown): OAuthClientStatus {
  const parsed = oauthClientStatus.safeParse(raw ?? {});
  if (!parsed.success) {
    return {};
  }
  const status = slim(parsed.data, raw);
  const [reconcile, rotate] = [status.lastHandledReconcileAt, status.lastHandledRotateAt];
  return (reconcile?.length ?? 0) > 64 || (rotate?.length ?? 0) > 64
    ? { ...status, lastHandledReconcileAt: keptIfAny(reconcile), lastHandledRotateAt: keptIfAny(rotate) }
    : status;
}

/** Saves memory: returns the input where parsing changed nothing, since zod's objects reserve room for more members. */
const slim = <T>(parsed: T, given: unknown): T => (isSameJson(parsed, given) ? (given as T) : parsed);

/** Problems that the CRD's validation can't express. */
function problemsOf({ client, secret, credential }: OAuthClientSpec): readonly string[] {
  const names = Object.keys(client.additionalMetadata ?? {}).flatMap(
    (name) => additionalNameProblem(name) ?? [],
  );
  const isUnfit = secret.mode === 'None' && !hasNothingToHandOver({ client, credential });
  return [
    ...names,
    ...workloadSecretProblems({ secret }),
    ...secretFormProblems(secret),
    ...(isUnfit ? [NOTHING_WANTED] : []),
  ];
}

/** In most specs these parts are the defaults. They are kept once for all specs. */
const { replacement: REPLACEMENT, secret: SECRET } = oauthClientSpec.parse({ client: {} });

const withSharedDefaults = (spec: OAuthClientSpec): OAuthClientSpec => ({
  ...spec,
  replacement: isSameJson(spec.replacement, REPLACEMENT) ? REPLACEMENT : spec.replacement,
  secret: isSameJson(spec.secret, SECRET) ? SECRET : spec.secret,
});

/** Measures the spec before it is parsed. If the spec is too large, only this problem is kept. */
function toDesired(raw: unknown): DesiredClient {
  const bytes = jsonBytes(raw ?? null);
  if (bytes > SHARES.clientSpecBytes.most) {
    return {
      valid: false,
      problem: `spec has ${bytes} bytes as JSON and may have ${SHARES.clientSpecBytes.most}; make it smaller.`,
    };
  }
  if (nestsTooDeep((raw ?? null) as Json)) {
    return { valid: false, problem: 'spec.client nests deeper than 16 levels; make it flatter.' };
  }
  const parsed = oauthClientSpec.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const problem = presentable(`spec.${issue?.path.join('.')}: ${issue?.message}`, []);
    return isUnknownValue(issue, raw)
      ? { valid: false, problem, reason: 'WrittenByNewerVersion' }
      : { valid: false, problem };
  }
  const spec = withSharedDefaults(slim(parsed.data, raw) as OAuthClientSpec);
  const problems = problemsOf(spec);
  if (problems.length > 0) {
    return { valid: false, problem: `${problems.join('. ')}.` };
  }
  return { valid: true, spec, hash: declaredHash(declared(spec)) };
}

/** The part of the spec that shapes the registration. The form of the Secret, for instance, doesn't. */
const declared = ({ client, softwareStatement, credential, lifetime }: OAuthClientSpec): unknown => ({
  client,
  softwareStatement,
  algorithm: credential?.generatedKey?.algorithm,
  serviceAccount: credential?.serviceAccount?.name,
  spiffe: credential?.spiffe?.id,
  expiry: lifetime?.expiryMember && [lifetime.expiryMember, lifetime.expiresAfter],
});
