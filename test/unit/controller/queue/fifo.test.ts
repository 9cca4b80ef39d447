import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fifo } from '../../../../src/controller/queue/fifo.ts';

const steps = fc.array(fc.record({ key: fc.nat(9), isPush: fc.boolean() }), { maxLength: 100 });

test('the first is always the oldest, whichever items left', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const fifo = new Fifo<number, string>();
      let expected: number[] = [];
      for (const { key, isPush } of taken) {
        if (isPush) {
          fifo.push(key, `value ${key}`);
          expected = expected.includes(key) ? expected : [...expected, key];
        } else {
          expect(fifo.delete(key)).toBe(expected.includes(key));
          expected = expected.filter((other) => other !== key);
        }
        expect(fifo.size).toBe(expected.length);
        expect(fifo.first).toBe(expected.length === 0 ? undefined : `value ${expected[0]}`);
      }
      while (fifo.size > 0) {
        expect(fifo.first).toBe(`value ${expected[0]}`);
        fifo.delete(expected.shift() ?? -1);
      }
    }),
  );
});
