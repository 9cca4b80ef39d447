import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type Cell, createPrinter, type OutputFormat } from '../../../src/cli/print.ts';

const ROWS: readonly (readonly Cell[])[] = [
  ['shop', { text: 'True', tone: 'good' }, 'The client is registered as the spec says.'],
  ['a-long-namespace', { text: 'False', tone: 'bad' }, 'No.'],
];

function printer(
  terminal: { readonly isTTY?: boolean; readonly columns?: number } = {},
  format?: OutputFormat,
) {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  return {
    print: createPrinter(Object.assign(stream, terminal), stream, format),
    text: () => chunks.join(''),
  };
}

describe('a table', () => {
  test('is padded as kubectl pads it, without colour and in full where the output is no terminal', () => {
    const { print, text } = printer();
    print.table(['NAMESPACE', 'READY', 'MESSAGE'], ROWS);
    expect(text()).toBe(
      [
        'NAMESPACE          READY   MESSAGE',
        'shop               True    The client is registered as the spec says.',
        'a-long-namespace   False   No.',
        '',
      ].join('\n'),
    );
  });

  test('fits the width of the terminal', () => {
    const { print, text } = printer({ isTTY: true, columns: 40 });
    print.table(['NAMESPACE', 'READY', 'MESSAGE'], ROWS);
    const lines = text().split('\n').map(withoutColour);
    expect(lines[1]).toBe('shop               True    The client i…');
    expect(Math.max(...lines.map(({ length }) => length))).toBe(40);
  });
});

test('what a tenant wrote moves no cursor', () => {
  const { print, text } = printer();
  print.line('Client \u001b[2J', { text: '\u202e', tone: 'quiet' });
  expect(text()).toBe('Client \\u{1b}[2J\\u{202e}\n');
});

test.each([
  ['json', '"a\\u007fb\\u009bc"\n', '"a\u007fb\u009bc"\n'],
  ['yaml', '"a\\u007fb\\u009bc"\n', '"a\u007fb\u009bc"\n'],
] as const)(
  '%s moves no cursor of a terminal, and is as it is elsewhere',
  (format, onTerminal, elsewhere) => {
    const shown = printer({ isTTY: true }, format);
    shown.print.value('a\u007fb\u009bc');
    expect(shown.text()).toBe(onTerminal);
    const piped = printer({}, format);
    piped.print.value('a\u007fb\u009bc');
    expect(piped.text()).toBe(elsewhere);
  },
);

test('several objects are a List', () => {
  const { print, text } = printer({}, 'json');
  print.objects([{ metadata: { name: 'a' } }]);
  expect(JSON.parse(text())).toEqual({
    apiVersion: 'v1',
    kind: 'List',
    items: [{ metadata: { name: 'a' } }],
  });
});

const withoutColour = (text: string): string =>
  text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g'), '');
