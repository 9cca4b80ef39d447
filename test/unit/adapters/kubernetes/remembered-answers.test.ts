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
