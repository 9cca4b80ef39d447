import * as z from 'zod';
import { namesOf } from '../oauth/objects.ts';
import { SIGNING_ALGORITHMS } from '../oauth/signing-key.ts';
import { scopeToken } from './client-schema.ts';
import { list, objectName, type Rule, rules, secretKey, stringMap, text, url } from './schema.ts';

/** The credentials that admit the operator: at the registration endpoint, and where clients are managed with them. */

export const secretRef = (defaultKey: string) =>
  z.object({ name: objectName(), key: secretKey().default(defaultKey) });

const token = z.object({
  secretRef: secretRef('token'),
  scheme: z.enum(['Bearer', 'SSWS']).default('Bearer').meta({
    description: 'Authentication scheme of the Authorization header. SSWS is for API tokens of Okta.',
  }),
});

const basic = z.object({
  secretRef: z.object({
    name: objectName(),
    usernameKey: secretKey().default('username'),
    passwordKey: secretKey().default('password'),
  }),
});

/** A JWS algorithm (RFC 7518 section 3.1); never `none`. */
export const signingAlgorithm = () => z.enum(namesOf(SIGNING_ALGORITHMS));

const clientCredentials = z.object({
  secretRef: z.object({
    name: objectName(),
    clientIdKey: secretKey().default('client_id'),
    clientSecretKey: secretKey().default('client_secret'),
    privateKeyKey: secretKey().default('private_key'),
  }),
  authMethod: z
    .enum([
      'ClientSecretBasic',
      'ClientSecretPost',
      'ClientSecretJwt',
      'PrivateKeyJwt',
      'TlsClientAuth',
      'SelfSignedTlsClientAuth',
    ])
    .default('ClientSecretBasic')
    .meta({ description: 'How the operator authenticates at the token endpoint.' }),
  signing: z
    .object({
      algorithm: signingAlgorithm()
        .meta({ description: 'Default: HS256 for ClientSecretJwt, RS256 for PrivateKeyJwt.' })
        .optional(),
      keyId: text(256).optional(),
      audience: z
        .enum(['Issuer', 'TokenEndpoint'])
        .default('Issuer')
        .meta({ description: 'Audience of the assertion (RFC 7523 section 3).' }),
    })
    .meta({ description: 'Of the assertion, with ClientSecretJwt and PrivateKeyJwt.' })
    .optional(),
  scopes: list(scopeToken(), 32).meta({ description: 'Exactly the scopes to ask for.' }).optional(),
  resources: list(url(), 16).meta({ description: 'Resource indicators (RFC 8707).' }).optional(),
  parameters: stringMap(16, 2048)
    .meta({ description: 'Further parameters of the token request.', maxProperties: 16 })
    .optional(),
  reuse: z.enum(['Never', 'UntilRefused']).default('Never').meta({
    description:
      'Never: a fresh token for each registration, since some servers end a token at its first use. UntilRefused: a token is used until the server refuses it, or its expires_in is over.',
  }),
});

const atMostOne = (names: readonly string[]): string =>
  `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(x, x).size()`;

const CREDENTIALS = {
  initialAccessToken: token
    .meta({
      description: 'A fixed token (RFC 7591 section 3): initial access token, or one that people fetched.',
    })
    .optional(),
  basic: basic.meta({ description: 'HTTP Basic authentication.' }).optional(),
  clientCredentials: clientCredentials
    .meta({ description: 'An access token by client credentials (RFC 6749 section 4.4).' })
    .optional(),
};

const exactlyOne: Rule = {
  rule: `${atMostOne(['open', ...Object.keys(CREDENTIALS)])} == 1`,
  message: 'set exactly one of open, initialAccessToken, basic and clientCredentials',
};

export const admission = z
  .object({
    open: z.object({}).meta({ description: 'The endpoint is open: no credential is sent.' }).optional(),
    ...CREDENTIALS,
  })
  .meta({ description: 'How the registration endpoint admits the operator.', ...rules(exactlyOne) });

export const management = z
  .object({
    mode: z.enum(['Auto', 'RegistrationAccessToken', 'AdminToken', 'None']).default('Auto').meta({
      description:
        'With what a registered client is changed and deleted. Auto: with its registration access token, else with the credential given here, else not at all.',
    }),
    adminToken: token.meta({ description: 'A fixed token that manages every client.' }).optional(),
    basic: basic.meta({ description: 'HTTP Basic authentication that manages every client.' }).optional(),
    clientCredentials: clientCredentials
      .meta({ description: 'An access token by client credentials that manages every client.' })
      .optional(),
    configurationUrl: text(2048)
      .meta({
        description:
          'Where a client is managed: `AsReturned`, or a template with `{client_id}` and perhaps `{registration_endpoint}`. Default: what the dialect knows, else as returned.',
        ...rules({
          rule: "self == 'AsReturned' || self.contains('{client_id}')",
          message: 'must be AsReturned or a URL with {client_id} in it',
        }),
      })
      .optional(),
    allowedOrigins: list(url(), 8)
      .meta({
        description:
          'Further origins that may receive a registration access token, besides that of the registration endpoint.',
        'x-kubernetes-list-type': 'set',
      })
      .optional(),
  })
  .meta(
    rules(
      {
        rule: `${atMostOne(['adminToken', 'basic', 'clientCredentials'])} <= 1`,
        message: 'set at most one of adminToken, basic and clientCredentials',
      },
      {
        rule: `self.mode != 'AdminToken' || ${atMostOne(['adminToken', 'basic', 'clientCredentials'])} == 1`,
        message: 'mode AdminToken needs one of adminToken, basic and clientCredentials',
      },
    ),
  );

export type AdmissionSpec = z.infer<typeof admission>;
export type ManagementSpec = z.infer<typeof management>;
export type ClientCredentialsSpec = z.infer<typeof clientCredentials>;
