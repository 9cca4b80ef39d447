import { expect, test } from 'vitest';
import { csv } from '../../../src/core/csv.ts';

test('lines end with CRLF, and a field with a comma, a quote or a line break is quoted (RFC 4180)', () => {
  expect(
    csv([
      ['a', 'b,c', 'd"e'],
      ['f\ng', '', 'h i'],
    ]),
  ).toBe('a,"b,c","d""e"\r\n"f\ng",,h i\r\n');
});

test.each([
  '=1+1',
  '+1',
  '-1',
  '@SUM(A1)',
  '\t=1',
  '\r=1',
  ' =1',
  '"=1',
  "'=1",
  '\uff1d1',
  '=HYPERLINK("http://x")',
])('a spreadsheet does not take %j for a formula', (text) => {
  const [, first = ''] = /^"?(.)/.exec(csv([[text]])) ?? [];
  expect(first).toBe("'");
});

test.each(['a=1', '1-1', 'c1', 'https://sso.example.com', ''])('%j stays as it is', (text) => {
  expect(csv([[text]])).toBe(`${text}\r\n`);
});
