import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type HealthCheckExpressions, type Judge, startJudge } from '../kit/gitops/judge.ts';
import { CUSTOMIZATIONS, sampleFile } from '../kit/gitops/samples.ts';
import { kstatusOf } from '../kit/kstatus.ts';
import { tableOf } from '../kit/pages/tables.ts';

/** What kstatus itself and the expressions of docs/gitops.md make of each situation of docs/lifecycle.md. */

const PAGES = [
  ['OAuthClient', 'The client …'],
  ['AuthorizationServer', 'The server object …'],
] as const;

/** Where the expressions differ from kstatus, which knows nothing of ends that were planned. */
const BY_EXPRESSIONS: Readonly<Record<string, string>> = {
  'is over (lifetime.onExpiry: Deregister)': 'Current',
  // They know no deletion: Flux finds out that the object is gone.
  'is being deleted, and its deregistration waits': 'InProgress',
};

interface Kustomization {
  readonly spec: {
    readonly healthCheckExprs: readonly (HealthCheckExpressions & { readonly kind: string })[];
  };
}

const page = readFileSync(join(import.meta.dirname, '../../docs/gitops.md'), 'utf8');
const block = /```yaml\n(apiVersion: kustomize\.toolkit\.fluxcd\.io[\s\S]*?)```/.exec(page)?.[1] ?? '';
const { healthCheckExprs } = (parse(block) as Kustomization).spec;

let judge: Judge;
beforeAll(async () => {
  judge = await startJudge();
});
afterAll(() => judge[Symbol.asyncDispose]());

describe.each(PAGES)('an %s that', (kind, first) => {
  const rows = tableOf('docs/lifecycle.md', first).map(
    (cells) => [cells[0] ?? '', cells.at(-1) ?? ''] as const,
  );
  const sampleOf = (situation: string) =>
    parse(readFileSync(join(CUSTOMIZATIONS, kind, 'testdata', sampleFile(situation)), 'utf8'));

  it.each(rows)('%s is %s by kstatus', async (situation, expected) => {
    const sample = sampleOf(situation);
    expect(await judge.kstatus(sample)).toBe(expected);
    // The tests with a real API server use rules of their own.
    expect(kstatusOf(sample)).toBe(expected);
  });

  const expressions = healthCheckExprs.find((one) => one.kind === kind);
  if (expressions !== undefined) {
    it.each(rows)('%s is judged by the expressions of the page', async (situation, kstatus) => {
      const expected = BY_EXPRESSIONS[situation] ?? kstatus;
      expect(await judge.flux(sampleOf(situation), expressions)).toBe(expected);
    });
  }
});

it('the page has expressions for an OAuthClient', () => {
  expect(healthCheckExprs.map(({ kind }) => kind)).toEqual(['OAuthClient']);
});
