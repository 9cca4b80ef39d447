import { describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../src/oauth/http-message.ts';
import { deleteRequest, readRequest, registerRequest, updateRequest } from '../../src/oauth/registration.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

/** Everything that is sent, in plain text, so that it can be compared. */
function revealed({ method, url, headers, body }: HttpRequest) {
  const plain = (value: string | Sensitive | undefined) =>
    value instanceof Sensitive ? value.reveal() : value;
  return {
    method,
    url,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, plain(value)])),
    body: plain(body),
  };
}

const json = { accept: 'application/json', 'content-type': 'application/json' };
const endpoint = 'https://sso.example.com/register';
const management = {
  registrationClientUri: 'https://sso.example.com/register/c%201?tenant=a',
  registrationAccessToken: new Sensitive('rat-1'),
};

describe('a request to the registration endpoint', () => {
  test('carries the document as it is, and no token to an open endpoint', () => {
    const request = registerRequest(endpoint, { client_name: 'Shop', redirect_uris: [] });
    expect(revealed(request)).toEqual({
      method: 'POST',
      url: endpoint,
      headers: json,
      body: '{"client_name":"Shop","redirect_uris":[]}',
    });
  });

  test('carries the initial access token where there is one', () => {
    const request = registerRequest(endpoint, {}, new Sensitive('iat-1'));
    expect(revealed(request).headers).toEqual({ ...json, authorization: 'Bearer iat-1' });
  });

  test('prints neither token nor body', () => {
    const printed = JSON.stringify(registerRequest(endpoint, { software_id: 's3' }, new Sensitive('iat-1')));
    expect(printed).not.toMatch(/iat-1|s3/);
  });
});

describe('a request to the configuration endpoint', () => {
  test('updates with the document and the client_id, and with nothing that RFC 7592 forbids', () => {
    expect(revealed(updateRequest(management, 'c 1', { client_name: 'Shop', contacts: [] }))).toEqual({
      method: 'PUT',
      url: management.registrationClientUri,
      headers: { ...json, authorization: 'Bearer rat-1' },
      body: '{"client_name":"Shop","contacts":[],"client_id":"c 1"}',
    });
  });

  test.each([
    ['GET', readRequest],
    ['DELETE', deleteRequest],
  ] as const)('with %s goes to the address verbatim, without body and content type', (method, build) => {
    expect(revealed(build(management))).toEqual({
      method,
      url: 'https://sso.example.com/register/c%201?tenant=a',
      headers: { accept: 'application/json', authorization: 'Bearer rat-1' },
      body: undefined,
    });
  });
});
