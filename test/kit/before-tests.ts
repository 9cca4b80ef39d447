import { afterAll, beforeAll } from 'vitest';

/**
 * Starts something before the tests of a file, or of a `describe`, and stops it after them. Returns a stand-in that has its
 * members from the start on; before that, reading one throws.
 *
 * @param stop is also called where the start failed, then with `undefined`
 */
export function beforeTests<T extends object>(
  start: () => Promise<T>,
  stop: (started: T | undefined) => unknown,
): T {
  let started: T | undefined;
  beforeAll(async () => {
    started = await start();
  });
  afterAll(async () => {
    await stop(started);
  });
  return new Proxy({} as T, {
    get(_, member) {
      if (started === undefined) {
        throw new Error(`"${String(member)}" is read before the start`);
      }
      return Reflect.get(started, member);
    },
  });
}
