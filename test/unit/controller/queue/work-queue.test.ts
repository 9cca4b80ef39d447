import { describe, expect, test } from 'vitest';
import type { LaneBounds, SharedBound, WorkItem } from '../../../../src/controller/queue/lane.ts';
import { WorkQueue } from '../../../../src/controller/queue/work-queue.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

const item = (key: string, overrides: Partial<WorkItem> = {}): WorkItem => ({
  key,
  lane: 'sso',
  namespace: key.split('/')[0] ?? '',
  urgent: false,
  ...overrides,
});

const urgent = { urgent: true };

/** A queue whose work ends when the test says so. */
function createQueue({
  limit = 1,
  started = true,
  bounds = {} as Partial<LaneBounds>,
  shared = undefined as SharedBound | undefined,
} = {}) {
  const clock = createFakeClock();
  const runs: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = new WorkQueue({
    clock,
    boundsOf: (lane) => ({ most: lane === 'wide' ? 3 : limit, ...bounds }),
    ...(shared === undefined ? {} : { shared }),
    run({ key }) {
      runs.push(ends.has(key) ? `${key} twice at once` : key);
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(key, resolve);
      return promise;
    },
  });
  if (started) {
    queue.start();
  }
  return {
    queue,
    clock,
    /** Keys in the order they were begun. */
    runs,
    running: () => [...ends.keys()],
    async end(key: string) {
      ends.get(key)?.();
      ends.delete(key);
      await clock.advance(0);
    },
    /** Ends whatever runs until nothing is left. */
    async drain() {
      for (let next = [...ends.keys()][0]; next !== undefined; next = [...ends.keys()][0]) {
        ends.get(next)?.();
        ends.delete(next);
        await clock.advance(0);
      }
      return runs;
    },
  };
}

describe('a key', () => {
  test('is worked on once when it is added often before its turn', async () => {
    const { queue, drain } = createQueue({ started: false });
    queue.add(item('a/1'));
    queue.add(item('a/1'));
    expect(queue.depth).toBe(1);
    queue.start();
    expect(await drain()).toEqual(['a/1']);
  });

  test('never runs twice at once, and once more when it was added meanwhile', async () => {
    const { queue, runs, end } = createQueue({ limit: 4 });
    queue.add(item('a/1'));
    queue.add(item('a/1'));
    queue.add(item('a/1'));
    expect(runs).toEqual(['a/1']);
    await end('a/1');
    expect(runs).toEqual(['a/1', 'a/1']);
    await end('a/1');
    expect(runs).toEqual(['a/1', 'a/1']);
  });

  test('never runs twice at once when it moves to another lane', async () => {
    const { queue, runs, end } = createQueue({ limit: 4 });
    queue.add(item('a/1'));
    queue.add(item('a/1', { lane: 'wide' }));
    expect(runs).toEqual(['a/1']);
    await end('a/1');
    expect(runs).toEqual(['a/1', 'a/1']);
  });

  test('waits for the start', async () => {
    const { queue, runs, clock } = createQueue({ started: false });
    queue.add(item('a/1'));
    await clock.advance(0);
    expect(runs).toEqual([]);
    queue.start();
    expect(runs).toEqual(['a/1']);
  });
});

