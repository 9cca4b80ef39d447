import { canonicalJson, type Json } from '../../src/oauth/json.ts';

/**
 * What a new edition of a CustomResourceDefinition takes from people who use the former one: a stored object or a manifest
 * that the former one accepts is refused, loses something, or means something else.
 */
export interface CrdChange {
  /** `OAuthClient.spec.secret.format`, as the CHANGELOG has to name it; `[]` stands for the items of a list. */
  readonly field: string;
  /** What changed: `is gone`. */
  readonly what: string;
}

export interface Crd {
  readonly spec: {
    readonly scope: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly shortNames?: readonly string[];
    };
    readonly versions: readonly CrdVersion[];
  };
}

interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly schema: { readonly openAPIV3Schema: Schema };
}

/** The part of a structural schema that decides what is accepted. */
interface Schema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly enum?: readonly Json[];
  readonly default?: Json;
}

/** Pure. Changes that widen, and texts for people, are none. */
export function crdChanges(before: readonly Crd[], after: readonly Crd[]): readonly CrdChange[] {
  return before.flatMap((former) => {
    const { kind } = former.spec.names;
    const present = after.find(({ spec }) => spec.names.kind === kind);
    return present === undefined
      ? [{ field: kind, what: 'is gone' }]
      : ofDefinition(kind, former.spec, present.spec);
  });
}

function ofDefinition(kind: string, before: Crd['spec'], after: Crd['spec']): readonly CrdChange[] {
  const names: readonly CrdChange[] = [
    ...(before.scope === after.scope ? [] : [{ field: kind, what: `has another scope: ${after.scope}` }]),
    ...[before.names.plural, ...(before.names.shortNames ?? [])]
      .filter((name) => name !== after.names.plural && !after.names.shortNames?.includes(name))
      .map((name) => ({ field: kind, what: `lost its name ${name}` })),
  ];
  const versions = before.versions
    .filter(({ served }) => served)
    .flatMap(({ name, schema }) => {
      const present = after.versions.find((version) => version.name === name && version.served);
      return present === undefined
        ? [{ field: kind, what: `is no longer served as ${name}` }]
        : ofSchema(kind, schema.openAPIV3Schema, present.schema.openAPIV3Schema);
    });
  return [...names, ...versions];
}

function ofSchema(field: string, before: Schema, after: Schema): readonly CrdChange[] {
  const own = [
    ...ofType(before, after),
    ...ofValues(before, after),
    ...ofBounds(before, after),
    ...ofRest(before, after),
  ];
  return [...own.map((what) => ({ field, what })), ...ofParts(field, before, after)];
}

function ofParts(field: string, before: Schema, after: Schema): readonly CrdChange[] {
  const properties = Object.entries(before.properties ?? {}).flatMap(([name, schema]) => {
    const present = after.properties?.[name];
    const path = `${field}.${name}`;
    return present === undefined ? [{ field: path, what: 'is gone' }] : ofSchema(path, schema, present);
  });
  const items = before.items && after.items ? ofSchema(`${field}[]`, before.items, after.items) : [];
  const [former, present] = [before.additionalProperties, after.additionalProperties];
  const others =
    typeof former === 'object' && typeof present === 'object' ? ofSchema(`${field}.*`, former, present) : [];
  return [...properties, ...items, ...others];
}

const isSame = (one: unknown, other: unknown): boolean =>
  canonicalJson((one ?? null) as Json) === canonicalJson((other ?? null) as Json);

const words = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value));

function ofType(before: Schema, after: Schema): readonly string[] {
  const changed = ['type', 'x-kubernetes-int-or-string'].filter((name) => !isSame(before[name], after[name]));
  return changed.map((name) => `has another ${name}: ${words(before[name])} became ${words(after[name])}`);
}

function ofValues(before: Schema, after: Schema): readonly string[] {
  const lost = (before.enum ?? []).filter(
    (value) => !(after.enum ?? [value]).some((other) => isSame(value, other)),
  );
  const required = (after.required ?? []).filter((name) => !before.required?.includes(name));
  return [
    ...lost.map((value) => `no longer accepts ${words(value)}`),
    ...(before.enum === undefined && after.enum !== undefined ? ['accepts only listed values'] : []),
    ...(isSame(before.default, after.default)
      ? []
      : [`has another default: ${words(before.default)} became ${words(after.default)}`]),
    ...required.map((name) => `requires ${name}`),
    ...(before['nullable'] === true && after['nullable'] !== true ? ['no longer accepts null'] : []),
  ];
}

const LOWER = ['minLength', 'minItems', 'minProperties', 'minimum'];
const UPPER = ['maxLength', 'maxItems', 'maxProperties', 'maximum'];

function ofBounds(before: Schema, after: Schema): readonly string[] {
  const bound = (schema: Schema, name: string, none: number): number => Number(schema[name] ?? none);
  const narrowed = [
    ...LOWER.filter((name) => bound(after, name, -Infinity) > bound(before, name, -Infinity)),
    ...UPPER.filter((name) => bound(after, name, Infinity) < bound(before, name, Infinity)),
  ];
  return narrowed.map(
    (name) => `has a narrower ${name}: ${words(before[name])} became ${words(after[name])}`,
  );
}

/** Whether these narrow can't be computed, so every new value counts; one that is gone only widens. */
const UNCOMPARABLE = [
  'pattern',
  'format',
  'multipleOf',
  'uniqueItems',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'oneOf',
  'anyOf',
  'allOf',
  'not',
];
/** What these mean for a merge changes with any change. */
const MERGE = ['x-kubernetes-list-type', 'x-kubernetes-list-map-keys', 'x-kubernetes-map-type'];

function ofRest(before: Schema, after: Schema): readonly string[] {
  const changed = [
    ...UNCOMPARABLE.filter((name) => after[name] !== undefined && !isSame(before[name], after[name])),
    ...MERGE.filter((name) => !isSame(before[name], after[name])),
  ];
  const rules = rulesOf(after).filter((rule) => !rulesOf(before).includes(rule));
  const open = 'x-kubernetes-preserve-unknown-fields';
  const isClosed = before[open] === true && after[open] !== true;
  const hadMembers = before.additionalProperties !== undefined && before.additionalProperties !== false;
  const hasMembers = after.additionalProperties !== undefined && after.additionalProperties !== false;
  return [
    ...changed.map((name) => `has another ${name}: ${words(before[name])} became ${words(after[name])}`),
    ...rules.map((rule) => `has a new rule: ${rule}`),
    ...(isClosed || (hadMembers && !hasMembers) ? ['no longer keeps unknown fields'] : []),
  ];
}

const rulesOf = (schema: Schema): readonly string[] => {
  const rules = schema['x-kubernetes-validations'] as readonly { readonly rule: string }[] | undefined;
  return (rules ?? []).map(({ rule }) => rule);
};

/**
 * The changes that the CHANGELOG doesn't name, as sentences. It names a change by its field in backticks, in a section above
 * that of the release with which the definitions are compared.
 */
export function unnamedChanges(
  changes: readonly CrdChange[],
  changelog: string,
  release: string,
): readonly string[] {
  const [newer = ''] = changelog.split(new RegExp(`^## ${release.replaceAll('.', '\\.')}\\b`, 'm'));
  return changes
    .filter(({ field }) => !newer.includes(`\`${field}\``))
    .map(({ field, what }) => `\`${field}\` ${what}`);
}
