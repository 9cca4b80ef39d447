import { describe, expect, test } from 'vitest';
import { filterOf, linkQuery, orderOf, readParameters } from '../../../src/inventory/page-query.ts';

const parametersOf = (query: string) => {
  const read = readParameters(query);
  if ('problem' in read) {
    throw new Error(read.problem);
  }
  return read;
};

const NO_NAMESPACE =
  'The parameter namespace has to be the name of a namespace: a DNS label of at most 63 characters.';

describe('the query of the page', () => {
  test('has defaults, and an empty parameter or an unknown one changes nothing', () => {
    const defaults = { sort: 'namespace', page: 1, size: 100 };
    expect(parametersOf('')).toEqual(defaults);
    expect(parametersOf('text=&namespace=&utm=1&__proto__=x')).toEqual(defaults);
  });

  test('becomes filter and order', () => {
    const read = parametersOf(
      'namespace=shop&server=corporate&ready=False&reason=R&owner=o&suspended=true&ends=7&text=t&sort=-ends&page=3&size=25',
    );
    expect(filterOf(read)).toEqual({
      namespace: 'shop',
      server: 'corporate',
      ready: 'False',
      reason: 'R',
      owner: 'o',
      suspended: true,
      endsWithinMs: 7 * 24 * 3_600_000,
      text: 't',
    });
    expect(orderOf(read)).toEqual({ by: 'ends', descending: true });
    expect(read).toMatchObject({ page: 3, size: 25 });
  });

  test.each([
    ['ready=Maybe', 'The parameter ready has to be one of True, False, Unknown.'],
    ['page=0', 'The parameter page has to be a number from 1 to 1000000.'],
    ['page=1e9', 'The parameter page has to be a number from 1 to 1000000.'],
    ['ends=9999', 'The parameter ends has to be a number from 1 to 3650.'],
    ['size=7', 'The parameter size has to be one of 25, 50, 100, 200, 500.'],
    [`text=${'x'.repeat(201)}`, 'The parameter text may have 200 characters.'],
    [`namespace=${'x'.repeat(64)}`, NO_NAMESPACE],
    ['namespace=Shop', NO_NAMESPACE],
    ['namespace=shop-', NO_NAMESPACE],
    ['namespace=shop.eu', NO_NAMESPACE],
    ['namespace=shop%0A', NO_NAMESPACE],
    ['namespace=shop&namespace=*', NO_NAMESPACE],
    [`a=${'x'.repeat(5_000)}`, 'The query of the URL may have 4096 characters.'],
    ['text=a%00b', 'The parameter text has a control character.'],
    ['server=%E2%80%AE', 'The parameter server has a control character.'],
    ['suspended=yes', 'The parameter suspended has to be one of true, false.'],
  ])('is refused with a sentence: %s', (query, problem) => {
    expect(readParameters(query)).toEqual({ problem });
  });

  test('names the sort keys in the refusal of another one', () => {
    expect(readParameters('sort=secret')).toEqual({
      problem: expect.stringMatching(/^The parameter sort has to be one of namespace, -namespace, name, /),
    });
  });
});

describe('the query of a link', () => {
  test('keeps the filter, leaves out the page and what has its default', () => {
    const current = parametersOf('text=a b&sort=-ends&page=4&size=100');
    expect(linkQuery(current)).toBe('?text=a+b&sort=-ends');
    expect(linkQuery(current, { page: '5' })).toBe('?text=a+b&sort=-ends&page=5');
    expect(linkQuery(current, { text: undefined, sort: undefined })).toBe('?');
  });

  test('reads back as what it was made of', () => {
    const current = parametersOf('namespace=shop&ends=30&text=%22%3E%3Cscript%3E&sort=-name&size=50');
    expect(parametersOf(linkQuery(current).slice(1))).toEqual(current);
  });
});
