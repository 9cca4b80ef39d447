import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTATIONS } from './mutations.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** `npm run test:simulation -- --mutations` tries them; this finds at once that a changed source leaves one without its text. */
test.each(MUTATIONS)(
  '"$name" changes text that is in its file exactly once',
  ({ file, original, mutant }) => {
    expect(readFileSync(join(root, file), 'utf8').split(original)).toHaveLength(2);
    expect(mutant).not.toBe(original);
  },
);
