import { describe, expect, test } from 'vitest';
import { recordProblem, workloadSecretProblems } from '../../../src/core/needed-secrets.ts';
import { connection, document, object, settled } from '../../kit/fixtures/observations.ts';

describe('The Secret that a spec asks for', () => {
  const problems = (secret: object) =>
    workloadSecretProblems({ secret: { keys: {}, include: [], ...secret } as never });

  test.each<readonly [string, object, readonly string[]]>([
    ['as the operator names it', {}, []],
    [
      'with everything that a Secret may have',
      {
        ...{
          name: 'storefront-oauth',
          labels: { 'example.com/team': 'a' },
          annotations: { 'Example.com/Note': 'b c' },
        },
        ...{ keys: { client_id: 'CLIENT_ID', issuer: '' }, include: ['client_name'] },
      },
      [],
    ],
    [
      'with the name of no Secret',
      { name: 'Storefront' },
      ['spec.secret.name "Storefront" can\'t be the name of a Secret'],
    ],
    [
      'with a label that is none',
      { labels: { 'a b': 'c' } },
      ['spec.secret.labels has "a b", which can\'t be the key of a label'],
    ],
    [
      'with a value that no label can have',
      { labels: { a: 'b c' } },
      ['spec.secret.labels gives a a value that no label can have'],
    ],
    [
      'with an annotation that is none',
      { annotations: { 'a b': '' } },
      ['spec.secret.annotations has "a b", which can\'t be the key of an annotation'],
    ],
    [
      'with a key that no Secret can have',
      { keys: { client_id: 'a/b' } },
      ['spec.secret.keys has "a/b", which can\'t be the key of a Secret'],
    ],
    [
      'with a member whose name is no key',
      { include: ['client_name#de/at'] },
      [
        'spec.secret.include has "client_name#de/at", which can\'t be the key of a Secret: give it another by spec.secret.keys',
      ],
    ],
    [
      'with such a member that has another key',
      { include: ['client_name#de'], keys: { 'client_name#de': 'name' } },
      [],
    ],
  ])('%s', (_, secret, expected) => {
    expect(problems(secret)).toEqual(expected);
  });

  test('names each problem, without characters that change the direction of writing', () => {
    expect(problems({ name: 'A\u202e', labels: { 'a b': 'c d' } })).toEqual([
      'spec.secret.name "A" can\'t be the name of a Secret',
      'spec.secret.labels has "a b", which can\'t be the key of a label',
      'spec.secret.labels gives a b a value that no label can have',
    ]);
  });
});

describe('The registration Secret of a client', () => {
  const problemOf = (sent: object, ca?: string) =>
    recordProblem(settled, object(), sent as typeof document, {
      ...connection,
      ...(ca === undefined ? {} : { transport: { version: 'v1', ca } as never }),
    })?.message;

  test('can be stored with the largest answer', () => {
    expect(problemOf(document)).toBeUndefined();
  });

  test.each([
    [
      'the spec',
      { client_name: 'x'.repeat(1_000_000) },
      undefined,
      /spec\.client takes 10000\d\d bytes; make it smaller\.$/,
    ],
    [
      "the CA bundle, which is not the tenant's",
      document,
      'x'.repeat(1_000_000),
      /the CA bundle that connection\.caRef of the server object names takes 1000000 bytes; the platform team makes that smaller\.$/,
    ],
  ])('could not be stored, because of %s', (_, sent, ca, words) => {
    const message = problemOf(sent, ca);
    expect(message).toMatch(
      /^The registration Secret of this client could not be stored: its values take \d+ bytes, /,
    );
    expect(message).toMatch(words);
  });
});
