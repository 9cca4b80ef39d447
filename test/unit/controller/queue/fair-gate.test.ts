import { expect, test } from 'vitest';
import { FairGate } from '../../../../src/controller/queue/fair-gate.ts';

/** Work that ends when the test says so. */
function createWork(gate: FairGate) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    begin: (name: string) =>
      gate.run(name.split('/')[0] ?? '', () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      }),
    async end(name: string) {
      ends.get(name)?.();
      await new Promise(setImmediate);
    },
  };
}

test('no more than the bounds are under way, and namespaces take turns', async () => {
  const { begun, begin, end } = createWork(new FairGate({ most: 2, perNamespace: 1 }));
  const results = ['a/1', 'a/2', 'a/3', 'b/1', 'c/1'].map(begin);
  await end('');
  expect(begun).toEqual(['a/1', 'b/1']);
  await end('a/1');
  expect(begun).toEqual(['a/1', 'b/1', 'c/1']);
  await end('b/1');
  expect(begun).toEqual(['a/1', 'b/1', 'c/1', 'a/2']);
  for (const name of ['c/1', 'a/2', 'a/3']) {
    await end(name);
  }
  expect(await Promise.all(results)).toEqual(['a/1', 'a/2', 'a/3', 'b/1', 'c/1']);
});

test('work that fails gives its place back', async () => {
  const gate = new FairGate({ most: 1 });
  await expect(gate.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await gate.run('a', async () => 'done')).toBe('done');
});
