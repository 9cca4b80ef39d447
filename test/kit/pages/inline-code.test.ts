import { describe, expect, it } from 'vitest';
import { inlineCodeIn } from './inline-code.ts';

const textsIn = (...lines: readonly string[]) => inlineCodeIn('p.md', lines.join('\n'));

describe('Inline code of a page', () => {
  it('has its line and its text', () => {
    expect(textsIn('# A', '', 'Run `kubectl get` or `b`.')).toEqual([
      { page: 'p.md', line: 3, text: 'kubectl get' },
      { page: 'p.md', line: 3, text: 'b' },
    ]);
  });

  it('is on one line where the page breaks it', () => {
    expect(textsIn('Run `kubectl', '  get pods`.')).toEqual([
      { page: 'p.md', line: 1, text: 'kubectl get pods' },
    ]);
  });

  it('does not go on after an empty line', () => {
    expect(textsIn('One ` alone.', '', 'Another `one`.').map(({ text }) => text)).toEqual(['one']);
  });

  it('is not what a fenced block has, and lines after the block keep their numbers', () => {
    expect(textsIn('```sh', 'echo `date`', '```', '`a`')).toEqual([{ page: 'p.md', line: 4, text: 'a' }]);
  });

  it('of a table has no escaped bars', () => {
    expect(textsIn('| `a \\| b` |').map(({ text }) => text)).toEqual(['a | b']);
  });
});
