import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What a client must do at servers as they are: 48 numbered rules, each with a test that names its number. */
const RULES = Array.from({ length: 48 }, (_, index) => index + 1);

/** `rule 6:`, `rules 6 and 12`, `rule 6, 41`. Titles only: the first argument of a test, or a row of its table. */
const MENTION = /\brules? ((?:\d+(?:, | and |, and )?)+)/g;

function mentioned(): ReadonlySet<number> {
  const files = globSync('test/**/*.test.ts').filter((file) => !file.endsWith('rules.test.ts'));
  const texts = files.map((file) => readFileSync(file, 'utf8'));
  const lists = texts.flatMap((text) => [...text.matchAll(MENTION)].map(([, list = '']) => list));
  return new Set(lists.flatMap((list) => [...list.matchAll(/\d+/g)].map(Number)));
}

test('every rule for clients of real servers has a test that names it', () => {
  const known = mentioned();
  expect(RULES.filter((rule) => !known.has(rule))).toEqual([]);
});
