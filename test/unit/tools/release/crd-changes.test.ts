import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { omit } from '../../../../src/oauth/objects.ts';
import { type Crd, crdChanges, unnamedChanges } from '../../../../tools/release/crd-changes.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const RELEASED = join(ROOT, 'crds', 'released');

const crdsIn = (folder: string): readonly Crd[] =>
  globSync('*_*.yaml', { cwd: folder }).map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Crd);

const releases = existsSync(RELEASED) ? readdirSync(RELEASED) : [];

describe.each(releases)('the definitions since release %s', (release) => {
  test('take nothing from people that the CHANGELOG does not name', () => {
    const before = crdsIn(join(RELEASED, release));
    expect(before).toHaveLength(3);
    const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
    expect(unnamedChanges(crdChanges(before, crdsIn(join(ROOT, 'crds'))), changelog, release)).toEqual([]);
  });
});

type Schema = Crd['spec']['versions'][number]['schema']['openAPIV3Schema'];
type Properties = NonNullable<Schema['properties']>;

const crd = (properties: Properties, more: object = {}, spec: object = {}): Crd => ({
  spec: {
    scope: 'Namespaced',
    names: { kind: 'Thing', plural: 'things', shortNames: ['th'] },
    versions: [
      {
        name: 'v1',
        served: true,
        schema: {
          openAPIV3Schema: { type: 'object', properties: { a: { type: 'object', properties } }, ...more },
        },
      },
    ],
    ...spec,
  },
});
const between = (before: Schema, after: Schema) =>
  crdChanges([crd({ b: before })], [crd({ b: after })]).map(({ field, what }) => `${field} ${what}`);
const text = { type: 'string' };
const rule = (one: string) => ({ ...text, 'x-kubernetes-validations': [{ rule: one, message: 'm' }] });

