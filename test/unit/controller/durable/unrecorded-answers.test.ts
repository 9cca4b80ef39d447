import { expect, test } from 'vitest';
import { UnrecordedAnswers } from '../../../../src/controller/durable/unrecorded-answers.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';

const SHOP_A = storedClientKey('shop/a');
const SHOP_B = storedClientKey('shop/b');

/** Whether the promise is resolved by now. */
async function isResolved(promise: Promise<void>): Promise<boolean> {
  let resolved = false;
  void promise.then(() => {
    resolved = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return resolved;
}

test('there is room for another answer while fewer wait than may', async () => {
  const answers = new UnrecordedAnswers(2);
  answers.add(SHOP_A, '1');
  expect(await isResolved(answers.room())).toBe(true);
});

test.each([
  ['written', (answers: UnrecordedAnswers) => answers.remove(SHOP_A, '1')],
  [
    'refused, since others then try before they are sent',
    (answers: UnrecordedAnswers) => answers.refused(SHOP_A, '1', 'exceeded quota'),
  ],
])('where as many wait as may, there is room when one of them is %s', async (_, end) => {
  const answers = new UnrecordedAnswers(2);
  answers.add(SHOP_A, '1');
  answers.add(SHOP_B, '2');
  const room = answers.room();
  expect(await isResolved(room)).toBe(false);
  end(answers);
  expect(await isResolved(room)).toBe(true);
});

test('an answer counts once, however often it is added, refused or removed', async () => {
  const answers = new UnrecordedAnswers(1);
  answers.add(SHOP_A, '1');
  answers.add(SHOP_A, '1');
  answers.refused(SHOP_A, '1', 'exceeded quota');
  answers.remove(SHOP_A, '1');
  answers.remove(SHOP_A, '1');
  answers.add(SHOP_B, '2');
  expect(await isResolved(answers.room())).toBe(false);
});
