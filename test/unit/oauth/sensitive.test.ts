import { format, inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const secret = new Sensitive('canary-7591');

describe('Sensitive', () => {
  test.each<readonly [string, () => string]>([
    ['a template string', () => `${secret}`],
    ['concatenation', () => `value: ${String(secret)}`],
    ['join', () => [secret, secret].join(',')],
    ['JSON.stringify', () => JSON.stringify(secret)],
    ['JSON.stringify of what holds it', () => JSON.stringify({ deep: [{ secret }] })],
    ['inspect', () => inspect(secret)],
    ['inspect of what holds it, hidden members included', () => inspect({ secret }, { showHidden: true })],
    ['format %s', () => format('%s', secret)],
    ['format %o', () => format('%o', secret)],
    ['format %O of what holds it', () => format('%O', { secret })],
    ['format %j', () => format('%j', { secret })],
    ['the message of an error', () => new Error(`refused: ${secret}`).message],
    ['an error with a cause', () => inspect(new Error('refused', { cause: secret }))],
  ])('prints as [redacted] in %s', (_, print) => {
    expect(print()).toContain('[redacted]');
    expect(print()).not.toContain('canary');
  });

  test('shows nothing to those who walk through its members', () => {
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expect(inspect({ ...secret })).not.toContain('canary');
    expect(inspect(structuredClone(secret))).not.toContain('canary');
  });

  test('gives its content to the one who asks for it', () => {
    expect(secret.reveal()).toBe('canary-7591');
  });

  test('equals another of the same content, and no other', () => {
    expect(secret.equals(new Sensitive('canary-7591'))).toBe(true);
    expect(secret.equals(new Sensitive('canary-7592'))).toBe(false);
    expect(secret.equals(undefined)).toBe(false);
  });
});
