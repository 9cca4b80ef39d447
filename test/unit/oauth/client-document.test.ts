import { describe, expect, test } from 'vitest';
import {
  baseUrlProblem,
  clientDocument,
  completeMetadata,
  documentDigest,
  documentHeaders,
  documentProblem,
  documentUrl,
  keysUrl,
  LONGEST_BASE_URL,
  LONGEST_DOCUMENT_URL,
  metadataNote,
  placementProblem,
  sizeNote,
  sizeProblem,
  withdrawalDocument,
} from '../../../src/oauth/client-document.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

const BASE = 'https://clients.example.com';
const OWNER = { namespace: 'team-a', name: 'app', uid: '1a2b3c4d-0000-4000-8000-000000000001' };
const URL_OF_APP = `${BASE}/team-a/app-1a2b3c4d-x7k2abcdef`;
const KEY = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k1', use: 'sig', alg: 'ES256' };

/** What all six servers that were tried take. */
const METADATA = {
  client_name: 'Team A app',
  redirect_uris: ['https://clients.example.com/cb'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  application_type: 'web',
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
} satisfies JsonObject;

describe('a base URL', () => {
  test.each([BASE, `${BASE}:8443`, `${BASE}/oauth/clients`, `https://${'a'.repeat(LONGEST_BASE_URL - 8)}`])(
    '%s can be used',
    (url) => {
      expect(baseUrlProblem(url)).toBeUndefined();
    },
  );

  const form =
    'is not written as https://host or https://host/path in lower case: servers compare a client_id letter by letter, so it may have no query, no "." segment and no "/" at its end';
  test.each([
    ['http://clients.example.com', form],
    [`${BASE}/`, form],
    [`${BASE}/a/`, form],
    [`${BASE}/a//b`, form],
    [`${BASE}?a=b`, form],
    [`${BASE}#a`, form],
    [`${BASE}/./a`, form],
    [`${BASE}/../a`, form],
    ['https://Clients.example.com', form],
    [`${BASE}:443`, form],
    ['https://user@clients.example.com', form],
    ['clients.example.com', form],
    [
      `https://${'a'.repeat(LONGEST_BASE_URL - 7)}`,
      'is longer than 60 characters, and servers take a client_id of at most 100',
    ],
  ])('%s can not', (url, problem) => {
    expect(baseUrlProblem(url)).toBe(problem);
  });
});

describe('the URL of a document', () => {
  test('has namespace, name, a part of the uid, and the id of the registration', () => {
    expect(documentUrl(BASE, OWNER, 'x7k2abcdef')).toBe(URL_OF_APP);
  });

  test('of another object of the same name, or of another registration, is another one', () => {
    const urls = [
      documentUrl(BASE, OWNER, 'x7k2abcdef'),
      documentUrl(BASE, OWNER, 'y7k2abcdef'),
      documentUrl(BASE, OWNER, 'x7k2abcdeg'),
      documentUrl(BASE, { ...OWNER, uid: '2a2b3c4d-0000-4000-8000-000000000001' }, 'x7k2abcdef'),
    ];
    expect(new Set(urls).size).toBe(4);
  });

  test('has 100 characters at most: a long name is hashed, and the part of the uid stays', () => {
    const base = `https://${'a'.repeat(LONGEST_BASE_URL - 8)}`;
    const long = { ...OWNER, name: 'a'.repeat(253) };
    const urls = [
      documentUrl(base, long, 'x7k2abcdef'),
      documentUrl(base, { ...long, name: 'b'.repeat(253) }, 'x7k2abcdef'),
    ];
    for (const url of urls) {
      expect(url.length).toBeLessThanOrEqual(LONGEST_DOCUMENT_URL);
      expect(url).toMatch(/\/1a2b3c4d-x7k2abcdef-[\w-]{16}$/);
      expect(new URL(url).href).toBe(url);
    }
    expect(urls[0]).not.toBe(urls[1]);
  });
});

describe('a document', () => {
  test('is the one that was tried at six servers: keys at an address of the same origin, client_id first', () => {
    const { body, keys } = clientDocument(URL_OF_APP, { ...METADATA, jwks: { keys: [KEY] } });
    expect(JSON.parse(body)).toEqual({ client_id: URL_OF_APP, ...METADATA, jwks_uri: `${URL_OF_APP}/jwks` });
    expect(body.startsWith(`{"client_id":"${URL_OF_APP}","client_name":`)).toBe(true);
    expect(keys && JSON.parse(keys)).toEqual({ keys: [KEY] });
  });

  test('never has null, and has no jwks_uri without keys', () => {
    const { body, keys } = clientDocument(URL_OF_APP, { ...METADATA, scope: null });
    expect(JSON.parse(body)).toEqual({ client_id: URL_OF_APP, ...METADATA });
    expect(keys).toBeUndefined();
  });

  test('always says name and method', () => {
    expect(completeMetadata({ redirect_uris: ['https://a.example/cb'] }, 'app')).toEqual({
      client_name: 'app',
      token_endpoint_auth_method: 'none',
      redirect_uris: ['https://a.example/cb'],
    });
    expect(completeMetadata({ jwks: { keys: [KEY] } }, 'app')).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
    });
    expect(completeMetadata(METADATA, 'app')).toEqual(METADATA);
    for (const nothing of ['', null]) {
      expect(completeMetadata({ ...METADATA, client_name: nothing }, 'app')).toEqual({
        ...METADATA,
        client_name: 'app',
      });
    }
    const nulls = { token_endpoint_auth_method: null, jwks: null, jwks_uri: null, redirect_uris: null };
    expect(completeMetadata({ client_name: 'a', ...nulls }, 'app')).toEqual({
      client_name: 'a',
      token_endpoint_auth_method: 'none',
    });
  });

  test('has one digest for body and keys', () => {
    const one = clientDocument(URL_OF_APP, { ...METADATA, jwks: { keys: [KEY] } });
    const other = clientDocument(URL_OF_APP, { ...METADATA, jwks: { keys: [{ ...KEY, kid: 'k2' }] } });
    expect(one.body).toBe(other.body);
    expect(documentDigest(one)).not.toBe(documentDigest(other));
    expect(documentDigest(one)).toBe(documentDigest({ ...one }));
  });

  test('is served with the headers that all servers take', () => {
    const { body } = clientDocument(URL_OF_APP, METADATA);
    expect(documentHeaders(body, 300)).toEqual({
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      etag: expect.stringMatching(/^"[\w-]{22}"$/),
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    });
    expect(documentHeaders(body, 300)['etag']).not.toBe(documentHeaders(`${body} `, 300)['etag']);
  });
});

