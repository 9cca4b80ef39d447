import { describe, expect, test } from 'vitest';
import { unusedNames } from '../../../src/core/unused-names.ts';
import type { PublishedClient } from '../../../src/formats/published-client.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const VALUES = 'client_id, client_secret, issuer, token_endpoint';

function noteOf(
  keys: Readonly<Record<string, string>>,
  include: readonly string[] = [],
  more: Partial<PublishedClient> = {},
): string {
  const information = {
    clientId: 'c1',
    clientSecret: new Sensitive('canary'),
    metadata: { client_name: 'Storefront', agent: '' },
  };
  const endpoints = { token: 'https://sso.example.com/token' };
  const issuer = 'https://sso.example.com';
  return unusedNames({ information, sent: {}, issuer, endpoints, include, ...more }, keys);
}

describe('unusedNames', () => {
  test.each<readonly [string, string]>([
    ['nothing is named', noteOf({})],
    ['a value is renamed', noteOf({ client_id: 'username' })],
    ['a value is left out', noteOf({ client_secret: '' })],
    ['a value is left out that this client lacks', noteOf({ kid: '' })],
    ['a member of the answer is included', noteOf({}, ['client_name'])],
    ['a member is included and renamed', noteOf({ client_name: 'NAME' }, ['client_name'])],
  ])('is empty where %s', (_, note) => {
    expect(note).toBe('');
  });

  test.each<readonly [string, string, string]>([
    ['a field of the spec instead of a wire name', noteOf({ clientId: 'username' }), 'clientId'],
    ['a value that this client lacks', noteOf({ kid: 'KEY_ID' }), 'kid'],
    ['a misspelled name, which leaves nothing out', noteOf({ clientSecret: '' }), 'clientSecret'],
    ['a member that is not included', noteOf({ client_name: 'NAME' }), 'client_name'],
    [
      'more names than it lists',
      noteOf({ a: 'A', b: 'B', c: 'C', d: 'D', e: 'E', f: 'F' }),
      'a, b, c, d and 2 more',
    ],
  ])('names a key that does nothing: %s', (_, note, names) => {
    expect(note).toBe(
      `spec.secret.keys has no effect for ${names}: this client has no value of that name. Its values are ${VALUES}.`,
    );
  });

  test('names a member that the answer lacks, or has without a value', () => {
    expect(noteOf({ nope: 'NOPE' }, ['nope', 'agent'])).toBe(
      "spec.secret.include has no effect for nope, agent: neither the server's answer nor its endpoints have a member of that name. Members of the answer are client_name, agent.",
    );
  });

  test('says both, and that there are no members', () => {
    const information = { clientId: 'c1', clientSecret: undefined, metadata: {} };
    expect(noteOf({ clientId: 'username' }, ['nope'], { information: { ...information } as never })).toBe(
      "spec.secret.keys has no effect for clientId: this client has no value of that name. Its values are client_id, issuer, token_endpoint. spec.secret.include has no effect for nope: neither the server's answer nor its endpoints have a member of that name. Members of the answer are none.",
    );
  });

  test('cuts what is long, and shows no value', () => {
    const note = noteOf({ ['x'.repeat(300)]: 'X' }, Array(30).fill('y'.repeat(300)));
    expect(note.length).toBeLessThan(700);
    expect(note).not.toContain('canary');
  });
});
