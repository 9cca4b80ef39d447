import type { KubernetesObject, ObjectMeta, Secret } from '../api/kubernetes.ts';
import { API_VERSION, keyOf } from '../api/kubernetes.ts';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../api/names.ts';
import type { OAuthClientSpec } from '../api/oauth-client.ts';
import type { SecretFormat } from '../formats/format.ts';
import { FORMATS, formatNamed } from '../formats/formats.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { canonicalJson } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { sha256 } from '../oauth/sha256.ts';
import { keptIfAny, keptText } from './kept-text.ts';
import type { ClientIdentity, RegistrationRecord } from './record.ts';
import { labelValue } from './short-name.ts';

/**
 * The Secret that workloads mount: a pure projection of the current registration.
 *
 * Only its metadata is kept in memory. That is enough to notice every edit: an annotation identifies the inputs of the
 * data, and the API server's managed fields show which keys only the operator wrote.
 */
export interface ObservedSecret {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly ownerUid: string | undefined;
  /** Name of the registration Secret it shows. */
  readonly shows: string | undefined;
  /** See {@link projectionOf}; `undefined` where somebody else wrote to the data. */
  readonly projection: string | undefined;
  /** The labels that are compared; see {@link compared}. */
  readonly labels: Readonly<Record<string, string>>;
  /** The annotations that are compared; `keptText` shortens long values. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Only the operator's own labels and annotations are kept: the others aren't compared. */
  readonly isPartial?: boolean;
}

/** The inputs of the Secret's data, besides the content of the record itself. */
interface ProjectionInputs {
  readonly record: Pick<RegistrationRecord, 'registrationSecret' | 'revision' | 'issuer'>;
  /** Name of the format. */
  readonly format: string;
  readonly keys: Readonly<Record<string, string>>;
  readonly include: readonly string[];
  readonly endpoints: Endpoints;
}

/** Incremented when a release renders Secrets differently, so that an upgrade renders them again. */
const EDITION = 1;

/** Hash of the inputs. Secret values aren't hashed: a hash of a secret has no place in an annotation. */
export function inputsHash({ record, format, keys, include, endpoints }: ProjectionInputs): string {
  const { registrationSecret, revision, issuer } = record;
  const { others = {}, ...shown } = endpoints;
  const included = Object.entries(others).filter(([member]) => include.includes(member));
  const inputs = {
    FORMAT: EDITION,
    secretName: registrationSecret,
    revision,
    issuer,
    keys,
    include,
    endpoints: included.length === 0 ? shown : { ...shown, others: Object.fromEntries(included) },
  };
  // Secrets that were written before there were formats have the format Keys, and stay as they are.
  return hash(canonicalJson(format === FORMATS[0].name ? inputs : { ...inputs, format }));
}

/** `<hash of the inputs>.<hash of the key names>`: the value of the projection annotation. */
export function projectionOf(inputs: string, keys: readonly string[]): string {
  return `${inputs}.${hash(keys.toSorted().join('\n'))}`;
}

const hash = (text: string): string => sha256(text).slice(0, 22);

