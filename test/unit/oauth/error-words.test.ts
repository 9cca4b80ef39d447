import { describe, expect, test } from 'vitest';
import { errorWords, saysError } from '../../../src/oauth/error-words.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

type Row = readonly [
  string,
  JsonObject,
  readonly [error: string | undefined, description: string | undefined],
];

const SHAPES: readonly Row[] = [
  ['RFC 7591', { error: 'invalid_redirect_uri', error_description: 'No.' }, ['invalid_redirect_uri', 'No.']],
  [
    'RFC 9457',
    { type: 'https://e.example/1', title: 'Not allowed', status: 403, detail: 'The tenant is closed' },
    [undefined, 'Not allowed: The tenant is closed'],
  ],
  ['RFC 9457, title alone', { type: 'about:blank', title: 'Forbidden' }, [undefined, 'Forbidden']],
  ['message alone', { message: 'Forbidden' }, [undefined, 'Forbidden']],
  [
    'Spring',
    { timestamp: '2026-01-01', status: 400, error: 'Bad Request', message: 'Bad URI', path: '/r' },
    ['Bad Request', 'Bad URI'],
  ],
  [
    'ASP.NET',
    {
      title: 'One or more validation errors occurred.',
      status: 400,
      errors: { redirect_uris: ['must be https', 'is too long'] },
    },
    [
      undefined,
      'One or more validation errors occurred.; redirect_uris: must be https; redirect_uris: is too long',
    ],
  ],
  [
    'Okta',
    {
      errorCode: 'E0000001',
      errorSummary: 'Api validation failed: redirect_uris',
      errorCauses: [{ errorSummary: 'redirect_uris: must be https' }],
    },
    ['E0000001', 'Api validation failed: redirect_uris; redirect_uris: must be https'],
  ],
  [
    'Auth0',
    { statusCode: 400, error: 'Bad Request', message: 'Payload validation error', errorCode: 'invalid_body' },
    ['invalid_body', 'Payload validation error'],
  ],
  [
    'SecureAuth',
    { error: 'no such method', error_code: 'invalid_client_metadata', details: {} },
    ['invalid_client_metadata', 'no such method'],
  ],
  [
    'a nested error object',
    { error: { code: 'E7', message: 'Quota reached', errors: [{ message: 'Ask sales' }] } },
    ['E7', 'Quota reached; Ask sales'],
  ],
  [
    'JSON:API',
    { errors: [{ status: '400', code: 'bad_uri', title: 'Bad URI', detail: 'No fragment' }] },
    ['bad_uri', 'Bad URI: No fragment'],
  ],
  ['a list of texts', { errors: ['first', 'second'] }, [undefined, 'first; second']],
  [
    'FastAPI',
    { detail: [{ loc: ['body', 'redirect_uris'], msg: 'field required', type: 'value_error' }] },
    [undefined, 'field required'],
  ],
  [
    'Apigee',
    { fault: { faultstring: 'Invalid key', detail: { errorcode: 'x' } } },
    [undefined, 'Invalid key'],
  ],
  [
    'Hydra',
    { error: 'invalid_request', error_description: 'Malformed', error_hint: 'Check the URI' },
    ['invalid_request', 'Malformed; Check the URI'],
  ],
  ['Keycloak', { errorMessage: 'Client exists' }, [undefined, 'Client exists']],
  ['an echo of the request', { client_name: 'x', redirect_uris: ['https://a'] }, [undefined, undefined]],
  ['the same sentence twice', { message: 'No', errors: ['No'] }, [undefined, 'No']],
  [
    'members of other types',
    { error: { a: 1 }, message: 7, errors: null, title: [] },
    [undefined, undefined],
  ],
];

describe('errorWords', () => {
  test.each(SHAPES)('%s', (_, document, [error, description]) => {
    expect({ error: undefined, description: undefined, ...errorWords(document) }).toEqual({
      error,
      description,
    });
  });

  test('reads at most four sentences', () => {
    expect(errorWords({ errors: ['a', 'b', 'c', 'd', 'e'] }).description).toBe('a; b; c; d');
  });
});

describe('saysError', () => {
  test.each<JsonObject>([
    { error: 'x' },
    { error: { message: 'x' } },
    { error: true },
    { errors: ['x'] },
    { errorCode: 'E1' },
    { error_description: 'x' },
    { success: false },
    { ok: false, message: 'x' },
    { status: 403, title: 'x' },
    { statusCode: 400 },
    { status: 'error' },
    { fault: { faultstring: 'x' } },
  ])('%j', (document) => {
    expect(saysError(document)).toBe(true);
  });

  test.each<JsonObject>([
    {},
    { error: null },
    { error: '' },
    { errors: [] },
    { errors: {} },
    { errorCode: 0 },
    { error: false },
    { status: 'pending', message: 'x' },
    { status: 200 },
    { message: 'registered' },
  ])('not %j', (document) => {
    expect(saysError(document)).toBe(false);
  });
});
