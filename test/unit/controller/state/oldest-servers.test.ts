import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OldestServers } from '../../../../src/controller/state/oldest-servers.ts';
import type { ServerObject } from '../../../../src/core/server-object.ts';

const serverAt = (namespace: string, name: string, createdAt: number) =>
  ({ kind: 'AuthorizationServer', metadata: { namespace, name }, createdAt }) as ServerObject;

const created = (after: ServerObject) => ({ before: undefined, after });
const deleted = (before: ServerObject) => ({ before, after: undefined });

test('the oldest 20 of each namespace are used, and the next when one of them goes (H7)', () => {
  const turned: string[] = [];
  const oldest = new OldestServers((key) => turned.push(key));
  const all = Array.from({ length: 25 }, (_, index) => serverAt('a', `s-${index}`, 100 + index));
  for (const object of all.toReversed()) {
    oldest.changed(created(object));
  }
  const other = serverAt('b', 'late', 900);
  oldest.changed(created(other));
  expect([...all, other].filter((object) => oldest.isUsed(object))).toEqual([...all.slice(0, 20), other]);

  turned.length = 0;
  const [first, second] = all;
  for (const object of [first, second, all[24]]) {
    oldest.changed(deleted(object as ServerObject));
  }
  expect(turned).toEqual(['AuthorizationServer/a/s-20', 'AuthorizationServer/a/s-21']);
  expect(all.slice(2, 24).filter((object) => oldest.isUsed(object))).toEqual(all.slice(2, 22));
});

test('a server object of the cluster is used whatever there is', () => {
  const oldest = new OldestServers(() => undefined);
  for (let index = 0; index < 30; index += 1) {
    oldest.changed(created(serverAt('', `s-${index}`, index)));
  }
  expect(oldest.isUsed({ ...serverAt('', 'sso', 99), kind: 'ClusterAuthorizationServer' })).toBe(true);
});

test('after any changes the oldest are used, and each server whose use changed was reported', () => {
  const step = fc.record({ name: fc.nat(40), at: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const there = new Map<number, ServerObject>();
      const used = new Set<string>();
      const oldest = new OldestServers((key) => used.add(key));
      for (const { name, at } of steps) {
        const before = there.get(name);
        const after =
          before === undefined ? serverAt('a', `s-${String(name).padStart(2, '0')}`, at) : undefined;
        const wasUsed = new Set([...there.values()].filter((object) => oldest.isUsed(object)));
        used.clear();
        oldest.changed({ before, after });
        if (after === undefined) {
          there.delete(name);
        } else {
          there.set(name, after);
        }
        const ordered = [...there.values()].sort(
          (a, b) => a.createdAt - b.createdAt || (a.metadata.name < b.metadata.name ? -1 : 1),
        );
        const isUsed = ordered.filter((object) => oldest.isUsed(object));
        expect(isUsed).toEqual(ordered.slice(0, 20));
        const turned = ordered.filter(
          (object) => object !== after && wasUsed.has(object) !== isUsed.includes(object),
        );
        expect([...used].sort()).toEqual(
          turned.map(({ metadata }) => `AuthorizationServer/a/${metadata.name}`).sort(),
        );
      }
      for (const object of there.values()) {
        oldest.changed(deleted(object));
      }
      expect(oldest.size).toBe(0);
    }),
  );
});