describe('metadata that servers refuse', () => {
  const UNKNOWN = (member: string) =>
    `A client that is identified by a document can't have ${member}: some servers refuse the whole document for a member that they don't know. Remove it.`;
  test.each<[string, JsonObject, string]>([
    ['an unknown member', { x_team: 'a' }, UNKNOWN('x_team')],
    ['a translation', { 'client_name#de': 'a' }, UNKNOWN('client_name#de')],
    ['a secret', { client_secret: 'a' }, UNKNOWN('client_secret')],
    ['a software statement', { software_statement: { a: 'b' } }, UNKNOWN('software_statement')],
    ['a client_id', { client_id: 'a' }, UNKNOWN('client_id')],
    [
      'a method with a secret',
      { token_endpoint_auth_method: 'client_secret_basic' },
      "A client that is identified by a document has no secret, so it can't authenticate by client_secret_basic. Set spec.credential.generatedKey, which makes it private_key_jwt; or set tokenEndpointAuthMethod to none for a public client.",
    ],
    [
      'private_key_jwt without a key',
      {},
      'The client authenticates by private_key_jwt and has no key. Set spec.credential.generatedKey, or spec.client.jwks.',
    ],
    [
      'both forms of keys',
      { jwks: { keys: [KEY] }, jwks_uri: 'https://a.example/jwks' },
      'The client names jwks and jwksUri, and servers refuse a document with both. Remove one.',
    ],
    [
      'no redirect URI',
      { token_endpoint_auth_method: 'none', redirect_uris: [] },
      'A client that is identified by a document needs at least one redirect URI, also where it only asks for tokens of its own: servers refuse a document without one. Set spec.client.redirectUris.',
    ],
    [
      'a private key',
      { jwks: { keys: [{ ...KEY, d: 'secret' }] } },
      'spec.client.jwks has a private key, and the document is public. Put the public key alone there, and make another pair: this one is known to all who may read this object.',
    ],
    [
      'a key without use',
      { jwks: { keys: [{ kty: 'EC', kid: 'k1', alg: 'ES256' }] } },
      'A key of spec.client.jwks lacks kid, alg or "use": "sig", and servers refuse a document with such a key. Add them.',
    ],
  ])('%s', (_, metadata, problem) => {
    expect(documentProblem({ ...METADATA, ...metadata }, false)).toBe(problem);
  });

  const KEYS_ELSEWHERE =
    'jwksUri is not at https://clients.example.com, and some servers take keys only from the origin of the document. Remove it, and set spec.credential.generatedKey; or put the public keys into spec.client.jwks, which are served there.';
  const NO_CODE_GRANT =
    'responseTypes has code, and some servers refuse a document with it where grantTypes lacks authorization_code. Add authorization_code to grantTypes, or set responseTypes to [].';
  test.each<[string, JsonObject, string | undefined]>([
    ['keys at another host', { jwks_uri: 'https://shop.example.com/jwks' }, KEYS_ELSEWHERE],
    ['keys at another port', { jwks_uri: `${BASE}:8443/jwks` }, KEYS_ELSEWHERE],
    ['keys at no URL', { jwks_uri: 'jwks' }, KEYS_ELSEWHERE],
    ['keys at the origin of the document', { jwks_uri: `${BASE}/other/jwks` }, undefined],
    ['code without its grant', { grant_types: ['client_credentials'] }, NO_CODE_GRANT],
    [
      'code among other words without its grant',
      { grant_types: ['implicit'], response_types: ['id_token', 'code id_token'] },
      NO_CODE_GRANT,
    ],
    ['no response type', { grant_types: ['client_credentials'], response_types: [] }, undefined],
    ['another response type', { grant_types: ['implicit'], response_types: ['id_token'] }, undefined],
  ])('by origin or grant: %s', (_, metadata, problem) => {
    expect(placementProblem({ ...METADATA, ...metadata }, URL_OF_APP)).toBe(problem);
  });

  test('by origin or grant: none without a list of grants, whose default has authorization_code', () => {
    const { grant_types: _, ...metadata } = METADATA;
    expect(placementProblem(metadata, URL_OF_APP)).toBeUndefined();
  });

  test('a generated key is a key', () => {
    expect(documentProblem(METADATA, true)).toBeUndefined();
    expect(documentProblem({ ...METADATA, jwks: { keys: [KEY] } }, false)).toBeUndefined();
  });

  test('the size is told above what some servers read, and refused above what the others do', () => {
    const sized = (bytes: number) => ({ body: 'é'.repeat(bytes / 2) });
    expect([sizeProblem(sized(2048)), sizeNote(2048)]).toEqual([undefined, undefined]);
    expect(sizeNote(2049)).toBe(
      'It has 2049 bytes: django-allauth reads 2048 at most, the other servers that were tried 5000 or more.',
    );
    expect(sizeProblem(sized(5000))).toBeUndefined();
    expect(sizeProblem(sized(5002))).toBe(
      'The document would have 5002 bytes, and servers read 5000 at most. Make spec.client smaller, or make two OAuthClients of it.',
    );
    const { body } = clientDocument(URL_OF_APP, { ...METADATA, contacts: ['a'.repeat(4800)] });
    expect(sizeProblem({ body })).toBe(
      `The document would have ${body.length} bytes, and servers read 5000 at most. The largest member is contacts, with 4804 bytes. Make spec.client smaller, or make two OAuthClients of it.`,
    );
    expect(sizeProblem({ ...sized(10), keys: 'k'.repeat(12_000) })).toBeUndefined();
    expect(sizeProblem({ ...sized(10), keys: 'k'.repeat(12_001) })).toBe(
      'The keys have 12001 bytes, and 12000 at most are served. Remove keys from spec.client.jwks.',
    );
  });
});

