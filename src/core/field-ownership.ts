import { API_VERSION, type KubernetesObject, type Secret } from '../api/kubernetes.ts';
import { ANNOTATIONS, FIELD_MANAGER, LABELS } from '../api/names.ts';
import { omit } from '../oauth/objects.ts';

/**
 * Which fields of a Secret are the operator's own, by the managed fields of Server-Side Apply. Others may write labels,
 * annotations, finalizers and owners beside them: a write of the operator keeps those. The data is the operator's alone.
 */

export type Described = 'labels' | 'annotations';

/** Labels and annotations that the operator writes on every Secret of a workload, whoever the API server calls their owner. */
export const OWN_NAMES: Readonly<Record<Described, readonly string[]>> = {
  labels: [LABELS.workload, LABELS.client, 'app.kubernetes.io/managed-by'],
  annotations: [
    ANNOTATIONS.client,
    ANNOTATIONS.shows,
    ANNOTATIONS.projection,
    ANNOTATIONS.shownSince,
    ANNOTATIONS.rotateRequestedAt,
  ],
};

type FieldNames = Readonly<Record<string, unknown>>;

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly fieldsType?: string;
  readonly fieldsV1?: {
    readonly 'f:data'?: FieldNames;
    readonly 'f:metadata'?: { readonly 'f:labels'?: FieldNames; readonly 'f:annotations'?: FieldNames };
  };
}

type Metadata = KubernetesObject['metadata'] & { readonly managedFields?: readonly ManagedFields[] };

const entriesOf = ({ metadata }: KubernetesObject): readonly ManagedFields[] =>
  (metadata as Metadata).managedFields ?? [];

const namesIn = (fields: FieldNames = {}): readonly string[] =>
  Object.keys(fields)
    .filter((name) => name.startsWith('f:'))
    .map((name) => name.slice('f:'.length));

/** The keys of the data; `undefined` where somebody else wrote one of them. */
export function ownKeys(raw: KubernetesObject): readonly string[] | undefined {
  const owned = new Set<string>();
  for (const { manager, fieldsV1 } of entriesOf(raw)) {
    const keys = namesIn(fieldsV1?.['f:data']);
    if (manager !== FIELD_MANAGER && keys.length > 0) {
      return undefined;
    }
    for (const key of keys) {
      owned.add(key);
    }
  }
  return [...owned];
}

/** The labels or annotations that the operator wrote because a spec asked for them, and that nobody else owns, too. */
export function askedNames(raw: KubernetesObject, what: Described): readonly string[] {
  const namesOf = (isOwn: boolean) =>
    entriesOf(raw)
      .filter(({ manager }) => (manager === FIELD_MANAGER) === isOwn)
      .flatMap(({ fieldsV1 }) => namesIn(fieldsV1?.['f:metadata']?.[`f:${what}`]));
  const present = raw.metadata[what] ?? {};
  const others = new Set(namesOf(false));
  return namesOf(true).filter(
    (name) => Object.hasOwn(present, name) && !others.has(name) && !OWN_NAMES[what].includes(name),
  );
}

/** Whether the Secret has something of others, besides its data, that a write has to keep. */
export function hasOfOthers(raw: KubernetesObject): boolean {
  const { finalizers = [], ownerReferences = [] } = raw.metadata;
  return (
    finalizers.length > 0 ||
    ownerReferences.length > 1 ||
    (['labels', 'annotations'] as const).some((what) => Object.keys(ofOthers(raw, what)).length > 0)
  );
}

function ofOthers(raw: KubernetesObject, what: Described): Readonly<Record<string, string>> {
  return omitAll(raw.metadata[what] ?? {}, [...OWN_NAMES[what], ...askedNames(raw, what)]);
}

const omitAll = (
  given: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> => {
  const left = new Set(names);
  return Object.fromEntries(Object.entries(given).filter(([name]) => !left.has(name)));
};

/**
 * The Secret to write in place of one that exists: with all that others wrote beside the operator's fields. A label or
 * annotation that the operator wrote and wants no more goes. So does every key of the data that isn't wanted, and an
 * owner that is an OAuthClient, most likely the former one of a restored Secret.
 *
 * @param live at least its metadata
 */
export function besideOthers(wanted: Secret, live: KubernetesObject): Secret {
  const { finalizers, ownerReferences = [] } = live.metadata;
  const metadata: Metadata = {
    ...wanted.metadata,
    labels: { ...ofOthers(live, 'labels'), ...wanted.metadata.labels },
    annotations: { ...ofOthers(live, 'annotations'), ...wanted.metadata.annotations },
    ...(finalizers && { finalizers }),
    ownerReferences: [
      ...(wanted.metadata.ownerReferences ?? []),
      ...ownerReferences.filter(
        ({ apiVersion, kind }) => apiVersion !== API_VERSION || kind !== 'OAuthClient',
      ),
    ],
    managedFields: [...entriesOf(live).flatMap(withoutData), ownEntry(wanted)],
  };
  return { ...wanted, metadata };
}

/** The entry of another manager, who owns no key of the data any more. */
function withoutData(entry: ManagedFields): readonly ManagedFields[] {
  if (entry.manager === FIELD_MANAGER) {
    return [];
  }
  const fieldsV1 = omit(entry.fieldsV1 ?? {}, 'f:data');
  return Object.keys(fieldsV1).length === 0 ? [] : [{ ...entry, fieldsV1 }];
}

/**
 * The Secret with the operator as the owner of its data, labels and annotations. It is sent so with every PUT: the API
 * server assigns ownership only for values that change, and a restored Secret has no owners.
 */
export function takenOver(secret: Secret): Secret {
  const metadata: Metadata = { ...secret.metadata, managedFields: [ownEntry(secret)] };
  return { ...secret, metadata };
}

function ownEntry({ metadata: { labels = {}, annotations = {} }, data = {} }: Secret): ManagedFields {
  const fields = (given: object) => Object.fromEntries(Object.keys(given).map((name) => [`f:${name}`, {}]));
  return {
    manager: FIELD_MANAGER,
    operation: 'Update',
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    fieldsV1: {
      'f:data': fields(data),
      'f:metadata': { 'f:labels': fields(labels), 'f:annotations': fields(annotations) },
    },
  };
}
