import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

test.each(MUTATIONS)('the mutation "$name" fits the present source', ({ file, original }) => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  expect(text.split(original), `${file} has the text once: ${original}`).toHaveLength(2);
});
