import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lane, type WorkItem } from '../../../../src/controller/queue/lane.ts';

const BOUNDS = { most: 6, perNamespace: 4 };

const step = fc.oneof(
  fc.record({
    do: fc.constant('push' as const),
    namespace: fc.constantFrom('a', 'b', 'c'),
    urgent: fc.boolean(),
  }),
  fc.record({ do: fc.constant('end' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant('remove' as const), which: fc.nat(20) }),
);

test('nothing is lost, no bound is passed, and a namespace with less goes before one with half', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const lane = new Lane('sso');
      let waiting: WorkItem[] = [];
      const running: WorkItem[] = [];
      const of = (items: readonly WorkItem[], namespace: string) =>
        items.filter((item) => item.namespace === namespace).length;
      const fill = () => {
        for (let item = lane.begin(BOUNDS); item !== undefined; item = lane.begin(BOUNDS)) {
          const begun = item;
          expect(waiting).toContain(begun);
          if (of(running, begun.namespace) >= BOUNDS.most / 2) {
            const isModest = ({ namespace }: WorkItem) => of(running, namespace) < BOUNDS.most / 2;
            expect(waiting.filter(isModest)).toEqual([]);
          }
          waiting = waiting.filter((other) => other !== begun);
          running.push(begun);
          expect(of(running, begun.namespace)).toBeLessThanOrEqual(BOUNDS.perNamespace);
        }
        expect(running.length).toBeLessThanOrEqual(BOUNDS.most);
        const mayRun = waiting.some(({ namespace }) => of(running, namespace) < BOUNDS.perNamespace);
        expect(mayRun && running.length < BOUNDS.most).toBe(false);
      };
      steps.forEach((taken, index) => {
        if (taken.do === 'push') {
          const { namespace, urgent } = taken;
          const item = { key: `${index}`, lane: 'sso', namespace, urgent };
          waiting.push(item);
          lane.push(item, BOUNDS);
        } else if (taken.do === 'end') {
          const [item] = running.splice(taken.which, 1);
          if (item !== undefined) {
            lane.ended(item, BOUNDS);
          }
        } else {
          const [item] = waiting.splice(taken.which, 1);
          if (item !== undefined) {
            lane.remove(item);
          }
        }
        fill();
      });
      expect(lane.isEmpty).toBe(waiting.length + running.length === 0);
    }),
  );
});