/** The parts of the Secret's metadata that the spec decides. */
export interface WantedSecret {
  readonly name: string;
  readonly format: SecretFormat;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** @param formats the formats that `spec.secret.format` may name */
export function wantedSecret(
  client: ClientIdentity,
  spec: OAuthClientSpec,
  formats: readonly SecretFormat[] = FORMATS,
): WantedSecret {
  return {
    name: spec.secret.name ?? client.name,
    format: formatNamed(spec.secret.format, formats),
    labels: {
      ...spec.secret.labels,
      [LABELS.workload]: 'true',
      [LABELS.client]: labelValue(client.name),
      'app.kubernetes.io/managed-by': 'oauth-registrar',
    },
    annotations: { ...spec.secret.annotations, [ANNOTATIONS.client]: keyOf(client) },
  };
}

/** What a workload Secret shows of a registered client. */
interface ShownClient {
  /** Name of the registration Secret. */
  readonly shows: string;
  /** See {@link projectionOf}. */
  readonly inputs: string;
  /** Keys and values of the Secret, in plain text. */
  readonly values: Readonly<Record<string, string>>;
}

/** The Secret to write. Owned by the OAuthClient: Kubernetes removes it together with its owner. */
export function toWorkloadSecret(
  client: ClientIdentity,
  wanted: WantedSecret,
  { shows, inputs, values }: ShownClient,
  resourceVersion?: string,
): Secret {
  const annotations = {
    ...wanted.annotations,
    [ANNOTATIONS.shows]: shows,
    [ANNOTATIONS.projection]: projectionOf(inputs, Object.keys(values)),
  };
  const metadata: ObjectMeta & { readonly managedFields?: readonly ManagedFields[] } = {
    name: wanted.name,
    namespace: client.namespace,
    ...defined({
      resourceVersion,
      managedFields: resourceVersion === undefined ? undefined : [ownership(Object.keys(values))],
    }),
    labels: wanted.labels,
    annotations,
    ownerReferences: [
      { apiVersion: API_VERSION, kind: 'OAuthClient', name: client.name, uid: client.uid, controller: true },
    ],
  };
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: wanted.format.secretType,
    data: Object.fromEntries(data),
  };
}

/**
 * How a Secret differs from one that shows this record, has these inputs and the wanted labels and annotations, and was
 * changed by nobody else; as the end of a sentence. `undefined`: it doesn't differ.
 *
 * @param inputs hash from `inputsHash`; `undefined`: not known, so not compared
 */
export function differenceOf(
  observed: ObservedSecret,
  record: RegistrationRecord,
  wanted: WantedSecret,
  inputs: string | undefined,
): string | undefined {
  const made = observed.projection?.split('.')[0];
  if (observed.shows !== record.registrationSecret) {
    return `does not show client ${record.clientId}`;
  }
  if (made === undefined) {
    return 'was changed by somebody else';
  }
  if (inputs !== undefined && made !== inputs) {
    return 'shows an earlier state of the registration, of spec.secret or of the endpoints';
  }
  const missing = (['labels', 'annotations'] as const).find((what) => !includes(observed, what, wanted));
  return missing && `lacks ${missing} that it is to have`;
}

/**
 * What of the metadata that was sent is not in the API server's answer, such as `label team`; `undefined`: nothing lacks.
 */
export function undoneBy(
  answer: ObservedSecret,
  { registrationSecret }: Pick<RegistrationRecord, 'registrationSecret'>,
  wanted: WantedSecret,
): string | undefined {
  const lacking = (['labels', 'annotations'] as const).flatMap((what) =>
    Object.keys(wanted[what])
      .filter((name) => !includesOne(answer, what, wanted, name))
      .map((name) => `${what.slice(0, -1)} ${name}`),
  );
  const shown = answer.shows === registrationSecret ? [] : [`annotation ${ANNOTATIONS.shows}`];
  const all = [...lacking, ...shown];
  return all.length === 0 ? undefined : all.join(', ');
}

const includes = (actual: ObservedSecret, what: 'labels' | 'annotations', wanted: WantedSecret): boolean =>
  Object.keys(wanted[what]).every((name) => includesOne(actual, what, wanted, name));

function includesOne(
  actual: ObservedSecret,
  what: 'labels' | 'annotations',
  wanted: WantedSecret,
  name: string,
): boolean {
  const value = wanted[what][name] ?? '';
  const kept = actual[what][keptText(name)];
  const isUncompared = kept === undefined && actual.isPartial === true && !isOwn(name);
  return isUncompared || kept === (name === ANNOTATIONS.client ? value : keptText(value));
}

const isOwn = (name: string): boolean =>
  OWN_LABELS.includes(name) || OWN_ANNOTATIONS.includes(name) || name === ANNOTATIONS.client;