describe('a change', () => {
  test.each<readonly [string, Schema, Schema, string]>([
    ['another type', text, { type: 'integer' }, 'has another type: "string" became "integer"'],
    ['a value less', { ...text, enum: ['x', 'y'] }, { ...text, enum: ['y', 'z'] }, 'no longer accepts "x"'],
    ['an enum', text, { ...text, enum: ['x'] }, 'accepts only listed values'],
    [
      'a shorter text',
      { ...text, maxLength: 9 },
      { ...text, maxLength: 8 },
      'has a narrower maxLength: 9 became 8',
    ],
    ['a first bound', text, { ...text, minLength: 1 }, 'has a narrower minLength: none became 1'],
    [
      'a larger minimum',
      { type: 'integer', minimum: 0 },
      { type: 'integer', minimum: 1 },
      'has a narrower minimum: 0 became 1',
    ],
    [
      'fewer items',
      { type: 'array', maxItems: 3 },
      { type: 'array', maxItems: 2 },
      'has a narrower maxItems: 3 became 2',
    ],
    [
      'fewer members',
      { type: 'object' },
      { type: 'object', maxProperties: 2 },
      'has a narrower maxProperties: none became 2',
    ],
    [
      'another default',
      { ...text, default: 'x' },
      { ...text, default: 'y' },
      'has another default: "x" became "y"',
    ],
    ['a default', text, { ...text, default: 'x' }, 'has another default: none became "x"'],
    ['no default', { ...text, default: false }, text, 'has another default: false became none'],
    ['a required member', { type: 'object' }, { type: 'object', required: ['c'] }, 'requires c'],
    ['a pattern', text, { ...text, pattern: 'x' }, 'has another pattern: none became "x"'],
    ['a rule', rule('self != 1'), rule('self != 2'), 'has a new rule: self != 2'],
    [
      'another merge',
      { type: 'array', 'x-kubernetes-list-type': 'set' },
      { type: 'array' },
      'has another x-kubernetes-list-type: "set" became none',
    ],
    ['no null', { ...text, nullable: true }, text, 'no longer accepts null'],
    [
      'a closed object',
      { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      { type: 'object' },
      'no longer keeps unknown fields',
    ],
    [
      'no free members',
      { type: 'object', additionalProperties: text },
      { type: 'object' },
      'no longer keeps unknown fields',
    ],
  ])('that narrows is found: %s', (_, before, after, what) => {
    expect(between(before, after)).toEqual([`Thing.a.b ${what}`]);
  });

  test.each<readonly [string, Schema, Schema]>([
    ['a longer text', { ...text, maxLength: 8 }, { ...text, maxLength: 9 }],
    ['a bound less', { ...text, minLength: 1 }, text],
    ['a value more', { ...text, enum: ['x'] }, { ...text, enum: ['y', 'x'] }],
    ['no enum any more', { ...text, enum: ['x'] }, text],
    ['a rule less', rule('self != 1'), text],
    ['a pattern less', { ...text, pattern: 'x' }, text],
    ['a member less that is required', { type: 'object', required: ['c'] }, { type: 'object' }],
    ['other words', { ...text, description: 'x' }, { ...text, description: 'y' }],
    ['another order', { default: { x: 1, y: 2 } }, { default: { y: 2, x: 1 } }],
    ['a member more', { type: 'object' }, { type: 'object', properties: { c: text } }],
  ])('that widens is none: %s', (_, before, after) => {
    expect(between(before, after)).toEqual([]);
  });

  test('is found in items and in members of any name, and a field that is gone', () => {
    const list = (items: Properties) => ({ type: 'array', items: { type: 'object', properties: items } });
    expect(between(list({ c: text, d: text }), list({ c: { ...text, maxLength: 1 } }))).toEqual([
      'Thing.a.b[].c has a narrower maxLength: none became 1',
      'Thing.a.b[].d is gone',
    ]);
    const map = (values: Schema) => ({ type: 'object', additionalProperties: values });
    expect(between(map(text), map({ type: 'boolean' }))).toEqual([
      'Thing.a.b.* has another type: "string" became "boolean"',
    ]);
  });

  test.each<readonly [string, readonly Crd[], string]>([
    ['the kind', [], 'Thing is gone'],
    ['the scope', [crd({}, {}, { scope: 'Cluster' })], 'Thing has another scope: Cluster'],
    [
      'a short name',
      [crd({}, {}, { names: { kind: 'Thing', plural: 'things', shortNames: [] } })],
      'Thing lost its name th',
    ],
    ['the version', [crd({}, {}, { versions: [] })], 'Thing is no longer served as v1'],
  ])('of the definition is found: %s', (_, after, what) => {
    expect(crdChanges([crd({})], after).map(({ field, what: is }) => `${field} ${is}`)).toEqual([what]);
  });
});

describe('the CHANGELOG', () => {
  const changes = [
    { field: 'Thing.a', what: 'is gone' },
    { field: 'Thing.a.b', what: 'requires c' },
  ];

  test.each([
    ['names both', '## Unreleased\n- `Thing.a` and `Thing.a.b`\n## 0.1.0\n', []],
    ['names the outer field only', '## Unreleased\n- `Thing.a`\n## 0.1.0\n', ['`Thing.a.b` requires c']],
    [
      'names them in the section of the release itself',
      '## Unreleased\n## 0.1.0 - 2026-11-27\n- `Thing.a`, `Thing.a.b`\n',
      ['`Thing.a` is gone', '`Thing.a.b` requires c'],
    ],
    [
      'has a section of another release with the same beginning',
      '## 0.1.01\n- `Thing.a`, `Thing.a.b`\n## 0.1.0\n',
      [],
    ],
  ])('%s', (_, changelog, unnamed) => {
    expect(unnamedChanges(changes, changelog, '0.1.0')).toEqual(unnamed);
  });
});

test('the present definitions are compared whole: each field that is taken out of them is found', () => {
  const present = crdsIn(join(ROOT, 'crds'));
  expect(crdChanges(present, present)).toEqual([]);
  const without = present.map(({ spec }) => {
    const versions = spec.versions.map(({ schema, ...version }) => {
      const { properties = {}, ...others } = schema.openAPIV3Schema;
      const [first = '', ...fields] = Object.keys(properties['spec']?.properties ?? {});
      expect(fields).not.toHaveLength(0);
      const rest = omit(properties['spec']?.properties ?? {}, first);
      const openAPIV3Schema = {
        ...others,
        properties: { ...properties, spec: { ...properties['spec'], properties: rest } },
      };
      return { ...version, schema: { openAPIV3Schema } };
    });
    return { spec: { ...spec, versions } };
  });
  const found = crdChanges(present, without);
  expect(found.map(({ what }) => what)).toEqual(['is gone', 'is gone', 'is gone']);
});
