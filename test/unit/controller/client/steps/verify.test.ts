import { describe, expect, test } from 'vitest';
import type { HttpOutcome } from '../../../../../src/controller/ports.ts';
import type { ServerConnection } from '../../../../../src/core/connection.ts';
import { credentialVersion } from '../../../../../src/core/verification.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import { answered, createFakeJwt, readJws, type SentRequest } from '../../../../kit/fakes/fake-ports.ts';
import {
  DONE,
  NAME,
  NO_ANSWER,
  setbacksOf,
  type TakeOptions,
  take,
} from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  recorded,
  registrationSecret,
  stored,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { connection, NOW } from '../../../../kit/fixtures/observations.ts';
import { answeredError } from '../../../../kit/fixtures/outcomes.ts';

const verification = {
  ...connection.verification,
  mode: 'Report',
  revocationEndpoint: 'https://sso.example.com/revoke',
} as const;

interface Given extends TakeOptions<'Verify'> {
  /** What the server registered. */
  readonly metadata?: Readonly<Record<string, string | readonly string[]>>;
  readonly content?: Partial<typeof stored>;
  readonly connection?: Partial<ServerConnection>;
}

const objectsOf = ({ metadata = {}, content = {} }: Given) => {
  const information = { ...stored.information, metadata: metadata as typeof stored.information.metadata };
  return [
    ...surroundings(),
    clientObject(),
    registrationSecret(recorded(), { ...stored, information, ...content }),
    workloadSecret(),
  ];
};

const verify = (given: Given = {}) =>
  take('Verify', {
    objects: objectsOf(given),
    server: { connection: { ...connection, verification, ...given.connection } },
    ...given,
  });

const BY_ITSELF = { grant_types: ['client_credentials'], scope: 'openid data-read data-write' };
const TOKEN = answered(200, { access_token: 'canary-access', token_type: 'Bearer', expires_in: 60 });
const REVOKED = answered(200, {});
const invalidClient = (description?: string) => answeredError(401, 'invalid_client', description);
const MADE_UP = 'gggggggggggggggggggggggggg';

const formOf = ({ body = '' }: SentRequest): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body));
const authorizationOf = ({ headers }: SentRequest): string | undefined => headers['authorization'];

