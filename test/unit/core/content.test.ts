import { describe, expect, test } from 'vitest';
import type { Secret } from '../../../src/api/kubernetes.ts';
import { encodeContent, type RegistrationContent, toContent } from '../../../src/core/content.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import { rfc7591 } from '../../../src/dialects/rfc7591.ts';
import { bare, content, revealed } from '../../kit/fixtures/contents.ts';

const secretOf = (given: RegistrationContent = content): Secret => ({
  metadata: { name: 'oac-uid-1-a1' },
  data: encodeContent(given),
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const plain = (secret: Secret, key: string): string =>
  Buffer.from(secret.data?.[key] ?? '', 'base64').toString();

/** The Secret after somebody wrote `text` to a key, or removed it. */
const withData = (key: string, text: string | undefined): Secret => {
  const { [key]: _, ...others } = secretOf().data ?? {};
  return { ...secretOf(), data: text === undefined ? others : { ...others, [key]: base64(text) } };
};

describe('the data of a registration Secret', () => {
  test.each([
    ['everything that the server answered', content],
    ['an answer that held nothing but a client_id', bare],
    [
      'an address that worked before the last answer',
      { ...bare, addresses: { proven: 'https://sso.example.com/c1' } },
    ],
    ['a client whose keys are in rotation', { ...content, keys: [...content.keys, ...content.keys] }],
    [
      'a dialect with a switch of its own',
      { ...bare, dialect: effectiveDialect('keycloak', { goneStatuses: [410] }) },
    ],
  ])('gives back %s', (_, given) => {
    expect(revealed(toContent(secretOf(given)))).toEqual(revealed(given));
  });

  test('is named as RFC 7591 names it, so that people can read it', () => {
    expect(Object.keys(secretOf().data ?? {}).toSorted()).toEqual([
      'client_id',
      'client_secret',
      'client_secret_expires_at',
      'keys.json',
      'registered.json',
      'registration_access_token',
      'registration_client_uri',
      'sent.json',
      'server.json',
    ]);
    expect(plain(secretOf(), 'registration_access_token')).toBe('canary-token');
  });

  test('holds of a dialect only what differs from the RFCs', () => {
    expect(JSON.parse(plain(secretOf(bare), 'server.json'))['dialect']).toEqual({});
    const { readEffect, lifetimes } = effectiveDialect('curity');
    expect(JSON.parse(plain(secretOf(), 'server.json'))['dialect']).toMatchObject({ readEffect, lifetimes });
  });

  test('holds no key, and no CA, where there is none', () => {
    expect(secretOf(bare).data).not.toHaveProperty(['keys.json']);
    expect(JSON.parse(plain(secretOf(bare), 'server.json'))).not.toHaveProperty('ca');
  });
});

describe('the data of a registration Secret that was damaged by hand', () => {
  test.each([
    ['without data', { ...secretOf(), data: {} }],
    ['without client_id', withData('client_id', undefined)],
    ['with an empty client_id', withData('client_id', '')],
    ["without the server's addresses", withData('server.json', undefined)],
    ['with addresses that are torn', withData('server.json', '{"registrationEndpoint":"https:')],
    ['with an address that is no text', withData('server.json', '{"registrationEndpoint":1}')],
  ])('has no content %s', (_, secret) => {
    expect(toContent(secret)).toBeUndefined();
  });

  const server = (more: string) =>
    withData('server.json', `{"registrationEndpoint":"https://sso.example.com/register"${more}}`);
  const bareServer = { allowedOrigins: [], endpoints: {}, dialect: rfc7591, ca: undefined };

  test.each<readonly [string, Secret, object]>([
    ['the documents are gone', withData('sent.json', undefined), { sent: {} }],
    ['the documents are torn', withData('sent.json', '{"a'), { sent: {} }],
    ['the origins are no list', server(',"allowedOrigins":"https://a"'), bareServer],
    [
      'an origin is no text',
      server(',"allowedOrigins":[1,"https://a"]'),
      { ...bareServer, allowedOrigins: ['https://a'] },
    ],
    ['the dialect is no object', server(',"dialect":"keycloak"'), bareServer],
    ['the CA is no text', server(',"ca":{}'), bareServer],
    ['the keys are torn', withData('keys.json', '[{"kid":"k1"'), { keys: [] }],
    ['the keys are no list', withData('keys.json', '{"kid":"k1"}'), { keys: [] }],
    [
      'a key lacks its private part',
      withData('keys.json', '[{"kid":"k1"},null,{"kid":"k2","privateJwk":"{}","privatePem":1}]'),
      { keys: [] },
    ],
  ])('keeps what can be read when %s', (_, secret, read) => {
    expect(revealed(toContent(secret))).toEqual({ ...revealed(content), ...read });
  });

  test('takes an expiry that is no number for none', () => {
    expect(
      toContent(withData('client_secret_expires_at', 'x'))?.information.clientSecretExpiresAt,
    ).toBeUndefined();
  });
});