describe('what not every server takes, and people are told', () => {
  const here = `${BASE}/about`;
  const elsewhere = 'https://shop.example.com/about';
  test.each<[string, JsonObject, readonly string[] | undefined, string | undefined]>([
    ['nothing', {}, ['openid'], undefined],
    ['URLs of the same origin', { client_uri: here, post_logout_redirect_uris: [here] }, [], undefined],
    [
      'a URL of another origin',
      { logo_uri: elsewhere, client_uri: here },
      undefined,
      'It has URLs that are not at https://clients.example.com (logo_uri): Keycloak refuses it where it does not trust their hosts.',
    ],
    [
      'URLs of another origin for which one server refuses the document',
      { tos_uri: elsewhere, client_uri: elsewhere, post_logout_redirect_uris: [here, elsewhere] },
      undefined,
      'It has URLs that are not at https://clients.example.com (client_uri, post_logout_redirect_uris, tos_uri): better-auth refuses it for client_uri, post_logout_redirect_uris, and Keycloak refuses it where it does not trust their hosts.',
    ],
    ['scopes that the server names', { scope: 'read openid' }, ['openid', 'read'], undefined],
    ['scopes of a server that names none', { scope: 'read' }, undefined, undefined],
    [
      'scopes that the server does not name',
      { scope: 'openid a b' },
      ['openid'],
      'scopes_supported of the server lacks scopes that it asks for (a, b): node-oidc-provider and better-auth refuse a document with a scope that they do not know.',
    ],
    [
      'both',
      { scope: 'a', policy_uri: elsewhere },
      ['openid'],
      'It has URLs that are not at https://clients.example.com (policy_uri): Keycloak refuses it where it does not trust their hosts. scopes_supported of the server lacks scopes that it asks for (a): node-oidc-provider and better-auth refuse a document with a scope that they do not know.',
    ],
  ])('%s', (_, metadata, scopes, note) => {
    expect(metadataNote(URL_OF_APP, { ...METADATA, ...metadata }, scopes)).toBe(note);
  });
});

test('a withdrawal has another redirect URI and another key, and is in order itself', () => {
  const { body, keys } = withdrawalDocument(URL_OF_APP, KEY);
  const { client_id: url, jwks_uri: uri, ...metadata } = JSON.parse(body);
  expect([url, uri]).toEqual([URL_OF_APP, keysUrl(URL_OF_APP)]);
  expect(metadata).toEqual({
    client_name: 'Withdrawn',
    redirect_uris: [`${URL_OF_APP}/withdrawn`],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'private_key_jwt',
  });
  expect(keys).toBe(JSON.stringify({ keys: [KEY] }));
  expect(documentProblem(metadata, true)).toBeUndefined();
});
