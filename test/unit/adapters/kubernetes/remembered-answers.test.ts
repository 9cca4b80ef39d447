import { expect, test } from 'vitest';
import { RememberedAnswers } from '../../../../src/adapters/kubernetes/remembered-answers.ts';
import { sha256 } from '../../../../src/oauth/sha256.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

test('keeps the hash of a question, however long the question is', async () => {
  const answers = new RememberedAnswers<boolean>(createFakeClock(), () => 1_000);
  const question = 'x'.repeat(30_000);
  await answers.of(question, async () => true);
  expect(answers.keys).toEqual([sha256(question)]);
  expect(await answers.of(question, () => Promise.reject(new Error('asked again')))).toBe(true);
});

test('forgets what is outdated with the next answer', async () => {
  const clock = createFakeClock();
  const answers = new RememberedAnswers<boolean>(clock, (answer) => (answer ? 60_000 : 10_000));
  await answers.of('a', async () => false);
  await answers.of('b', async () => false);
  await clock.advance(10_000);
  await answers.of('c', async () => true);
  expect(answers.keys).toEqual([sha256('c')]);
});

test('keeps nothing of an answer that is not to be kept', async () => {
  const answers = new RememberedAnswers<boolean>(createFakeClock(), () => 0);
  await answers.of('a', async () => true);
  expect(answers.keys).toEqual([]);
});

test('never asks a question twice at the same time, also where it is asked again just as its answer comes', async () => {
  const answers = new RememberedAnswers<boolean>(createFakeClock(), () => 0);
  const asked: PromiseWithResolvers<boolean>[] = [];
  let [unanswered, mostUnanswered] = [0, 0];
  const ask = () => {
    const one = Promise.withResolvers<boolean>();
    asked.push(one);
    unanswered += 1;
    mostUnanswered = Math.max(mostUnanswered, unanswered);
    return one.promise;
  };
  const answerAll = () => {
    for (const one of asked) {
      one.resolve(true);
    }
    unanswered = 0;
  };

  const first = answers.of('a', ask);
  const again = asked[0]?.promise.then(() => answers.of('a', ask));
  const shared = answers.of('a', ask);
  answerAll();
  expect(await Promise.all([first, shared])).toEqual([true, true]);
  const last = answers.of('a', ask);
  answerAll();
  expect(await Promise.all([again, last])).toEqual([true, true]);
  expect(mostUnanswered).toBe(1);
});
