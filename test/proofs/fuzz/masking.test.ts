import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { presentable } from '../../../src/oauth/error-response.ts';
import { masked } from '../../../src/oauth/masking.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { ENCODINGS } from '../../kit/fixtures/encodings.ts';
import { check } from './check.ts';

const RUN = 8;
const printable = fc.string({ unit: fc.constantFrom(...letters(0x20, 0x7e)), minLength: RUN, maxLength: 60 });
const tokenLike = fc.stringMatching(/^[A-Za-z0-9._~+/=-]{8,60}$/);
/** Letters and signs that the encodings treat differently, and some that are not ASCII. */
const awkward = fc.string({
  unit: fc.constantFrom(
    '%',
    '&',
    '\\',
    '/',
    '"',
    '+',
    '-',
    '_',
    ' ',
    ';',
    '#',
    'a',
    'B',
    '7',
    'ä',
    '€',
    '😀',
  ),
  minLength: RUN,
  maxLength: 40,
});
const credential = fc.oneof(tokenLike, printable, awkward);

function letters(first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, at) => String.fromCharCode(first + at));
}

/** Text as people may read it: without invisible characters, in any case. */
const seen = (text: string): string => text.replace(/[\p{C}\p{Z}\p{M}]/gu, '').toLowerCase();

/** All runs of eight characters, in each encoding of single characters, and in base64. */
function betraying(credential: string): readonly string[] {
  const characters = [...credential].filter((character) => seen(character) !== '');
  const runs = characters.flatMap((_, at) =>
    at + RUN <= characters.length ? [characters.slice(at, at + RUN).join('')] : [],
  );
  const encoded = Object.entries(ENCODINGS)
    .filter(([name]) => !name.includes('base64'))
    .flatMap(([, encode]) => runs.map((run) => seen(encode(run))));
  return [...encoded, ...runs.flatMap((run) => [0, 1, 2].map((offset) => seen(inBase64(run, offset))))];
}

/** The part of its base64 that doesn't depend on its neighbours. */
function inBase64(run: string, offset: number): string {
  const octets = Buffer.concat([Buffer.alloc(offset), Buffer.from(run)]);
  return octets.toString('base64').slice([0, 2, 3][offset], Math.floor((octets.length * 8) / 6));
}

describe('M6: shown texts', () => {
  test('contain no run of eight characters of a credential, in any encoding', () => {
    check(
      fc.property(
        credential,
        fc.constantFrom(...Object.values(ENCODINGS)),
        fc.nat(),
        fc.nat(),
        fc.string({ maxLength: 20 }),
        (given, encode, from, length, around) => {
          const start = from % Math.max(1, given.length - RUN + 1);
          const part = given.slice(start, start + RUN + (length % given.length)).toWellFormed();
          const shown = seen(presentable(`${around}${encode(part)}${around}`, [new Sensitive(given)]));
          const left = shown.replaceAll('[redacted]', '\u0000');
          expect(betraying(given).filter((run) => left.includes(run))).toEqual([]);
        },
      ),
    );
  });

  test('are unchanged if they repeat nothing', () => {
    check(
      fc.property(fc.string({ maxLength: 200 }), fc.uuid(), (text, token) => {
        fc.pre(!/[0-9a-f]{8}/i.test(seen(text)));
        expect(masked(text, [new Sensitive(token)])).toBe(text);
      }),
    );
  });
});
