import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { customResourceDefinitions } from '../../../src/api/crd.ts';

const FILE = join(import.meta.dirname, '..', '..', '..', 'deploy', 'samples', 'name-references.yaml');

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly [{ readonly schema: { readonly openAPIV3Schema: Schema } }];
  };
}

const REFERENCE = /(Ref|boundTo)$/;

/** Paths of the names of other objects, below `spec`. */
const referencesIn = ({ properties = {} }: Schema, path: string): readonly string[] =>
  Object.entries(properties).flatMap(([field, schema]) => {
    const here = `${path}/${field}`;
    const own = REFERENCE.test(field) && schema.properties?.['name'] !== undefined ? [`${here}/name`] : [];
    return [...own, ...referencesIn(schema, here)];
  });

const fields = customResourceDefinitions().flatMap((definition) => {
  const { names, versions } = (definition as Definition).spec;
  const { spec = {} } = versions[0].schema.openAPIV3Schema.properties ?? {};
  return referencesIn(spec, 'spec').map((path) => `${names.kind} ${path}`);
});

test('the configuration for kustomize names every reference of every kind', () => {
  const { nameReference } = parse(readFileSync(FILE, 'utf8')) as {
    readonly nameReference: readonly {
      readonly fieldSpecs: readonly { readonly kind: string; readonly path: string }[];
    }[];
  };
  const named = nameReference.flatMap(({ fieldSpecs }) =>
    fieldSpecs.map(({ kind, path }) => `${kind} ${path}`),
  );
  expect([...new Set(named)].toSorted()).toEqual([...new Set(fields)].toSorted());
  expect(fields).toContain('OAuthClient spec/adopt/secretRef/name');
});
