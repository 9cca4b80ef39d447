import { expect, test } from 'vitest';
import { draw } from './draw.ts';

const panel = { description: '', unit: 'short', queries: [] } as const;
const rows = [
  {
    row: {
      title: 'Now',
      stats: [{ ...panel, title: 'Orphans', red: 1 }],
      graphs: [
        { ...panel, title: 'Clients' },
        { ...panel, title: 'Pauses' },
      ],
    },
    lines: new Map([
      ['Orphans', [{ name: '', points: [[0, 0] as const, [10, 2] as const] }]],
      [
        'Clients',
        [
          {
            name: 'a <b> & c',
            points: [[0, 1] as const, [2, 2] as const, [8, 4] as const, [10, Number.NaN] as const],
          },
        ],
      ],
    ]),
  },
];

test('a picture has the last number, each line with its name, and says where there is nothing', () => {
  const svg = draw(rows, 0, 10);
  expect(svg).toMatch(/fill="#c4162a">2</);
  expect(svg).toContain('a &lt;b&gt; &amp; c');
  expect(svg).toContain('>nothing<');
});

test('the scale ends at the next round number above, whatever is no number', () => {
  expect(draw(rows, 0, 10)).toMatch(/>5<\/text>/);
});

test('a gap in time is a gap in the line, and what is no number is not drawn', () => {
  const [, path = ''] = /<path d="([^"]*)"/.exec(draw(rows, 0, 10)) ?? [];
  expect(path.match(/[ML]/g)).toEqual(['M', 'L', 'M']);
});