/** Keeps only the operator's own labels and annotations, where there is no room for more. */
export function withoutUnowned(observed: ObservedSecret): ObservedSecret {
  const own = (given: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => isOwn(name)));
  return {
    ...observed,
    labels: own(observed.labels),
    annotations: own(observed.annotations),
    isPartial: true,
  };
}

/** A spec may set 32 of each. */
const MOST_COMPARED = 48;

/**
 * Keeps the labels or annotations that are compared: the operator's own that decisions depend on, and those that a spec
 * may set. If there are too many, keeps only the operator's own. If the spec sets others, too, the Secret is then
 * written again without the surplus.
 */
function compared(
  given: Readonly<Record<string, string>>,
  own: readonly string[],
): Readonly<Record<string, string>> {
  const names = Object.keys(given).filter((name) => own.includes(name) || !RESERVED.test(name));
  const kept = names.length > MOST_COMPARED ? names.filter((name) => own.includes(name)) : names;
  return Object.fromEntries(kept.map((name) => [keptText(name), keptText(given[name] ?? '')]));
}

/** Names that specs may not set (spec.secret.labels, spec.secret.annotations). */
const RESERVED = /^([^/]*[.])?(kubernetes[.]io|k8s[.]io|oauth-registrar[.]dev)\//;
const OWN_LABELS: readonly string[] = [LABELS.workload, LABELS.client, 'app.kubernetes.io/managed-by'];
const OWN_ANNOTATIONS: readonly string[] = [ANNOTATIONS.rotateRequestedAt];

/** The operator uses no longer names. */
const LONGEST_NAME = 512;
const nameIn = (text: string | undefined): string | undefined =>
  text !== undefined && text.length <= LONGEST_NAME ? text : undefined;

/** Reads the metadata of a Secret that carries the workload label. */
export function toObservedSecret(raw: KubernetesObject): ObservedSecret {
  const { metadata } = raw;
  const annotations = metadata.annotations ?? {};
  const projection = nameIn(annotations[ANNOTATIONS.projection]);
  const client = nameIn(annotations[ANNOTATIONS.client]);
  const owner = metadata.ownerReferences?.find(
    ({ kind, controller }) => kind === 'OAuthClient' && controller,
  );
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    ownerUid: keptIfAny(owner?.uid),
    shows: nameIn(annotations[ANNOTATIONS.shows]),
    projection: projection !== undefined && isUntouched(raw, projection) ? projection : undefined,
    labels: compared(metadata.labels ?? {}, OWN_LABELS),
    annotations: {
      ...compared(annotations, OWN_ANNOTATIONS),
      ...(client && { [ANNOTATIONS.client]: client }),
    },
  };
}

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: { readonly 'f:data'?: Readonly<Record<string, unknown>> };
}

/**
 * Sent with every PUT: the API server assigns ownership only for values that change, and a restored Secret has no
 * owners.
 */
const ownership = (keys: readonly string[]): ManagedFields => ({
  manager: FIELD_MANAGER,
  operation: 'Update',
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:data': Object.fromEntries(keys.map((key) => [`f:${key}`, {}])) },
});

/**
 * Whether the operator owns every key of the data and none of its keys was removed, by the managed fields of
 * Server-Side Apply.
 */
function isUntouched(raw: KubernetesObject, projection: string): boolean {
  const { managedFields = [] } = raw.metadata as { managedFields?: readonly ManagedFields[] };
  const owned = new Set<string>();
  for (const { manager, fieldsV1 } of managedFields) {
    const keys = Object.keys(fieldsV1?.['f:data'] ?? {}).filter((key) => key !== '.');
    if (manager !== FIELD_MANAGER && keys.length > 0) {
      return false;
    }
    for (const key of keys) {
      owned.add(key.slice('f:'.length));
    }
  }
  return projection === projectionOf(projection.split('.')[0] ?? '', [...owned]);
}
