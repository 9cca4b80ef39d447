import { describe, expect, test } from 'vitest';
import { forgetToken, managementAddress } from '../../../../src/controller/calls/management-token.ts';
import type { HttpOutcome } from '../../../../src/controller/ports.ts';
import { ReusableTokens } from '../../../../src/controller/state/reusable-tokens.ts';
import type { ClientCredentials } from '../../../../src/core/connection.ts';
import type { Failure } from '../../../../src/core/failure.ts';
import type { ManagementCredential } from '../../../../src/core/management.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import type { ManagementAddress } from '../../../../src/oauth/registration.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import {
  answered,
  anyServers,
  contextOf,
  createFakeHttp,
  createFakeJwt,
  createRandom,
} from '../../../kit/fakes/fake-ports.ts';
import { plain } from '../../../kit/fixtures/credentials.ts';
import { connection } from '../../../kit/fixtures/observations.ts';

const URL = 'https://sso.example.com/register/c1';
const SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
const rat: ManagementCredential = { kind: 'RegistrationAccessToken', token: new Sensitive('rat-1') };
const admin: ManagementCredential = { kind: 'Token', scheme: 'SSWS', token: new Sensitive('admin-1') };
const basic: ManagementCredential = { kind: 'Basic', username: 'u', password: new Sensitive('p') };
const grant: ClientCredentials = {
  kind: 'ClientCredentials',
  clientId: 'registrar',
  authentication: { method: 'client_secret_post', clientSecret: new Sensitive('s') },
  scopes: ['dcrm'],
  resources: [],
  parameters: {},
  reuse: 'UntilRefused',
};

function operator(...outcomes: readonly HttpOutcome[]) {
  const http = createFakeHttp(...outcomes);
  const clock = createFakeClock();
  const tokens = new ReusableTokens(clock);
  const context = contextOf({
    http,
    tokens,
    servers: anyServers,
    jwt: createFakeJwt(),
    clock,
    random: createRandom(),
  });
  const ask = async (credential: ManagementCredential, terms: typeof connection | undefined) =>
    authorizationIn(
      await managementAddress({ kind: 'Managed', url: URL, credential }, SERVER, terms, context),
    );
  return { http, context, ask };
}

/** The value of the header; a failure as it is. */
function authorizationIn(address: ManagementAddress | Failure): unknown {
  if ('kind' in address) {
    return address;
  }
  expect(address.url).toBe(URL);
  return plain(address.authorization);
}

const token = (value: string) => answered(200, { access_token: value, token_type: 'Bearer' });

describe('what admits to a registered client', () => {
  test.each([
    ['its own token', rat, 'Bearer rat-1'],
    ['a fixed token that manages all (rule 7)', admin, 'SSWS admin-1'],
    ['Basic (rule 7)', basic, `Basic ${Buffer.from('u:p').toString('base64')}`],
  ])('is %s', async (_, credential, authorization) => {
    const { http, ask } = operator();
    expect(await ask(credential, connection)).toBe(authorization);
    expect(http.sent).toEqual([]);
  });

  test('is its own token also where the server object is gone', async () => {
    expect(await operator().ask(rat, undefined)).toBe('Bearer rat-1');
  });

  test('is a token that is obtained, and kept until it is refused (rule 7)', async () => {
    const { http, context, ask } = operator(token('t1'), token('t2'));
    expect(await ask(grant, connection)).toBe('Bearer t1');
    expect(await ask(grant, connection)).toBe('Bearer t1');
    forgetToken(grant, SERVER, context);
    expect(await ask(grant, connection)).toBe('Bearer t2');
    expect(http.sent.map(({ url }) => url)).toEqual([
      'https://sso.example.com/token',
      'https://sso.example.com/token',
    ]);
  });

  test.each([
    ['a fixed token', admin],
    ['Basic', basic],
    ['an obtained token', grant],
  ])('is not known without the server object: %s', async (_, credential) => {
    expect(await operator().ask(credential, undefined)).toEqual({
      kind: 'Transient',
      reason: 'AuthorizationServerNotAvailable',
      message: "The server object, whose credential manages its clients, isn't ready",
      serverTrouble: false,
      unsent: true,
    });
  });

  test('is reported as missing if the token endpoint refuses', async () => {
    const { ask } = operator(answered(401, { error: 'invalid_client' }));
    expect(await ask(grant, connection)).toEqual({
      kind: 'TokenRefused',
      reason: 'AdmissionTokenFailed',
      message: 'The token endpoint answered 401 invalid_client',
      detail: 'The token endpoint answered 401 invalid_client (POST https://sso.example.com/token)',
      isClientRefused: true,
      serverTrouble: false,
    });
  });
});

describe('a token that was refused', () => {
  test.each([
    ["the client's own", rat],
    ['a fixed one', admin],
  ])('stays what it is: %s', async (_, credential) => {
    const { context, ask } = operator();
    forgetToken(credential, SERVER, context);
    expect(await ask(credential, connection)).toMatch(/(rat|admin)-1$/);
  });
});
