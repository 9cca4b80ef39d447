import { describe, expect, test } from 'vitest';
import type { HttpRequest } from '../../../src/oauth/http-message.ts';
import {
  deleteRequest,
  jsonBody,
  readRequest,
  registerRequest,
  tokenAuthorization,
  updateRequest,
} from '../../../src/oauth/registration.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

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
const address = {
  url: 'https://sso.example.com/register/c%201?tenant=a',
  authorization: tokenAuthorization(new Sensitive('rat-1')),
};

describe('tokenAuthorization', () => {
  test.each([
    ['is a bearer token where nothing else is said', undefined, 'Bearer t1'],
    ["takes a scheme of the server's own", 'SSWS', 'SSWS t1'],
  ])('%s', (_, scheme, value) => {
    expect(tokenAuthorization(new Sensitive('t1'), scheme).reveal()).toBe(value);
  });
});

describe('a request to the registration endpoint', () => {
  test('carries the document as it is, and no token to an open endpoint (rule 39)', () => {
    const body = jsonBody({ client_name: 'Shop', redirect_uris: [] });
    expect(revealed(registerRequest(endpoint, body, undefined))).toEqual({
      method: 'POST',
      url: endpoint,
      headers: json,
      body: '{"client_name":"Shop","redirect_uris":[]}',
    });
  });

  test.each([
    ['a token', 'Bearer iat-1'],
    ['Basic credentials', 'Basic dTpw'],
  ])('carries %s where there is one', (_, authorization) => {
    const request = registerRequest(endpoint, jsonBody({}), new Sensitive(authorization));
    expect(revealed(request)).toEqual({
      method: 'POST',
      url: endpoint,
      headers: { ...json, authorization },
      body: '{}',
    });
  });

  test('carries a signed body under its own content type (rule 5)', () => {
    const signed = { content: new Sensitive('aaa.bbb.ccc'), contentType: 'application/jwt' };
    expect(revealed(registerRequest(endpoint, signed, undefined))).toEqual({
      method: 'POST',
      url: endpoint,
      headers: { accept: 'application/json', 'content-type': 'application/jwt' },
      body: 'aaa.bbb.ccc',
    });
  });

  test('prints neither token nor body', () => {
    const request = registerRequest(endpoint, jsonBody({ software_id: 's3' }), new Sensitive('iat-1'));
    expect(JSON.stringify(request)).not.toMatch(/iat-1|s3/);
  });
});

describe('a request to the configuration endpoint', () => {
  test('updates with the document as it is', () => {
    const body = jsonBody({ client_name: 'Shop', contacts: [], client_id: 'c 1' });
    expect(revealed(updateRequest(address, body))).toEqual({
      method: 'PUT',
      url: address.url,
      headers: { ...json, authorization: 'Bearer rat-1' },
      body: '{"client_name":"Shop","contacts":[],"client_id":"c 1"}',
    });
  });

  test.each([
    ['GET', readRequest],
    ['DELETE', deleteRequest],
  ] as const)(
    'with %s goes to the address verbatim, without body and content type (rule 19)',
    (method, build) => {
      expect(revealed(build(address))).toEqual({
        method,
        url: 'https://sso.example.com/register/c%201?tenant=a',
        headers: { accept: 'application/json', authorization: 'Bearer rat-1' },
        body: undefined,
      });
    },
  );

  test('prints no token', () => {
    expect(JSON.stringify([updateRequest(address, jsonBody({})), readRequest(address)])).not.toMatch(/rat-1/);
  });
});
