import { expect, test } from 'vitest';
import { createClusterClock } from '../../../../src/adapters/process/cluster-clock.ts';
import { createRecordingLog } from '../../../kit/fakes/fake-clock.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-05-01T12:00:00Z');

/** A machine whose wall clock may be set; the API server's time goes on as it should. */
function setUp({ aheadMs = 0 } = {}) {
  const machine = { monotonic: 5_000, aheadMs };
  const apiServer = () => START + machine.monotonic - 5_000;
  const log = createRecordingLog();
  const clock = createClusterClock(
    {
      now: () => apiServer() + machine.aheadMs,
      monotonic: () => machine.monotonic,
      sleep: () => Promise.resolve(),
    },
    log,
  );
  return {
    machine,
    clock,
    log,
    apiServer,
    /** The API server answers a call that takes so long; its answer was made in the middle. */
    answers: (takesMs = 0) => {
      const askedAt = machine.monotonic;
      machine.monotonic += takesMs / 2;
      const date = new Date(apiServer()).toUTCString();
      machine.monotonic += takesMs / 2;
      clock.heard(date, askedAt);
    },
  };
}

test('before the first answer, the time is that of the machine', () => {
  const { clock, apiServer } = setUp({ aheadMs: DAY });
  expect(clock.now()).toBe(apiServer() + DAY);
});

test.each([2 * DAY, -2 * DAY, 10_000])(
  'a machine whose clock differs by %i ms has the time of the API server as soon as that answers',
  (aheadMs) => {
    const { clock, answers, apiServer } = setUp({ aheadMs });
    answers();
    expect(Math.abs(clock.now() - apiServer())).toBeLessThanOrEqual(1_000);
  },
);

test.each([2 * DAY, -2 * DAY])('a wall clock that jumps by %i ms changes nothing', (aheadMs) => {
  const { clock, machine, answers, apiServer } = setUp();
  answers();
  machine.monotonic += 60_000;
  machine.aheadMs = aheadMs;
  expect(clock.now()).toBe(apiServer());
  answers();
  expect(clock.now()).toBe(apiServer());
  machine.aheadMs = 0;
  expect(clock.now()).toBe(apiServer());
});

test('the time is that of the machine, to the millisecond, as long as the API server agrees', () => {
  const { clock, machine, answers, apiServer } = setUp({ aheadMs: 1_234 });
  for (let answer = 0; answer < 5; answer += 1) {
    machine.monotonic += 777;
    answers(100);
  }
  expect(clock.now()).toBe(apiServer() + 1_234);
});

test('an answer that takes a minute corrects nothing', () => {
  const { clock, answers, apiServer } = setUp();
  answers(60_000);
  expect(clock.now()).toBe(apiServer());
});

test('after a sleep of the machine, which its monotonic clock does not count, the next answer brings the time', () => {
  const { clock, machine, log } = setUp();
  const date = START + 8 * 3_600_000;
  clock.heard(new Date(date).toUTCString(), machine.monotonic);
  expect(clock.now()).toBe(date);
  expect(log.lines).toHaveLength(1);
});

test.each([undefined, '', 'yesterday'])(
  'an answer without a time that can be read, %s, corrects nothing',
  (date) => {
    const { clock, machine, apiServer } = setUp();
    clock.heard(date, machine.monotonic);
    expect(clock.now()).toBe(apiServer());
  },
);

test.each([
  [2 * DAY, 0],
  [-2 * DAY, -2 * DAY],
])('an end is over only by the earlier of both clocks: machine %i ms ahead', (aheadMs, expected) => {
  const { clock, answers, apiServer } = setUp({ aheadMs });
  answers();
  expect(Math.abs(clock.earliest() - apiServer() - expected)).toBeLessThanOrEqual(1_000);
});

test('a difference of more than a minute is logged when it begins and when it ends', () => {
  const { machine, answers, log } = setUp({ aheadMs: 2 * DAY });
  answers();
  answers();
  expect(log.lines).toEqual([
    `warn the clock of this machine differs from the API server's, which counts ${JSON.stringify({
      machine: '2026-05-03T12:00:00Z',
      apiServer: '2026-05-01T12:00:01Z',
    })}`,
  ]);
  machine.aheadMs = 0;
  answers();
  answers();
  expect(log.lines).toHaveLength(2);
});