describe('the order', () => {
  test('is first in, first out within a namespace', async () => {
    const { queue, drain } = createQueue({ started: false });
    for (const key of ['a/1', 'a/2', 'a/3']) {
      queue.add(item(key));
    }
    queue.start();
    expect(await drain()).toEqual(['a/1', 'a/2', 'a/3']);
  });

  test('gives namespaces their turns', async () => {
    const { queue, drain } = createQueue({ started: false });
    for (const key of ['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'b/2']) {
      queue.add(item(key));
    }
    queue.start();
    expect(await drain()).toEqual(['a/1', 'b/1', 'c/1', 'a/2', 'b/2', 'a/3']);
  });

  test('lets what is urgent go first, and gives namespaces their turns there too', async () => {
    const { queue, drain } = createQueue({ started: false });
    queue.add(item('a/1'));
    for (const key of ['a/2', 'a/3', 'b/2']) {
      queue.add(item(key, urgent));
    }
    queue.start();
    expect(await drain()).toEqual(['a/2', 'b/2', 'a/3', 'a/1']);
  });

  test('moves a key forward when it becomes urgent', async () => {
    const { queue, drain } = createQueue({ started: false });
    queue.add(item('a/1'));
    queue.add(item('a/2'));
    queue.add(item('a/2', urgent));
    queue.start();
    expect(await drain()).toEqual(['a/2', 'a/1']);
  });

  test('does not move a key back that is urgent', async () => {
    const { queue, drain } = createQueue({ started: false });
    queue.add(item('a/2', urgent));
    queue.add(item('a/2'));
    queue.add(item('a/1', urgent));
    queue.start();
    expect(await drain()).toEqual(['a/2', 'a/1']);
  });

  test('gives every namespace its turn, whatever is urgent in another (M4)', async () => {
    const { queue, drain } = createQueue({ started: false });
    for (const key of ['a/1', 'a/2', 'a/3', 'a/4']) {
      queue.add(item(key, urgent));
    }
    queue.add(item('b/new'));
    queue.start();
    expect(await drain()).toEqual(['a/1', 'b/new', 'a/2', 'a/3', 'a/4']);
  });

  test('lets one of the backlog go after four that are urgent (M4)', async () => {
    const { queue, drain } = createQueue({ started: false });
    queue.add(item('a/new-1'));
    queue.add(item('a/new-2'));
    const edits = Array.from({ length: 10 }, (_, index) => `a/${index}`);
    for (const key of edits) {
      queue.add(item(key, urgent));
    }
    queue.start();
    const expected = [...edits.slice(0, 4), 'a/new-1', ...edits.slice(4, 8), 'a/new-2', ...edits.slice(8)];
    expect(await drain()).toEqual(expected);
  });

  test('keeps a key urgent that is added again while it runs', async () => {
    const { queue, drain } = createQueue();
    queue.add(item('a/1'));
    queue.add(item('a/2'));
    queue.add(item('a/1', urgent));
    queue.add(item('a/1'));
    expect(await drain()).toEqual(['a/1', 'a/1', 'a/2']);
  });
});

describe('a lane', () => {
  test('never has more under way than its limit', async () => {
    const { queue, running, end, drain } = createQueue({ limit: 2 });
    for (const key of ['a/1', 'a/2', 'a/3', 'a/4']) {
      queue.add(item(key));
    }
    expect(running()).toEqual(['a/1', 'a/2']);
    expect(queue.depth).toBe(2);
    await end('a/2');
    expect(running()).toEqual(['a/1', 'a/3']);
    expect(await drain()).toHaveLength(4);
    expect(queue.depth).toBe(0);
  });

  test('belongs to one namespace while no other waits, and half belongs to it while one does (M4)', async () => {
    const { queue, running, end } = createQueue({ limit: 4 });
    for (const key of ['a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a/6', 'a/7']) {
      queue.add(item(key, urgent));
    }
    expect(running()).toEqual(['a/1', 'a/2', 'a/3', 'a/4']);
    for (const key of ['b/1', 'b/2', 'b/3']) {
      queue.add(item(key));
    }
    await end('a/1');
    await end('a/2');
    expect(running()).toEqual(['a/3', 'a/4', 'b/1', 'b/2']);
    await end('b/1');
    expect(running()).toEqual(['a/3', 'a/4', 'b/2', 'b/3']);
    await end('b/2');
    await end('b/3');
    expect(running()).toEqual(['a/3', 'a/4', 'a/5', 'a/6']);
  });

  test('may bound what runs of one namespace, however idle it is (H7)', async () => {
    const { queue, running, end } = createQueue({ limit: 4, bounds: { perNamespace: 2 } });
    for (const key of ['a/1', 'a/2', 'a/3', 'b/1']) {
      queue.add(item(key));
    }
    expect(running()).toEqual(['a/1', 'a/2', 'b/1']);
    await end('b/1');
    expect(running()).toEqual(['a/1', 'a/2']);
    await end('a/2');
    expect(running()).toEqual(['a/1', 'a/3']);
  });

  test('that is full does not hold up another', async () => {
    const { queue, running } = createQueue();
    queue.add(item('a/1'));
    queue.add(item('a/2'));
    queue.add(item('a/3', { lane: 'wide' }));
    queue.add(item('a/4', { lane: 'wide' }));
    expect(running()).toEqual(['a/1', 'a/3', 'a/4']);
  });

  test('keeps its limit when it was empty in between', async () => {
    const { queue, running, drain } = createQueue();
    queue.add(item('a/1'));
    await drain();
    queue.add(item('a/2'));
    queue.add(item('a/3'));
    expect(running()).toEqual(['a/2']);
  });
});

describe('a delay', () => {
  test('ends on time', async () => {
    const { queue, runs, clock } = createQueue();
    queue.addAfter(item('a/1'), 1_000);
    await clock.advance(999);
    expect(runs).toEqual([]);
    await clock.advance(1);
    expect(runs).toEqual(['a/1']);
  });

  test.each([
    ['first', [1_000, 5_000]],
    ['last', [5_000, 1_000]],
  ])('that is shorter wins when it comes %s', async (_, delays) => {
    const { queue, clock, drain } = createQueue();
    for (const delay of delays) {
      queue.addAfter(item('a/1'), delay);
    }
    await clock.advance(1_000);
    expect(await drain()).toEqual(['a/1']);
    await clock.advance(10_000);
    expect(await drain()).toEqual(['a/1']);
  });

  test('is over when the key is added at once', async () => {
    const { queue, clock, drain } = createQueue();
    queue.addAfter(item('a/1'), 1_000);
    queue.add(item('a/1'));
    expect(await drain()).toEqual(['a/1']);
    await clock.advance(10_000);
    expect(await drain()).toEqual(['a/1']);
  });

  test('that ends while the key runs lets it run once more', async () => {
    const { queue, clock, runs, end } = createQueue();
    queue.add(item('a/1'));
    queue.addAfter(item('a/1'), 1_000);
    await clock.advance(1_000);
    expect(runs).toEqual(['a/1']);
    await end('a/1');
    expect(runs).toEqual(['a/1', 'a/1']);
  });

  test("of one key is not another's", async () => {
    const { queue, clock, drain } = createQueue();
    queue.addAfter(item('a/1'), 2_000);
    queue.addAfter(item('a/2'), 1_000);
    await clock.advance(2_000);
    expect(await drain()).toEqual(['a/2', 'a/1']);
  });
});

describe('stop', () => {
  test('waits for what runs, and begins nothing else', async () => {
    const { queue, clock, runs, end } = createQueue();
    queue.add(item('a/1'));
    queue.add(item('a/2'));
    queue.addAfter(item('a/3'), 1_000);
    let stopped = false;
    const done = queue.stop().then(() => {
      stopped = true;
    });
    queue.add(item('a/4'));
    queue.addAfter(item('a/5'), 10);
    await clock.advance(5_000);
    expect(stopped).toBe(false);
    await end('a/1');
    await done;
    expect(stopped).toBe(true);
    expect(runs).toEqual(['a/1']);
  });

  test('ends at once where nothing runs', async () => {
    const { queue, runs, clock } = createQueue();
    queue.addAfter(item('a/1'), 1_000);
    await queue.stop();
    await clock.advance(5_000);
    expect(runs).toEqual([]);
  });

  test('waits for all that runs, in every lane', async () => {
    const { queue, end } = createQueue();
    queue.add(item('a/1'));
    queue.add(item('b/1', { lane: 'other' }));
    let stopped = false;
    const done = queue.stop().then(() => {
      stopped = true;
    });
    await end('a/1');
    expect(stopped).toBe(false);
    await end('b/1');
    await done;
  });
});

describe('Lanes that share a bound', () => {
  const lanes = ['p', 'q', 'r', 's'];
  const add = (queue: WorkQueue<WorkItem>, lane: string, count: number) => {
    for (let index = 0; index < count; index += 1) {
      queue.add(item(`${lane}/${index}`, { lane }));
    }
  };
  const shared = { most: 4, few: 1 };

  test('run no more than it together, except for a few of each', async () => {
    const { queue, running, drain } = createQueue({ limit: 3, bounds: { together: 'all' }, shared });
    for (const lane of lanes) {
      add(queue, lane, 10);
    }
    expect(running()).toEqual(['p/0', 'p/1', 'p/2', 'q/0', 'r/0', 's/0']);
    expect(await drain()).toHaveLength(40);
    expect(queue.kept).toBe(0);
  });

  test('take turns where it is reached', async () => {
    const { queue, running, end } = createQueue({ limit: 3, bounds: { together: 'all' }, shared });
    for (const lane of lanes) {
      add(queue, lane, 10);
    }
    for (const key of ['p/0', 'p/1', 'p/2']) {
      await end(key);
    }
    // The place that is free goes to the lane that waits longest; one of p may run in any case.
    expect(running()).toEqual(['q/0', 'r/0', 's/0', 'q/1', 'p/3']);
    await end('p/3');
    await end('s/0');
    expect(running()).toEqual(['q/0', 'r/0', 'q/1', 'p/4', 's/1']);
    await end('q/0');
    expect(running()).toEqual(['r/0', 'q/1', 'p/4', 's/1']);
    await end('p/4');
    expect(running()).toEqual(['r/0', 'q/1', 's/1', 'r/1', 'p/5']);
  });

  test('leave lanes without it, or with another one, alone', () => {
    const bounds = (lane: string): LaneBounds =>
      lane === 'apart' ? { most: 5 } : { most: 5, together: lane.startsWith('x') ? 'x' : 'y' };
    const begun: string[] = [];
    const queue = new WorkQueue({
      clock: createFakeClock(),
      boundsOf: bounds,
      shared: { most: 2, few: 0 },
      run: async ({ lane }: WorkItem) => {
        begun.push(lane);
        await new Promise(() => undefined);
      },
    });
    queue.start();
    for (const lane of ['x1', 'x2', 'y1', 'apart']) {
      add(queue, lane, 5);
    }
    const count = (name: string) => begun.filter((lane) => lane === name).length;
    expect(['x1', 'x2', 'y1', 'apart'].map(count)).toEqual([2, 0, 2, 5]);
  });
});
