import { describe, expect, test } from 'vitest';
import { presentable } from '../../../src/oauth/error-response.ts';
import { masked } from '../../../src/oauth/masking.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { ENCODINGS } from '../../kit/fixtures/encodings.ts';

const TOKEN = 'PLATFORM-IAT/abc+def=0123456789xyz';
const secrets = [new Sensitive(TOKEN)];

describe('M6: a credential in the words of a server', () => {
  test.each(Object.keys(ENCODINGS))('is masked where it is %s', (name) => {
    const encode = ENCODINGS[name] ?? String;
    expect(presentable(`token ${encode(TOKEN)} is expired`, secrets)).toBe('token [redacted] is expired');
  });

  test.each([
    ['its first 20 characters', TOKEN.slice(0, 20)],
    ['its last 12 characters', TOKEN.slice(-12)],
    ['eight characters of its middle', TOKEN.slice(10, 18)],
    ['a part, percent-encoded', encodeURIComponent(TOKEN.slice(5, 20))],
    ['a part, in base64', Buffer.from(TOKEN.slice(7, 25)).toString('base64').replace(/=+$/, '')],
  ])('is masked where it is %s', (_, part) => {
    const shown = presentable(`token "${part}…" is expired`, secrets);
    expect(shown).toContain('[redacted]');
    expect(shown.length).toBeLessThan('token "[redacted]…" is expired'.length + 8);
  });

  test('is masked in base64 with something before it, as in Basic', () => {
    for (const user of ['', 'a', 'ab', 'abc']) {
      const basic = Buffer.from(`${user}:${TOKEN}`).toString('base64');
      const shown = masked(`Basic ${basic}`, secrets);
      expect(shown).toMatch(/^Basic .{0,8}\[redacted\].{0,3}$/);
    }
  });

  test('is masked though the words are longer than what is shown', () => {
    const padded = `${'x'.repeat(289)} ${TOKEN} ${'y'.repeat(4_000)}`;
    expect(presentable(padded, secrets)).toBe(`${'x'.repeat(289)} [redacted]…`);
  });

  test('is not found in words that only share seven characters with it', () => {
    const words = `the ${TOKEN.slice(0, 7)} and the ${TOKEN.slice(9, 16)}`;
    expect(presentable(words, secrets)).toBe(words);
  });

  test('leaves an error code of the RFCs as it is, whatever the credential', () => {
    expect(presentable('invalid', [new Sensitive('invalid_token')])).toBe('invalid');
  });

  test('of 16 KiB costs little, however the server repeats it', { timeout: 20_000 }, () => {
    const long = Array.from({ length: 16 * 1024 }, (_, at) =>
      String.fromCharCode(33 + ((at * 7919) % 90)),
    ).join('');
    const repeated = 'a'.repeat(16 * 1024);
    for (const credential of [long, repeated]) {
      for (const text of [
        long.slice(0, 5_000),
        repeated,
        'b'.repeat(5_000),
        '%25'.repeat(2_000),
        '\\'.repeat(5_000),
      ]) {
        const start = process.threadCpuUsage();
        presentable(text, [new Sensitive(credential), new Sensitive(credential)]);
        const { user, system } = process.threadCpuUsage(start);
        // Some 40 ms of this thread, whatever else the machine does; quadratic time would take seconds.
        expect((user + system) / 1_000).toBeLessThan(1_500);
      }
    }
  });
});
