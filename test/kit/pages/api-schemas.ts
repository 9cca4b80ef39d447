import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** What the pages' checks read of an OpenAPI v3 schema. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly enum?: readonly unknown[];
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** A kind of ours, as `crds/` defines it. */
export interface Kind {
  readonly kind: string;
  /** What `kubectl` accepts for it, like `oac` and `oauthclients.oauth-registrar.dev`. */
  readonly names: readonly string[];
  /** Of the whole object. */
  readonly schema: Schema;
}

interface Definition {
  readonly spec: {
    readonly group: string;
    readonly names: {
      readonly kind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
    };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

export const KINDS: readonly Kind[] = globSync('crds/oauth-registrar.dev_*.yaml', { cwd: ROOT })
  .toSorted()
  .map((path) => {
    const { group, names, versions } = (parse(readFileSync(join(ROOT, path), 'utf8')) as Definition).spec;
    return {
      kind: names.kind,
      names: [names.singular, names.plural, `${names.plural}.${group}`, ...names.shortNames],
      schema: versions[0]?.schema.openAPIV3Schema ?? {},
    };
  });

/** The schema below a member; `undefined` where there is no such member. A list's members are those of its items. */
function below(schema: Schema, name: string): Schema | undefined {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) {
    return {};
  }
  const { properties, additionalProperties } = schema.items ?? schema;
  return properties?.[name] ?? additionalProperties;
}

/** Whether the members `path` exist, one below the other. */
export function hasField(schema: Schema, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (name === undefined) {
    return true;
  }
  const next = below(schema, name);
  return next !== undefined && hasField(next, rest);
}

/** Members of `value` that the schema doesn't know, or values that an enum lacks, each as a path like `.a.b`. */
export function unknownIn(schema: Schema, value: unknown): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => unknownIn(schema.items ?? {}, item));
  }
  if (typeof value !== 'object' || value === null) {
    return schema.enum === undefined || schema.enum.includes(value) ? [] : [` ${String(value)}`];
  }
  return Object.entries(value).flatMap(([name, inner]) => {
    const next = below(schema, name);
    return next === undefined ? [`.${name}`] : unknownIn(next, inner).map((path) => `.${name}${path}`);
  });
}

/** Every schema in a schema, itself first. */
export function schemasIn(schema: Schema): readonly Schema[] {
  const inner = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  return [schema, ...inner.flatMap((one) => (typeof one === 'object' ? schemasIn(one) : []))];
}