describe('A client with the grant client_credentials', () => {
  test('requests a token for one scope by its own secret, and revokes it; nothing is written', async () => {
    const taken = await verify({ metadata: BY_ITSELF, outcomes: [TOKEN, REVOKED] });
    const [asked, revoked] = taken.http.sent;
    expect(taken.http.sent.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST https://sso.example.com/token',
      'POST https://sso.example.com/revoke',
    ]);
    expect(asked && formOf(asked)).toEqual({ grant_type: 'client_credentials', scope: 'data-read' });
    expect(revoked && formOf(revoked)).toEqual({
      token: 'canary-access',
      token_type_hint: 'access_token',
    });
    const basic = `Basic ${Buffer.from('c1:secret-1').toString('base64')}`;
    expect(taken.http.sent.map(authorizationOf)).toEqual([basic, basic]);
    expect([taken.result, taken.wrote, taken.told, taken.lines, taken.ledger.begun]).toEqual([
      DONE,
      [],
      [],
      [],
      [],
    ]);
    expect(taken.memory.probe(taken.round.key)).toMatchObject({
      result: 'Verified',
      message: 'The server accepts the credential of client c1: the token endpoint gave it an access token.',
    });
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('asks for no scope where it has none but those about users', async () => {
    const metadata = { ...BY_ITSELF, scope: 'openid profile' };
    const { http } = await verify({ metadata, outcomes: [TOKEN, REVOKED] });
    expect(http.sent[0] && formOf(http.sent[0])).toEqual({ grant_type: 'client_credentials' });
  });

  test('is verified also where the token can not be revoked: the log says so, without the token', async () => {
    const refused = answeredError(400, 'unsupported_token_type', 'canary-access is no such token');
    const taken = await verify({ metadata: BY_ITSELF, outcomes: [TOKEN, refused] });
    expect(taken.memory.probe(taken.round.key)).toMatchObject({ result: 'Verified' });
    expect(taken.lines).toEqual([
      expect.stringMatching(/^info an access token that showed that a credential works was not revoked \{/),
    ]);
    expect(taken.lines.join()).toContain('unsupported_token_type');
    expect(taken.lines.join()).not.toContain('canary');
  });

  test('needs one call where the server has no revocation endpoint', async () => {
    const { http, memory, round } = await verify({
      metadata: BY_ITSELF,
      outcomes: [TOKEN],
      connection: { verification: { ...verification, revocationEndpoint: undefined } },
    });
    expect(http.sent).toHaveLength(1);
    expect(memory.probe(round.key)).toMatchObject({ result: 'Verified' });
  });

  test.each(['client_secret_post', 'client_secret_jwt', 'private_key_jwt'])(
    'authenticates by %s',
    async (method) => {
      const key = {
        kid: 'k1',
        privateJwk: new Sensitive('{"d":"canary"}'),
        privatePem: new Sensitive('canary'),
        publicJwk: { alg: 'ES384' },
        createdAt: '2026-05-01T11:00:00Z',
      };
      const { http } = await verify({
        metadata: { ...BY_ITSELF, token_endpoint_auth_method: method },
        content: { keys: [key] },
        outcomes: [TOKEN, REVOKED],
      });
      const forms = http.sent.map(formOf);
      expect(http.sent.map(authorizationOf)).toEqual([undefined, undefined]);
      expect(forms.map(({ client_id: id }) => id)).toEqual(['c1', 'c1']);
      const assertions = forms.map(({ client_assertion: jws }) =>
        jws === undefined ? [] : readJws(jws).slice(0, 2),
      );
      const signedBy = (alg: string, kid?: string) => [
        { alg, ...(kid === undefined ? {} : { kid }) },
        expect.objectContaining({ iss: 'c1', sub: 'c1', aud: 'https://sso.example.com' }),
      ];
      expect({ secrets: forms.map(({ client_secret: secret }) => secret), assertions }).toEqual(
        {
          client_secret_post: { secrets: ['secret-1', 'secret-1'], assertions: [[], []] },
          client_secret_jwt: {
            secrets: [undefined, undefined],
            assertions: [signedBy('HS256'), signedBy('HS256')],
          },
          private_key_jwt: {
            secrets: [undefined, undefined],
            assertions: [signedBy('ES384', 'k1'), signedBy('ES384', 'k1')],
          },
        }[method],
      );
    },
  );

  test('is asked a second time where the server may want another audience', async () => {
    const { http, memory, round } = await verify({
      metadata: { ...BY_ITSELF, token_endpoint_auth_method: 'client_secret_jwt' },
      outcomes: [invalidClient(), TOKEN, REVOKED],
    });
    const audiences = http.sent.map((sent) => readJws(formOf(sent)['client_assertion'] ?? '')[1]?.['aud']);
    const token = 'https://sso.example.com/token';
    expect(audiences).toEqual(['https://sso.example.com', token, token]);
    expect(memory.probe(round.key)).toMatchObject({ result: 'Verified' });
  });
});

describe('A client of users', () => {
  test.each<readonly [string, readonly string[], Record<string, string>, string]>([
    [
      'a refresh token that is made up',
      ['authorization_code', 'refresh_token'],
      { grant_type: 'refresh_token', refresh_token: MADE_UP },
      'refresh token',
    ],
    [
      'a code that is made up, where it has no refresh tokens',
      ['authorization_code'],
      {
        ...{ grant_type: 'authorization_code', code: MADE_UP, redirect_uri: 'https://shop.example.com/cb' },
        code_verifier: MADE_UP + MADE_UP,
      },
      'authorization code',
    ],
  ])('offers %s: invalid_grant is good', async (_, grants, form, what) => {
    const { http, memory, round } = await verify({
      metadata: { grant_types: grants, redirect_uris: ['https://shop.example.com/cb'] },
      outcomes: [answeredError(400, 'invalid_grant')],
    });
    expect(http.sent.map(formOf)).toEqual([form]);
    expect(memory.probe(round.key)).toMatchObject({
      result: 'Verified',
      message: `The server accepts the credential of client c1: the token endpoint refused only the ${what} that was made up.`,
    });
  });

  test('that is public shows that the server knows it', async () => {
    const { http, memory, round } = await verify({
      metadata: { grant_types: ['refresh_token'], token_endpoint_auth_method: 'none' },
      outcomes: [answeredError(400, 'invalid_grant')],
    });
    expect(http.sent.map(formOf)).toEqual([
      { grant_type: 'refresh_token', refresh_token: MADE_UP, client_id: 'c1' },
    ]);
    expect(memory.probe(round.key)).toMatchObject({
      result: 'Verified',
      message:
        'The server knows client c1, which is public and has no credential: the token endpoint refused only the refresh token that was made up.',
    });
  });
});

describe('An answer that shows nothing', () => {
  const CURE =
    'What may pass is tried again. Else have the workload request a token, which shows it. Where verification.mode of the server object is Gate, clients of this kind need Report.';
  const UNKNOWN = 'It is not known whether the server accepts the credential of client c1:';

  test.each<readonly [string, Given, string]>([
    [
      'another error of the token endpoint',
      { metadata: BY_ITSELF, outcomes: [answeredError(400, 'unauthorized_client')] },
      'The token endpoint answered 400 unauthorized_client.',
    ],
    [
      'a certificate of the client',
      { metadata: { token_endpoint_auth_method: 'tls_client_auth' } },
      "The operator can't try the credential: it authenticates with a certificate that the operator does not have.",
    ],
    [
      'keys of the client',
      { metadata: { token_endpoint_auth_method: 'private_key_jwt' } },
      "The operator can't try the credential: it authenticates with a key that the operator does not have.",
    ],
    [
      'a method that nobody knows',
      { metadata: { token_endpoint_auth_method: 'attest_jwt_client_auth' } },
      "The operator can't try the credential: its authentication method attest_jwt_client_auth is one that the operator does not perform.",
    ],
    [
      'no token endpoint',
      { connection: { verification: { ...verification, tokenEndpoint: undefined } } },
      "The operator can't try the credential: the server publishes no token endpoint.",
    ],
    [
      'a token endpoint elsewhere',
      { connection: { verification: { ...verification, foreignOrigin: 'https://evil.example' } } },
      "The operator can't try the credential: the discovered token endpoint is at https://evil.example, another origin than the issuer's, and no credential is sent there. If you trust it, set spec.endpoints.token of the server object.",
    ],
  ])('is said: %s', async (_, given, words) => {
    const taken = await verify(given);
    expect(taken.memory.probe(taken.round.key)).toMatchObject({
      result: 'VerificationInconclusive',
      message: `${UNKNOWN} ${words} ${CURE}`,
    });
    expect(taken.http.sent).toHaveLength(given.outcomes?.length ?? 0);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test.each<readonly [string, HttpOutcome, string]>([
    ['a failure of the server', answered(503), 'The token endpoint answered status 503.'],
    ['no answer', NO_ANSWER, 'No answer in time.'],
    [
      'a firewall',
      answered(403, '<html>', { 'content-type': 'text/html' }),
      'The token endpoint answered status 403 with text/html.',
    ],
  ])('passes, and is tried again after growing pauses: %s', async (_, outcome, words) => {
    const taken = await verify({ metadata: BY_ITSELF, outcomes: [outcome] });
    expect(setbacksOf(taken)).toMatchObject([
      {
        action: 'Verify',
        kind: 'Transient',
        reason: 'VerificationInconclusive',
        message: `The credential of client c1 could not be tried: ${words} ${CURE}`,
        retryAt: NOW + 2_000,
      },
    ]);
    expect(taken.memory.probe(taken.round.key)).toBeUndefined();
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + 2_000 });
  });

  test('is a limit of the server: no other client is tried either, for a minute at most', async () => {
    const limited = answered(429, '', { 'retry-after': '600' });
    const taken = await verify({ metadata: BY_ITSELF, outcomes: [limited] });
    expect(setbacksOf(taken)).toMatchObject([{ retryAt: NOW + 600_000 }]);
    const other = await verify({
      metadata: BY_ITSELF,
      before: ({ memory }) =>
        memory.pauseProbes('ClusterAuthorizationServer/corporate' as never, NOW + 60_000),
    });
    expect(other.http.sent).toEqual([]);
    expect(setbacksOf(other)).toMatchObject([
      {
        message: `The credential of client c1 could not be tried: The token endpoint asked for fewer requests. ${CURE}`,
        retryAt: NOW + 60_000,
      },
    ]);
  });

  test('is a key that can not sign', async () => {
    const { SigningError } = await import('../../../../../src/oauth/signing-key.ts');
    const sign = async () => Promise.reject(new SigningError('the secret is too short for HS256'));
    const taken = await verify({
      metadata: { ...BY_ITSELF, token_endpoint_auth_method: 'client_secret_jwt' },
      parts: { jwt: createFakeJwt({ sign }) },
    });
    expect(taken.memory.probe(taken.round.key)?.message).toBe(
      `${UNKNOWN} The key of the client can't sign: the secret is too short for HS256. ${CURE}`,
    );
  });
});

describe('A credential that the server refuses', () => {
  const before: NonNullable<Given['before']> = ({ memory, round, observe }) => {
    const [{ registrationSecret: name, revision }] = observe().records as [ReturnType<typeof recorded>];
    memory.probed(round.key, {
      credential: credentialVersion({ registrationSecret: name, revision }),
      result: 'CredentialRefused',
      times: 1,
      message: 'The server refuses it.',
      at: NOW - 10_000,
    });
  };
  const again = (given: Given) => verify({ metadata: BY_ITSELF, before, ...given });
  const information = {
    ...{ client_id: 'c1', client_secret: 'secret-1', registration_access_token: 'token-1' },
    ...{ registration_client_uri: 'https://sso.example.com/register/c1', client_name: 'Storefront' },
  };

  test('is tried again after ten seconds before it counts', async () => {
    const taken = await verify({ metadata: BY_ITSELF, outcomes: [invalidClient()] });
    expect(taken.memory.probe(taken.round.key)).toMatchObject({ result: 'CredentialRefused', times: 1 });
    expect(taken.told).toEqual([]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + 10_000 });
  });

  test('is told when the server refuses it again and still knows the client', async () => {
    const taken = await again({ outcomes: [invalidClient('Bad secret-1'), answered(200, information)] });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['POST', 'GET']);
    expect(taken.memory.probe(taken.round.key)).toMatchObject({
      result: 'CredentialRefused',
      times: 2,
      message:
        'The server refuses the credential of client c1: The token endpoint answered 401 invalid_client; its words are for the platform team. Look whether somebody changed the credential of the client at the server. For another client: annotation oauth-registrar.dev/rotate-requested-at. After a change at the server: annotation oauth-registrar.dev/reconcile-requested-at.',
    });
    expect(taken.told).toEqual(['Warning CredentialRefused Verify']);
    expect(taken.lines.join()).not.toContain('secret-1');
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('heals where a read brings the secret that the server has', async () => {
    const taken = await again({
      outcomes: [invalidClient(), answered(200, { ...information, client_secret: 'secret-2' })],
      connection: { dialect: { ...connection.dialect, secretOnRead: 'Trust' } },
    });
    expect(taken.wrote).toEqual([`patch Secret oauth-registrar-system/${NAME}`]);
    expect(taken.next()).toMatchObject({ type: 'Publish' });
  });

  test.each<readonly [string, HttpOutcome]>([
    ['refuses its registration access token, too', answeredError(401, 'invalid_token')],
    ['says that there is no such client', answeredError(401, 'client_not_found')],
  ])('means that the client is forgotten where the server %s', async (_, answer) => {
    const taken = await again({ outcomes: [invalidClient(), answer] });
    expect(taken.memory.probe(taken.round.key)).toMatchObject({
      result: 'ClientForgotten',
      message:
        "The server says that it doesn't know client c1 any more: The token endpoint answered 401 invalid_client. See the condition Ready.",
    });
    expect(taken.told.at(-1)).toBe('Warning ClientForgotten Read');
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'ClientForgotten' });
  });

  test('of a client that can not be read is forgotten by the words of the token endpoint alone', async () => {
    const unmanaged = { management: { ...connection.management, mode: 'None' } } as const;
    const words =
      'Client authentication failed (e.g., unknown client). The requested OAuth 2.0 Client does not exist.';
    const forgotten = await again({ outcomes: [invalidClient(words)], connection: unmanaged });
    expect(forgotten.memory.probe(forgotten.round.key)).toMatchObject({ result: 'ClientForgotten' });
    const other = 'Client authentication failed (e.g., unknown client). The password does not fit.';
    const refused = await again({ outcomes: [invalidClient(other)], connection: unmanaged });
    expect(refused.memory.probe(refused.round.key)).toMatchObject({ result: 'CredentialRefused' });
  });

  test('is refused by 401 unauthorized_client, too, where the words say that the client is invalid: Keycloak', async () => {
    const words = 'Invalid client or Invalid client credentials';
    const refused = answeredError(401, 'unauthorized_client', words);
    const taken = await verify({ metadata: BY_ITSELF, outcomes: [refused] });
    expect(taken.memory.probe(taken.round.key)).toMatchObject({ result: 'CredentialRefused', times: 1 });
    const grant = answeredError(401, 'unauthorized_client', 'Client not enabled to retrieve service account');
    const other = await verify({ metadata: BY_ITSELF, outcomes: [grant] });
    expect(other.memory.probe(other.round.key)).toMatchObject({ result: 'VerificationInconclusive' });
  });

  test('is over as soon as the server accepts it', async () => {
    const taken = await again({ outcomes: [TOKEN, REVOKED] });
    expect(taken.memory.probe(taken.round.key)).toMatchObject({ result: 'Verified', times: 1 });
  });
});

test('Nothing is sent while other calls have to go first, and it is tried again soon', async () => {
  const taken = await verify({
    metadata: BY_ITSELF,
    parts: { lead: { held: () => false } },
  });
  expect(taken.http.sent).toEqual([]);
  expect(setbacksOf(taken)).toMatchObject([{ action: 'Verify', retryAt: NOW + 2_000 }]);
});
