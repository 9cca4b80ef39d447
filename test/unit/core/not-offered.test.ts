import { describe, expect, test } from 'vitest';
import { notOffered } from '../../../src/core/not-offered.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

const OFFERED = {
  token_endpoint_auth_method: ['client_secret_post', 'none'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code', 'code id_token'],
  id_token_signed_response_alg: ['RS256'],
};
const METHOD_OFFERED =
  "token_endpoint_auth_methods_supported of the server's discovery document offers only client_secret_post, none.";
const method = (asked: string, registered: string) => ({
  member: 'token_endpoint_auth_method',
  asked,
  registered,
});

describe('What the discovery document excludes', () => {
  test.each<readonly [JsonObject, string]>([
    [
      { token_endpoint_auth_method: 'client_secret_basic' },
      `The client asks for token_endpoint_auth_method client_secret_basic, and ${METHOD_OFFERED}`,
    ],
    [
      { grant_types: ['client_credentials', 'refresh_token', 'urn:x'] },
      "The client asks for grant_types client_credentials, urn:x, and grant_types_supported of the server's discovery document offers only authorization_code, refresh_token.",
    ],
    [
      { response_types: ['token'] },
      "The client asks for response_types token, and response_types_supported of the server's discovery document offers only code, code id_token.",
    ],
    [
      { id_token_signed_response_alg: 'ES256' },
      "The client asks for id_token_signed_response_alg ES256, and id_token_signing_alg_values_supported of the server's discovery document offers only RS256.",
    ],
  ])('is named with what is offered: %j', (document, note) => {
    expect(notOffered(document, OFFERED)).toBe(note);
  });

  test.each<readonly [string, JsonObject]>([
    ['is sent', {}],
    ['differs', { token_endpoint_auth_method: 'none', grant_types: ['authorization_code'] }],
    ['differs but the order of words', { response_types: ['id_token code'] }],
    ['has a list in the document', { subject_type: 'pairwise', scope: 'a', client_name: 'x' }],
  ])('is nothing where nothing %s', (_, document) => {
    expect(notOffered(document, OFFERED)).toBeUndefined();
  });

  test('is what the server registered, where that is something else than was sent', () => {
    const post = { token_endpoint_auth_method: 'client_secret_post' };
    const instead = method('client_secret_post', 'client_secret_jwt');
    expect(notOffered(post, OFFERED, [instead])).toBe(
      `The server registered token_endpoint_auth_method client_secret_jwt instead of client_secret_post, and ${METHOD_OFFERED}`,
    );
    const grants = { grant_types: ['refresh_token'] };
    const implicit = { member: 'grant_types', asked: '["refresh_token"]', registered: '["implicit"]' };
    expect(notOffered(grants, OFFERED, [implicit])).toContain('The server registered grant_types implicit');
  });

  test.each([
    ['the server registered a value that is offered', method('client_secret_basic', 'none'), false],
    ['the answer lacks the member', method('client_secret_basic', ''), true],
    ['the substitution is of another value, sent earlier', method('private_key_jwt', 'none'), true],
    ['the list of the answer was cut', { member: 'grant_types', asked: '["a"]', registered: '["b…' }, true],
  ])('where %s', (_, substitution, isExcluded) => {
    const document = { token_endpoint_auth_method: 'client_secret_basic', grant_types: ['a'] };
    const note = notOffered(document, OFFERED, [substitution]);
    expect(note?.includes('asks for token_endpoint_auth_method client_secret_basic') ?? false).toBe(
      isExcluded,
    );
    expect(note?.includes('asks for grant_types a,') ?? false).toBe(substitution.member !== 'grant_types');
  });

  test('is bounded, whatever server and client say', () => {
    const long = Array.from({ length: 64 }, (_, index) => `${index}${'x\u202e'.repeat(60)}`);
    const note = notOffered(
      { token_endpoint_auth_method: 'y'.repeat(200), grant_types: long, response_types: long },
      { token_endpoint_auth_method: long, grant_types: ['a'], response_types: ['b'] },
    );
    expect(note?.length).toBeLessThanOrEqual(1001);
    expect(note).toContain('and 52 more');
    expect(note).not.toContain('\u202e');
  });
});
