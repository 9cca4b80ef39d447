import { expect, test } from 'vitest';
import { ListVisits } from '../../../../src/controller/durable/list-visits.ts';
import { createFakeClock, createRecordingLog } from '../../../kit/fakes/fake-clock.ts';

function visitsWhile(isNeeded: () => boolean, fails = false) {
  const [clock, log] = [createFakeClock(), createRecordingLog()];
  let count = 0;
  const visits = new ListVisits({
    ...{ clock, log, isNeeded },
    visit: async () => {
      count += 1;
      if (fails) {
        throw new Error('a defect');
      }
    },
  });
  return { visits, clock, log, count: () => count };
}

test('lists are looked at while they have entries, and by one loop', async () => {
  let entries = 1;
  const { visits, clock, count } = visitsWhile(() => entries > 0);
  visits.begin();
  visits.begin();
  await clock.advance(45_000);
  expect(count()).toBe(3);
  entries = 0;
  await clock.advance(60_000);
  expect(count()).toBe(4);
  entries = 1;
  visits.begin();
  await clock.advance(15_000);
  expect(count()).toBe(5);
});

test('empty lists cost nothing, not even a timer', async () => {
  const { visits, clock } = visitsWhile(() => false);
  visits.begin();
  expect(clock.sleeps).toEqual([]);
});

test('an error of the operator is logged, and the lists are looked at again', async () => {
  const { visits, clock, log, count } = visitsWhile(() => true, true);
  visits.begin();
  await clock.advance(30_000);
  expect(count()).toBe(2);
  expect(log.lines.join()).toContain('lists that people edit: an error of the operator');
});

test('nothing is looked at after the end', async () => {
  const { visits, clock, count } = visitsWhile(() => true);
  visits.begin();
  visits.stop();
  await clock.advance(60_000);
  expect(count()).toBe(0);
});
