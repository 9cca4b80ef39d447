import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { boundedDuration, boundedMs, DURATIONS, type DurationName } from '../../../src/api/durations.ts';
import { durationMs } from '../../../src/api/schema.ts';

const CRDS = join(import.meta.dirname, '..', '..', '..', 'crds');

interface Node {
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string }[];
  readonly [name: string]: unknown;
}

/** Every schema below `spec` that is a duration by its grammar, with its path. */
function durationsIn(node: unknown, path: string): readonly (readonly [string, Node])[] {
  if (typeof node !== 'object' || node === null) {
    return [];
  }
  const { 'x-kubernetes-validations': rules } = node as Node;
  const isDuration = Array.isArray(rules) && rules.some(({ rule }) => /\[0-9\].*[hms]\)/.test(rule));
  const below = Object.entries(node).flatMap(([name, part]) => durationsIn(part, `${path}.${name}`));
  return isDuration ? [[path, node as Node], ...below] : below;
}

describe('durations of the schemas', () => {
  test.each(readdirSync(CRDS).filter((file) => /^oauth-registrar.*\.yaml$/.test(file)))(
    'each has an upper bound, which the API server holds (%s)',
    (file) => {
      const found = durationsIn(parse(readFileSync(join(CRDS, file), 'utf8')), '');
      expect(found.length).toBeGreaterThan(3);
      const unbounded = found.filter(
        ([, schema]) =>
          !schema['x-kubernetes-validations']?.some(({ rule }) =>
            rule.includes("duration(self) <= duration('"),
          ),
      );
      expect(unbounded.map(([path]) => path)).toEqual([]);
    },
  );

  test('a client that was replaced stays for 720 hours at most, a deletion is tried for 168', () => {
    expect([DURATIONS.overlap.most, DURATIONS.maxOverlap.most, DURATIONS.retryFor.most]).toEqual([
      '720h',
      '720h',
      '168h',
    ]);
  });

  test.each(Object.keys(DURATIONS) as DurationName[])('%s: more than the bound is cut to it', (name) => {
    const { least, most } = DURATIONS[name];
    expect(boundedMs(name, '999999h')).toBe(durationMs(most));
    expect(boundedMs(name, least)).toBe(durationMs(least));
    expect(durationMs(least)).toBeLessThan(durationMs(most));
    expect(boundedDuration(name).meta()).toMatchObject({
      'x-kubernetes-validations': [
        {
          rule: expect.stringContaining(most),
          message: expect.stringContaining(`between ${least} and ${most}, in`),
        },
      ],
    });
  });
});
