import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { eventually } from '../behaviour/objects.ts';
import { DEPLOY, useCluster } from './cluster.ts';
import { type FullObject, fullObjects } from './full-objects.ts';
import { type Definition, fieldsOf, planned, present } from './planned-fields.ts';

/** The fields of a later release come over objects that today's definitions stored: nothing is lost, all still works. */

const API_VERSION = 'oauth-registrar.dev/v1alpha1';

const cluster = useCluster();
let namespace: string;
let objects: readonly FullObject[];

const yamlOf = (...given: readonly object[]): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: given.map((object) => ({ apiVersion: API_VERSION, ...object })),
  });
const withoutStatus = ({ status: _, ...object }: FullObject): object => object;

async function applyDefinitions(definitions: readonly Definition[]): Promise<void> {
  await cluster.must(
    ['apply', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: definitions }),
  );
  await cluster.must(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
}

/** An object in status and spec as it is read, and by what name. */
interface Read {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Record<string, Record<string, unknown>>;
  readonly status?: Record<string, unknown>;
}

const placeOf = ({ kind, metadata }: Pick<Read, 'kind' | 'metadata'>) => [
  `${kind}.${RESOURCES.oauthClient.group}`,
  metadata.name,
  ...(metadata.namespace === undefined ? [] : ['-n', metadata.namespace]),
];
/** As they are stored, in the order of `objects`. */
async function readAll(): Promise<readonly Read[]> {
  const { items } = JSON.parse(await cluster.must(['get', 'oac,oas,coas', '-A', '-o', 'json'])) as {
    items: readonly Read[];
  };
  return objects.map((object) => {
    const found = items.find(
      ({ kind, metadata: { name, namespace: place } }) =>
        kind === object.kind && name === object.metadata.name && place === object.metadata.namespace,
    );
    if (found === undefined) {
      throw new Error(`${object.kind} ${object.metadata.name} is not stored`);
    }
    return found;
  });
}

const contentOf = ({ kind, metadata, spec, status }: Read) => ({ kind, name: metadata.name, spec, status });

const SECRETLESS = {
  kind: 'OAuthClient',
  spec: {
    client: { tokenEndpointAuthMethod: 'private_key_jwt' },
    secret: { format: 'Dotenv', mode: 'None', template: { data: { 'config.yaml': 'id: {{ client_id }}' } } },
    rolloutRestartTargets: [{ kind: 'Deployment', name: 'web' }],
    replacement: { retire: 'WhenUnused' },
    lifetime: { boundTo: { group: 'apps', kind: 'Deployment', name: 'web' } },
  },
};
/** Objects that set every planned field. */
const plannedObjects = (): readonly FullObject[] => [
  { ...SECRETLESS, metadata: { name: 'secretless', namespace } },
];

/** Paths of what is set, as `fieldsOf` has them. */
function setIn(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => setIn(item, `${path}[]`));
  }
  return typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([name, member]) => [
        `${path}.${name}`,
        ...setIn(member, `${path}.${name}`),
      ]);
}

/** Fields of the definition that none of the objects sets. */
function unset(fields: readonly string[], kind: string, given: readonly FullObject[]): readonly string[] {
  const found = new Set(
    given
      .filter((object) => object.kind === kind)
      .flatMap(({ spec, status }) => [...setIn(spec, 'spec'), ...setIn(status, 'status')]),
  );
  return fields.filter((field) => !found.has(field)).map((field) => `${kind}: ${field}`);
}

const kindOf = ({ spec }: Definition) => spec.names.kind;
const KINDS = present().map(kindOf);
const dryRun = (object: FullObject) =>
  cluster.kubectl(['create', '--dry-run=server', '-f', '-'], yamlOf(withoutStatus(object)));

/** The samples, all in one namespace. */
function samples(): readonly FullObject[] {
  const folder = join(DEPLOY, 'samples', 'servers');
  return readdirSync(folder).flatMap((file) =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8'))
      .map((document) => document.toJS() as FullObject)
      .filter(({ kind }) => KINDS.includes(kind))
      .map(({ kind, metadata, spec }) => {
        const name = `${file.replace('.yaml', '')}-${metadata.name}`;
        const isNamespaced = kind !== 'ClusterAuthorizationServer';
        return {
          kind,
          metadata: isNamespaced ? { name, namespace } : { name: `${name}-${namespace}` },
          spec,
        };
      }),
  );
}

