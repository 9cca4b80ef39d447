import { expect, test } from 'vitest';
import { describeEnd } from './operator.ts';

test.each([
  { code: 1, how: 'ended with code 1' },
  { code: null, how: 'was ended by a signal, as the kernel does where memory is short' },
])('an operator that $how is told with its last lines', ({ code, how }) => {
  expect(describeEnd(code, 'one\ntwo\nthree\nfour\n')).toBe(
    `The operator ${how}. Its last lines:\ntwo\nthree\nfour`,
  );
});
