import type { RegistrationContent } from '../../src/core/content.ts';
import { effectiveDialect } from '../../src/dialects/presets.ts';
import { rfc7591 } from '../../src/dialects/rfc7591.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

/** What a server answered, in full and at the least. */

export const content: RegistrationContent = {
  information: {
    clientId: 'c1',
    clientSecret: new Sensitive('canary-secret'),
    clientSecretExpiresAt: 1_800_000_000,
    registrationAccessToken: new Sensitive('canary-token'),
    registrationClientUri: 'https://sso.example.com/register/c1?x=%20',
    metadata: { client_name: 'クライアント名', redirect_uris: ['https://a'], nested: { a: [null, 1.5] } },
  },
  sent: { client_name: 'Client', response_types: [] },
  registrationEndpoint: 'https://sso.example.com/register',
  allowedOrigins: ['https://manage.example.com'],
  endpoints: { token: 'https://sso.example.com/token' },
  dialect: effectiveDialect('curity'),
  ca: '-----BEGIN CERTIFICATE-----',
  keys: [
    {
      kid: 'k1',
      privateJwk: new Sensitive('{"kty":"EC","d":"canary-key"}'),
      privatePem: new Sensitive('-----BEGIN PRIVATE KEY-----canary-key'),
      publicJwk: { kty: 'EC', kid: 'k1' },
      createdAt: '2026-05-01T11:00:00Z',
    },
  ],
};

export const bare: RegistrationContent = {
  information: { clientId: 'c1', metadata: {} },
  sent: {},
  registrationEndpoint: 'https://sso.example.com/register',
  allowedOrigins: [],
  endpoints: {},
  dialect: rfc7591,
  keys: [],
};

/** In plain text: two values that are wrapped always look equal to `toEqual`. */
export const revealed = (given: RegistrationContent | undefined) =>
  given && {
    ...given,
    information: {
      ...given.information,
      clientSecret: given.information.clientSecret?.reveal(),
      registrationAccessToken: given.information.registrationAccessToken?.reveal(),
    },
    keys: given.keys.map((key) => ({
      ...key,
      privateJwk: key.privateJwk.reveal(),
      privatePem: key.privatePem.reveal(),
    })),
  };