beforeAll(async () => {
  namespace = await cluster.namespace();
  objects = [...fullObjects(namespace, namespace), ...samples()];
  await applyDefinitions(present());
});
afterAll(async () => {
  const created = [...objects, ...plannedObjects()].filter(
    ({ kind }) => kind === 'ClusterAuthorizationServer',
  );
  await cluster.kubectl([
    'delete',
    'coas',
    '--ignore-not-found',
    ...created.map(({ metadata }) => metadata.name),
  ]);
  await applyDefinitions(present());
  const [first] = plannedObjects();
  await eventually(
    () => dryRun(first as FullObject),
    ({ code }) => code === 1,
    30_000,
  );
});

describe('the planned fields', () => {
  let before: readonly Read[];

  test('are none that exist', async () => {
    expect(
      present().flatMap((definition) => unset(fieldsOf(definition), kindOf(definition), objects)),
    ).toEqual([]);
    for (const object of plannedObjects()) {
      const { code, stderr } = await dryRun(object);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/unknown field "|Unsupported value: /)]);
    }
  });

  test('come over objects that set every field of today: nothing is lost', async () => {
    await cluster.must(['apply', '-f', '-'], yamlOf(...objects.map(withoutStatus)));
    for (const object of objects.filter(({ status }) => status !== undefined)) {
      const { status } = object;
      await cluster.must([
        'patch',
        ...placeOf(object),
        '--subresource=status',
        '--type=merge',
        '-p',
        JSON.stringify({ status }),
      ]);
    }
    before = await readAll();
    for (const [at, object] of objects.entries()) {
      expect(before[at]).toMatchObject(withoutStatus(object));
      expect(before[at]?.status).toMatchObject(object.status ?? {});
    }

    await applyDefinitions(planned());
    for (const object of plannedObjects()) {
      const { stderr } = await eventually(
        () => dryRun(object),
        ({ code }) => code === 0,
        30_000,
      );
      expect(stderr).toBe('');
    }
    expect((await readAll()).map(contentOf)).toEqual(before.map(contentOf));
  });

  test('leave kubectl diff empty for the YAML of before', async () => {
    const { code, stdout } = await cluster.kubectl(
      ['diff', '-f', '-'],
      yamlOf(...objects.map(withoutStatus)),
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  test('let every object be written as an operator of before writes it', async () => {
    const written = before.map(({ metadata: { name, namespace: place }, ...object }) => ({
      ...object,
      metadata: { name, ...(place && { namespace: place }) },
    }));
    await cluster.must(['replace', '-f', '-'], yamlOf(...written));
    await cluster.must(['replace', '--subresource=status', '-f', '-'], yamlOf(...written));
    expect((await readAll()).map(contentOf)).toEqual(before.map(contentOf));
  });

  test('let every object be edited', async () => {
    const edited = objects.map((object, at) => ({
      ...withoutStatus(object),
      spec: { ...object.spec, suspend: !before[at]?.spec['suspend'] },
    }));
    await cluster.must(['apply', '-f', '-'], yamlOf(...edited));
    const { length } = before.filter(({ spec }) => spec['suspend']);
    expect(length).toBeGreaterThan(0);
    expect((await readAll()).map(({ spec }) => spec['suspend'])).toEqual(
      before.map(({ spec }) => !spec['suspend']),
    );
  });

  test('are accepted and stored, each of them', async () => {
    const given = plannedObjects();
    const known = new Map(present().map((definition) => [kindOf(definition), fieldsOf(definition)]));
    const added = planned().flatMap((definition) => {
      const fields = fieldsOf(definition).filter((field) => !known.get(kindOf(definition))?.includes(field));
      return unset(fields, kindOf(definition), given);
    });
    expect(added).toEqual([]);
    await cluster.must(['apply', '-f', '-'], yamlOf(...given.map(withoutStatus)));
    for (const object of given) {
      if (object.status !== undefined) {
        const status = JSON.stringify({ status: object.status });
        await cluster.must([
          'patch',
          ...placeOf(object),
          '--subresource=status',
          '--type=merge',
          '-p',
          status,
        ]);
      }
      const stored = await cluster.must(['get', ...placeOf(object), '-o', 'json']);
      expect(JSON.parse(stored)).toMatchObject(object);
    }
  });
});
