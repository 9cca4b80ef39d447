import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/**
 * `npm run test:simulation -- --mutations` tries them. This test notices at once when a changed source no longer
 * contains the text of a mutation.
 */
test.each(MUTATIONS)(
  '"$name" changes text that is in its file exactly once',
  ({ file, original, mutant }) => {
    expect(readFileSync(join(root, file), 'utf8').split(original)).toHaveLength(2);
    expect(mutant).not.toBe(original);
  },
);
