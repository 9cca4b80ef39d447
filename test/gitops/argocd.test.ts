import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Judge, startJudge } from '../kit/gitops/judge.ts';
import { CUSTOMIZATIONS, sampleFile } from '../kit/gitops/samples.ts';
import { tableOf } from '../kit/pages/tables.ts';

/**
 * The scripts for Argo CD, in the form of its own repository (`resource_customizations`): `health_test.yaml` and
 * `actions/action_test.yaml` are read as its tests read them.
 */

const KINDS = ['OAuthClient', 'AuthorizationServer', 'ClusterAuthorizationServer'] as const;

/** Argo CD's tests let the time of an action differ. */
const REQUEST_TIMES = ['reconcile-requested-at', 'rotate-requested-at'].map(
  (name) => `oauth-registrar.dev/${name}`,
);

interface HealthTests {
  readonly tests: readonly { readonly healthStatus: object; readonly inputPath: string }[];
}

interface ActionTests {
  readonly discoveryTests: readonly {
    readonly inputPath: string;
    readonly result: readonly { readonly name: string; readonly disabled: boolean }[];
  }[];
  readonly actionTests: readonly {
    readonly action: string;
    readonly inputPath: string;
    readonly expectedOutputPath: string;
  }[];
}

interface Sample {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
}

const textOf = (...path: readonly string[]): string => readFileSync(join(CUSTOMIZATIONS, ...path), 'utf8');
const yamlOf = <T>(...path: readonly string[]): T => parse(textOf(...path)) as T;

let judge: Judge;
beforeAll(async () => {
  judge = await startJudge();
});
afterAll(() => judge[Symbol.asyncDispose]());

describe.each(KINDS)('health of %s', (kind) => {
  const { tests } = yamlOf<HealthTests>(kind, 'health_test.yaml');

  it.each(tests)('$inputPath', async ({ inputPath, healthStatus }) => {
    expect(await judge.lua(yamlOf(kind, inputPath), textOf(kind, 'health.lua'))).toEqual(healthStatus);
  });

  it('is tested with every sample', () => {
    const samples = readdirSync(join(CUSTOMIZATIONS, kind, 'testdata')).map((name) => `testdata/${name}`);
    expect(tests.map(({ inputPath }) => inputPath).toSorted()).toEqual(samples.toSorted());
  });

  it('has the script of the other kinds', () => {
    expect(textOf(kind, 'health.lua')).toBe(textOf('OAuthClient', 'health.lua'));
  });
});

it.each([
  ['OAuthClient', 'The client …'],
  ['AuthorizationServer', 'The server object …'],
])('an %s of every situation of docs/lifecycle.md is a sample', (kind, first) => {
  const situations = tableOf('docs/lifecycle.md', first).map(([situation = '']) => sampleFile(situation));
  expect(readdirSync(join(CUSTOMIZATIONS, kind, 'testdata')).toSorted()).toEqual(situations.toSorted());
});

describe.each(KINDS)('actions of %s', (kind) => {
  const { discoveryTests, actionTests } = yamlOf<ActionTests>(kind, 'actions', 'action_test.yaml');
  const names = readdirSync(join(CUSTOMIZATIONS, kind, 'actions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'testdata')
    .map(({ name }) => name);

  it.each(discoveryTests)('offered for $inputPath', async ({ inputPath, result }) => {
    const script = textOf(kind, 'actions', 'discovery.lua');
    const offered = (await judge.lua(yamlOf(kind, 'actions', inputPath), script)) as object;
    const expected = Object.fromEntries(result.map(({ name, disabled }) => [name, { disabled }]));
    expect(offered).toEqual(expected);
    expect(Object.keys(offered).toSorted()).toEqual(names.toSorted());
  });

  it.each(actionTests)('$action', async ({ action, inputPath, expectedOutputPath }) => {
    const given = yamlOf<Sample>(kind, 'actions', inputPath);
    const result = await judge.lua(given, textOf(kind, 'actions', action, 'action.lua'));
    expect(withoutTimes(result as Sample)).toEqual(
      withoutTimes(yamlOf<Sample>(kind, 'actions', expectedOutputPath)),
    );
  });

  it('are all tested', () => {
    expect(actionTests.map(({ action }) => action).toSorted()).toEqual(names.toSorted());
  });
});

/** Lua has no empty map: an empty one comes back as an empty list, which Argo CD puts right. */
function withoutTimes({ metadata, ...object }: Sample): object {
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).map(([name, value]) => [
      name,
      REQUEST_TIMES.includes(name) && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) ? 'now' : value,
    ]),
  );
  const shown = { ...object, metadata: { ...metadata, annotations } };
  return JSON.parse(JSON.stringify(shown).replaceAll('{}', '[]')) as object;
}
