import { describe, expect, test } from 'vitest';
import { readArguments, type Script, usageOf } from '../../../tools/command-line.ts';

const PLAIN = {
  name: 'bake',
  about: 'Bakes. An hour.',
  flags: {
    warm: { about: 'Keep it warm.' },
    loaves: { value: 'N', isCount: true, about: 'How many loaves.' },
    flour: { value: 'KIND', short: 'f', about: 'Which flour.' },
  },
} as const satisfies Script;

const OVEN = {
  ...PLAIN,
  flags: {
    ...PLAIN.flags,
    heat: { value: 'C', short: 'c', about: 'How hot.', isPassedOn: true },
    steam: { about: 'Steam it.', isPassedOn: true },
  },
  operands: { called: 'TIN', about: 'Only these tins.' },
  program: 'oven',
} as const satisfies Script;

describe('flags and their values', () => {
  test.each([
    { args: [], values: {} },
    { args: ['--warm'], values: { warm: true } },
    { args: ['--loaves', '0'], values: { loaves: '0' } },
    { args: ['--loaves=12', '--warm'], values: { loaves: '12', warm: true } },
    { args: ['-f', 'rye'], values: { flour: 'rye' } },
    { args: ['--flour', ''], values: { flour: '' } },
    { args: ['--flour=-x'], values: { flour: '-x' } },
    { args: ['--flour', 'rye', '--flour', 'oat'], values: { flour: 'oat' } },
  ])('$args', ({ args, values }) => {
    expect(readArguments(PLAIN, args)).toEqual({ values, passedOn: [] });
  });

  test.each([
    { args: ['--warmer'], problem: 'There is no flag --warmer.' },
    { args: ['--toString'], problem: 'There is no flag --toString.' },
    { args: ['-w'], problem: 'There is no flag -w.' },
    { args: ['--no-warm'], problem: 'There is no flag --no-warm.' },
    { args: ['--warm=yes'], problem: '--warm takes no value.' },
    { args: ['--loaves'], problem: '--loaves needs N.' },
    { args: ['--flour', '--warm'], problem: '--flour needs KIND.' },
    { args: ['--loaves', 'two'], problem: '--loaves needs a whole number, not "two".' },
    { args: ['--loaves', '1.5'], problem: '--loaves needs a whole number, not "1.5".' },
    { args: ['--loaves', ''], problem: '--loaves needs a whole number, not "".' },
    { args: ['tin'], problem: 'There is no argument "tin".' },
    { args: ['--', 'tin'], problem: 'There is no argument "tin".' },
  ])('$args is refused', ({ args, problem }) => {
    expect(readArguments(PLAIN, args)).toEqual({ problem });
  });

  test.each([[['--help']], [['--warm', '--help']], [['--help', '--warm']]])('%j asks for help', (args) => {
    expect(readArguments(PLAIN, args)).toBe('help');
  });
});

describe('arguments for the program that the script starts', () => {
  test.each([
    { args: ['round', 'square'], passedOn: ['round', 'square'] },
    { args: ['--heat', '200', 'round', '-c', '180'], passedOn: ['round', '--heat=200', '--heat=180'] },
    { args: ['--warm', 'round'], passedOn: ['round'] },
    { args: ['--steam', 'round', '--', '--grill'], passedOn: ['round', '--grill', '--steam'] },
    { args: ['round', '--', '--help', '--grill', 'x'], passedOn: ['round', '--help', '--grill', 'x'] },
  ])('$args', ({ args, passedOn }) => {
    expect(readArguments(OVEN, args)).toMatchObject({ passedOn });
  });

  test('a flag that only the program knows is refused before a further --', () => {
    expect(readArguments(OVEN, ['--grill'])).toEqual({ problem: 'There is no flag --grill.' });
  });
});

describe('usage', () => {
  test('names flags, operands and where further flags go', () => {
    expect(
      usageOf({ ...OVEN, environment: { GAS: '1 burns gas.' } }),
    ).toBe(`Usage: npm run bake -- [flags] [TIN ...] [-- more]

Bakes. An hour.

  --warm            Keep it warm.
  --loaves N        How many loaves.
  -f, --flour KIND  Which flour.
  -c, --heat C      How hot.
  --steam           Steam it.
  --help            Print this.
  TIN               Only these tins.
  -- more           What follows a further -- goes to oven as it is.

Environment:
  GAS  1 burns gas.
`);
  });

  test('long descriptions are wrapped', () => {
    const about = Array.from({ length: 40 }, () => 'word').join(' ');
    const lines = usageOf({ name: 'x', about: 'Y.', flags: { long: { about } } }).split('\n');
    expect(lines.filter((line) => line.includes('word')).length).toBe(2);
    expect(lines.every((line) => line.length <= 118)).toBe(true);
  });
});
