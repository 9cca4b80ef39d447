import { describe, expect, it } from 'vitest';
import { blocksIn } from './blocks.ts';

const page = (...lines: readonly string[]): string => lines.join('\n');

describe('Blocks of a page', () => {
  it('have their line, heading, language and text', () => {
    const text = page('# A', '```sh', 'one', 'two', '```', '## B', '', '```', '# no heading', '```');
    expect(blocksIn('docs/p.md', text)).toEqual([
      { page: 'docs/p.md', line: 2, heading: 'A', language: 'sh', text: 'one\ntwo', notRun: undefined },
      { page: 'docs/p.md', line: 8, heading: 'B', language: '', text: '# no heading', notRun: undefined },
    ]);
  });

  it('in a list lose the indentation of their fence', () => {
    expect(blocksIn('p.md', page('- a', '  ```yaml', '  a:', '    b: 1', '  ```'))).toMatchObject([
      { text: 'a:\n  b: 1' },
    ]);
  });

  it('have the reason that the comment above them gives, across empty lines', () => {
    const text = page(
      '<!-- not run: needs a registry -->',
      '',
      '```sh',
      'docker push',
      '```',
      '```sh',
      'ls',
      '```',
    );
    expect(blocksIn('p.md', text).map(({ notRun }) => notRun)).toEqual(['needs a registry', undefined]);
  });

  it('have no reason from a comment that belongs to other text', () => {
    const text = page('<!-- not run: needs a registry -->', 'Text.', '```sh', 'ls', '```');
    expect(blocksIn('p.md', text).map(({ notRun }) => notRun)).toEqual([undefined]);
  });
});
