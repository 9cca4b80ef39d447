import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LONGEST, rankOf } from './longest-first.ts';

const BEHAVIOUR = join(import.meta.dirname, '..', 'cluster', 'behaviour');
const fileOf = (name: string) => join(BEHAVIOUR, `${name}.test.ts`);

test.each(LONGEST)('%s is a file', (name) => {
  expect(existsSync(fileOf(name))).toBe(true);
});

test('the longest files come first, in their order, and any other file after them', () => {
  const ranks = [...LONGEST, 'examples'].map((name) => rankOf(fileOf(name)));
  expect(ranks).toEqual(ranks.map((_, index) => index));
  expect(rankOf('test/unit/core/kill.ts')).toBe(LONGEST.length);
});
