import { describe, expect, it } from 'vitest';
import { commandsIn, shellWords } from './shell-words.ts';

describe('Words of a shell line', () => {
  it.each([
    ['kubectl get oac', ['kubectl', 'get', 'oac']],
    [`-p '{"a": "b c"}'`, ['-p', '{"a": "b c"}']],
    [`a="$(date -u +%FT%TZ)" b`, ['a=$(date -u +%FT%TZ)', 'b']],
    ['a=$(date +%s) b', ['a=$(date +%s)', 'b']],
    [`-o jsonpath='{.a}'`, ['-o', 'jsonpath={.a}']],
    ['a\\ b', ['a b']],
  ])('%s', (line, words) => {
    expect(shellWords(line)).toEqual(words);
  });

  it('are those of several commands where the line joins them', () => {
    expect(commandsIn('kubectl get oac -A | grep -v True && b')).toEqual([
      ['kubectl', 'get', 'oac', '-A'],
      ['grep', '-v', 'True'],
      ['b'],
    ]);
  });
});
