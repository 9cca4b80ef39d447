import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { confirm } from '../../../src/cli/confirm.ts';
import { collecting } from '../../kit/fakes/plugin.ts';

function terminal({ signal } = new AbortController()) {
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
