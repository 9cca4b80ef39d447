import { customResourceDefinitions } from '../../../src/api/crd.ts';

/**
 * Fields that a later release is to add, as their schemas are planned: how clients prove themselves without a secret,
 * clients that are identified by documents, and what workloads get. They are laid over today's definitions, so that a
 * test shows that they fit.
 */

export interface Schema {
  readonly [key: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

interface Rule {
  readonly rule: string;
  readonly message: string;
}

export interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }];
  };
}

interface Change {
  readonly kinds: readonly string[];
  /** Names of members, like `spec.secret`. */
  readonly at: string;
  readonly change: (schema: Schema) => Schema;
}

const values =
  (...added: readonly string[]) =>
  (schema: Schema) => ({
    ...schema,
    enum: [...(schema.enum ?? []), ...added],
  });

const CLIENT = ['OAuthClient'];

export const CHANGES: readonly Change[] = [
  { kinds: CLIENT, at: 'spec.secret.format', change: values('Dotenv') },
];

/** The definitions as they are today. */
export const present = (): readonly Definition[] =>
  JSON.parse(JSON.stringify(customResourceDefinitions())) as readonly Definition[];

/** The definitions with the planned fields. */
export const planned = (): readonly Definition[] => present().map(changed);

function changed(definition: Definition): Definition {
  const { spec } = definition;
  const [version] = spec.versions;
  const schema = CHANGES.filter(({ kinds }) => kinds.includes(spec.names.kind)).reduce(
    (before, { at, change }) => edited(before, at.split('.'), change),
    version.schema.openAPIV3Schema,
  );
  return {
    ...definition,
    spec: { ...spec, versions: [{ ...version, schema: { openAPIV3Schema: schema } }] },
  };
}

function edited(schema: Schema, [head, ...rest]: readonly string[], change: Change['change']): Schema {
  if (head === undefined) {
    return change(schema);
  }
  const child = schema.properties?.[head];
  if (child === undefined) {
    throw new Error(`no member ${head}`);
  }
  return { ...schema, properties: { ...schema.properties, [head]: edited(child, rest, change) } };
}

/** Paths of all fields of spec and status, like `spec.secret.name`; what is in a list has `[]` before it. */
export function fieldsOf(definition: Definition): readonly string[] {
  const { properties = {} } = definition.spec.versions[0].schema.openAPIV3Schema;
  return ['spec', 'status'].flatMap((part) => below(properties[part] ?? {}, part));
}

function below(schema: Schema, path: string): readonly string[] {
  const children = Object.entries(schema.properties ?? {});
  return [
    ...children.flatMap(([member, child]) => [`${path}.${member}`, ...below(child, `${path}.${member}`)]),
    ...(schema.items === undefined ? [] : below(schema.items, `${path}[]`)),
  ];
}
