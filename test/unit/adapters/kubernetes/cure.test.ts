import { expect, test } from 'vitest';
import { cureOf } from '../../../../src/adapters/kubernetes/cure.ts';

test('says what a person does where no retry helps', () => {
  expect(cureOf(403)).toBe(
    "Give the operator's account the verbs of ClusterRole oauth-registrar again: kubectl apply -k deploy, or helm upgrade.",
  );
  expect(cureOf(0)).toBe(
    'If this lasts, let the network and its policies permit the operator to call the API server: networkPolicy.apiServer.cidrs of the chart.',
  );
});

test.each([401, 404, 409, 429, 500, 503])(
  'says nothing of %i, which the words of the API server explain',
  (status) => {
    expect(cureOf(status)).toBeUndefined();
  },
);
