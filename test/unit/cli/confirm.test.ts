import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from '../../../src/cli/confirm.ts';
import { collecting } from '../../kit/fakes/plugin.ts';

function terminal({ signal }: { readonly signal: AbortSignal } = new AbortController()) {
  const [stdout, stderr] = [collecting(), collecting()];
  const stdin = Object.assign(new Readable({ read: () => undefined }), { isTTY: true });
  return { stdin, stdout: stdout.stream, stderr: stderr.stream, signal, asked: stderr.text };
}

test('a question shows control characters of a server as text', async () => {
  const { asked, ...rest } = terminal();
  rest.stdin.push('y\n');
  expect(await confirm('Client \u001b[2Jc1 ends. Go on?', { flags: {}, terminal: rest })).toBeUndefined();
  expect(asked()).toBe('Client \\u{1b}[2Jc1 ends. Go on? [y/N] ');
});

const ENDED = {
  exit: 'interrupted',
  sentence: 'Nothing was done: the command ended before the question was answered.',
};

test('a question after Ctrl-C is not asked, and nothing is done', { timeout: 2_000 }, async () => {
  const { asked, ...rest } = terminal({ signal: AbortSignal.abort() });
  expect(await confirm('Go on?', { flags: {}, terminal: rest })).toEqual(ENDED);
  expect(asked()).toBe('');
});

test('Ctrl-C at a question is no answer', { timeout: 2_000 }, async () => {
  const ending = new AbortController();
  const { asked, ...rest } = terminal(ending);
  const answer = confirm('Go on?', { flags: {}, terminal: rest });
  ending.abort();
  expect(await answer).toEqual(ENDED);
});
