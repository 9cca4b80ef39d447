import type { KubernetesObject, ObjectMeta, Secret } from '../api/kubernetes.ts';
import { API_VERSION, keyOf } from '../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../api/names.ts';
import type { OAuthClientSpec } from '../api/oauth-client.ts';
import type { SecretFormat } from '../formats/format.ts';
import { FORMATS, formatNamed } from '../formats/formats.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { canonicalJson } from '../oauth/json.ts';
import { defined, omit } from '../oauth/objects.ts';
import { sha256 } from '../oauth/sha256.ts';
import { askedNames, type Described, hasOfOthers, OWN_NAMES, ownKeys, takenOver } from './field-ownership.ts';
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
  /** Since when it shows its credential; see `shownSinceText`. Absent: it shows the first one of its object. */
  readonly shownSince?: string;
  /** The labels that are compared; see {@link compared}. */
  readonly labels: Readonly<Record<string, string>>;
  /** The annotations that are compared; `keptText` shortens long values. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Names of the labels and annotations that the operator wrote because a spec asked for them. Absent: none. */
  readonly asked?: Readonly<Record<Described, readonly string[]>>;
  /** Others wrote something beside it, which a write keeps: see `field-ownership.ts`. Absent: nobody did. */
  readonly isShared?: true;
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
  /** `spec.secret.template`. */
  readonly template?: OAuthClientSpec['secret']['template'];
  readonly endpoints: Endpoints;
  /** See `PublishedClient`. */
  readonly audience?: string | undefined;
}

/** Incremented when a release renders Secrets differently, so that an upgrade renders them again. */
const EDITION = 1;

/** Hash of the inputs. Secret values aren't hashed: a hash of a secret has no place in an annotation. */
export function inputsHash({
  record,
  format,
  keys,
  include,
  template,
  endpoints,
  audience,
}: ProjectionInputs): string {
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
    ...defined({ template: template?.data, audience }),
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
  /** Whether there is to be none: `spec.secret.mode: None`. */
  readonly isNone: boolean;
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
    isNone: spec.secret.mode === 'None',
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
  /** See `shownSinceText`; `undefined`: the credential is the first one of the object. */
  readonly since?: string | undefined;
  /** Keys and values of the Secret, in plain text. */
  readonly values: Readonly<Record<string, string>>;
}

/** The Secret to write. Owned by the OAuthClient: Kubernetes removes it together with its owner. */
export function toWorkloadSecret(
  client: ClientIdentity,
  wanted: WantedSecret,
  { shows, inputs, since, values }: ShownClient,
  resourceVersion?: string,
): Secret {
  const annotations = {
    ...wanted.annotations,
    [ANNOTATIONS.shows]: shows,
    [ANNOTATIONS.projection]: projectionOf(inputs, Object.keys(values)),
    ...defined({ [ANNOTATIONS.shownSince]: since }),
  };
  const metadata = {
    name: wanted.name,
    namespace: client.namespace,
    ...defined({ resourceVersion }),
    labels: wanted.labels,
    annotations,
    ownerReferences: [
      { apiVersion: API_VERSION, kind: 'OAuthClient', name: client.name, uid: client.uid, controller: true },
    ],
  };
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    type: wanted.format.secretType,
    data: Object.fromEntries(data),
  };
  return resourceVersion === undefined ? secret : takenOver(secret);
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
  const missing = DESCRIBED.find((what) => !includes(observed, what, wanted));
  const surplus = DESCRIBED.find((what) => hasSurplus(observed, what, wanted));
  return missing === undefined
    ? surplus && `has ${surplus} that spec.secret asks for no more`
    : `lacks ${missing} that it is to have`;
}

const DESCRIBED: readonly Described[] = ['labels', 'annotations'];

function hasSurplus({ asked }: ObservedSecret, what: Described, wanted: WantedSecret): boolean {
  const names = asked?.[what] ?? [];
  const kept = names.length === 0 ? [] : Object.keys(wanted[what]).map(keptText);
  return names.some((name) => !kept.includes(name));
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
  OWN_NAMES.labels.includes(name) || OWN_ANNOTATIONS.includes(name) || name === ANNOTATIONS.client;

/** Keeps only the operator's own labels and annotations, where there is no room for more. */
export function withoutUnowned(observed: ObservedSecret): ObservedSecret {
  const own = (given: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => isOwn(name)));
  return {
    ...omit(observed, 'asked'),
    labels: own(observed.labels),
    annotations: own(observed.annotations),
    isPartial: true,
  };
}

/** A spec may set 32 of each. */
const MOST_COMPARED = 48;

/**
 * Keeps the labels or annotations that are compared: the operator's own that decisions depend on, and those that a spec
 * may set. Of too many, keeps the operator's own and those that it wrote for a spec.
 */
function compared(
  given: Readonly<Record<string, string>>,
  own: readonly string[],
  asked: readonly string[],
): Readonly<Record<string, string>> {
  const names = Object.keys(given).filter((name) => own.includes(name) || !RESERVED.test(name));
  const isMany = names.length > MOST_COMPARED;
  const kept = isMany ? names.filter((name) => own.includes(name) || asked.includes(name)) : names;
  return Object.fromEntries(kept.map((name) => [keptText(name), keptText(given[name] ?? '')]));
}

/** Names that specs may not set (spec.secret.labels, spec.secret.annotations). */
const RESERVED = /^([^/]*[.])?(kubernetes[.]io|k8s[.]io|oauth-registrar[.]dev)\//;
const OWN_ANNOTATIONS: readonly string[] = [ANNOTATIONS.rotateRequestedAt];

/** The operator uses no longer names. */
const LONGEST_NAME = 512;
const nameIn = (text: string | undefined): string | undefined =>
  text !== undefined && text.length <= LONGEST_NAME ? text : undefined;

/** Uid of the OAuthClient that a Secret belongs to: that of its controller; other owners don't count. */
export function clientUidOf({ ownerReferences = [] }: ObjectMeta): string | undefined {
  const owner = ownerReferences.find(({ kind, controller }) => kind === 'OAuthClient' && controller);
  return keptIfAny(owner?.uid);
}

/** Reads the metadata of a Secret that carries the workload label. */
export function toObservedSecret(raw: KubernetesObject): ObservedSecret {
  const { metadata } = raw;
  const annotations = metadata.annotations ?? {};
  const projection = nameIn(annotations[ANNOTATIONS.projection]);
  const asked = { labels: boundedNames(raw, 'labels'), annotations: boundedNames(raw, 'annotations') };
  const client = nameIn(annotations[ANNOTATIONS.client]);
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    ownerUid: clientUidOf(metadata),
    shows: nameIn(annotations[ANNOTATIONS.shows]),
    projection: projection !== undefined && isUntouched(raw, projection) ? projection : undefined,
    ...defined({ shownSince: nameIn(annotations[ANNOTATIONS.shownSince]) }),
    labels: compared(metadata.labels ?? {}, OWN_NAMES.labels, asked.labels),
    annotations: {
      ...compared(annotations, OWN_ANNOTATIONS, asked.annotations),
      ...(client && { [ANNOTATIONS.client]: client }),
    },
    ...(asked.labels.length + asked.annotations.length > 0 && {
      asked: { labels: asked.labels.map(keptText), annotations: asked.annotations.map(keptText) },
    }),
    ...(hasOfOthers(raw) && { isShared: true }),
  };
}

/** No spec asks for more; what somebody wrote in the operator's name isn't kept in memory without bound. */
const boundedNames = (raw: KubernetesObject, what: Described): readonly string[] =>
  askedNames(raw, what).slice(0, MOST_COMPARED);

/** Whether the operator owns every key of the data and none of its keys was removed. */
function isUntouched(raw: KubernetesObject, projection: string): boolean {
  const keys = ownKeys(raw);
  return keys !== undefined && projection === projectionOf(projection.split('.')[0] ?? '', keys);
}
