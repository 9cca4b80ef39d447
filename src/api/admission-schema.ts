import * as z from 'zod';
import { namesOf } from '../oauth/objects.ts';
import { SIGNING_ALGORITHMS } from '../oauth/signing-key.ts';
import { URL_PATTERN } from '../oauth/url.ts';
import { scopeToken } from './client-schema.ts';
import {
  celText,
  described,
  rules,
  secretKeyHolding,
  secretName,
  set,
  stringMap,
  text,
  url,
  type ValidationRule,
} from './schema.ts';

/** The credentials that admit the operator: at the registration endpoint, and where clients are managed with them. */

const LABELLED =
  'A Secret with the label `oauth-registrar.dev/credential: "true"`, in the namespace of this object; for a ClusterAuthorizationServer, in that of the operator.';

export const secretRef = (defaultKey: string) =>
  z
    .object({ name: secretName(), key: secretKeyHolding('the value', defaultKey) })
    .meta({ description: LABELLED });

const token = z.object({
  secretRef: secretRef('token'),
  scheme: z.enum(['Bearer', 'SSWS']).default('Bearer').meta({
    description: 'Authentication scheme of the Authorization header. SSWS is for API tokens of Okta.',
  }),
});

const basic = z.object({
  secretRef: z
    .object({
      name: secretName(),
      usernameKey: secretKeyHolding('the user', 'username'),
      passwordKey: secretKeyHolding('the password', 'password'),
    })
    .meta({ description: LABELLED }),
});

/** A JWS algorithm (RFC 7518 section 3.1); never `none`. */
export const signingAlgorithm = () => z.enum(namesOf(SIGNING_ALGORITHMS));

const ASSERTION_METHODS = ['client_secret_jwt', 'private_key_jwt'] as const;
/** RFC 8705 section 2. */
export const CERTIFICATE_METHODS = ['tls_client_auth', 'self_signed_tls_client_auth'] as const;
/** RFC 7523, with a token that the cluster issues for a ServiceAccount: not in the IANA registry. */
export const SERVICE_ACCOUNT_TOKEN = 'ServiceAccountToken';
const AUTH_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  ...ASSERTION_METHODS,
  ...CERTIFICATE_METHODS,
  SERVICE_ACCOUNT_TOKEN,
] as const;
/** They need no Secret. */
const METHODS_WITHOUT_SECRET = JSON.stringify([...CERTIFICATE_METHODS, SERVICE_ACCOUNT_TOKEN]);

const grant = z.object({
  clientId: text(2048)
    .meta({
      description: 'Client identifier of the operator, like `registrar`. Default: the value in the Secret.',
    })
    .optional(),
  secretRef: z
    .object({
      name: secretName(),
      clientIdKey: secretKeyHolding('the client identifier', 'client_id'),
      clientSecretKey: secretKeyHolding('the client secret', 'client_secret'),
      privateKeyKey: secretKeyHolding('the private key', 'private_key'),
    })
    .meta({
      description:
        'Secret with the client identifier, unless clientId is set, and with what authMethod needs: a client secret or a private key (PEM or JWK). It needs the label `oauth-registrar.dev/credential: "true"`.',
    })
    .optional(),
  authMethod: z.enum(AUTH_METHODS).default('client_secret_basic').meta({
    description:
      'How the operator authenticates at the token endpoint, as the IANA registry "OAuth Token Endpoint Authentication Methods" spells it. ServiceAccountToken, of a ClusterAuthorizationServer: by a token that the cluster issues for the ServiceAccount oauth-registrar-assertion (RFC 7523).',
  }),
  signing: z
    .object({
      algorithm: signingAlgorithm()
        .meta({
          description:
            'JWS algorithm, like ES256. Default: HS256 for client_secret_jwt, RS256 for private_key_jwt.',
        })
        .optional(),
      keyId: described(
        text(256),
        'Header `kid` of the assertion, which names the key. Default: that of a JWK, else none.',
      ).optional(),
      audience: z.enum(['Issuer', 'TokenEndpoint']).default('Issuer').meta({
        description:
          'Audience of the assertion (RFC 7523 section 3): the issuer, or the URL of the token endpoint.',
      }),
    })
    .meta({ description: 'How the assertion is signed, with client_secret_jwt and private_key_jwt.' })
    .optional(),
  scopes: set(scopeToken(), 32)
    .meta({ description: 'Scopes to ask for, and no others, like `[dcr]`. Default: none.' })
    .optional(),
  resources: set(url(), 16)
    .meta({
      description: 'Resource indicators (RFC 8707), like `[https://api.example.com]`. Default: none.',
    })
    .optional(),
  parameters: stringMap(16, 2048)
    .meta({
      description:
        'Further parameters of the token request, like `audience: https://api.example.com`. Default: none.',
    })
    .optional(),
  reuse: z.enum(['Never', 'UntilRefused']).default('Never').meta({
    description:
      'Never: a fresh token for each registration, since some servers end a token at its first use. UntilRefused: a token is used until the server refuses it, or its expires_in is over.',
  }),
});

const clusterGrant = grant.extend({
  audience: text(2048)
    .meta({
      description:
        'Audience of the token with authMethod ServiceAccountToken. Another one than the issuer must be listed in the flag --assertion-audiences of the operator; an audience of the API server is always refused. Default: issuer.',
    })
    .optional(),
});

const OF_GRANT = [
  {
    rule: `has(self.clientId) || has(self.secretRef) || self.authMethod == '${SERVICE_ACCOUNT_TOKEN}'`,
    message: 'set secretRef, or clientId where authMethod needs no Secret',
  },
  {
    rule: `has(self.secretRef) || self.authMethod in ${METHODS_WITHOUT_SECRET}`,
    message: 'set secretRef: this authMethod needs a client secret or a private key',
  },
  {
    rule: `!has(self.secretRef) || self.authMethod != '${SERVICE_ACCOUNT_TOKEN}'`,
    message: 'authMethod ServiceAccountToken needs no Secret: remove secretRef',
  },
  {
    rule: `!has(self.signing) || self.authMethod in ${JSON.stringify(ASSERTION_METHODS)}`,
    message: 'signing is for authMethod client_secret_jwt and private_key_jwt: remove it, or set one of them',
  },
  {
    rule: "!has(self.signing) || !has(self.signing.algorithm) || self.signing.algorithm.startsWith('HS') == (self.authMethod == 'client_secret_jwt')",
    message:
      'client_secret_jwt signs by HS256, HS384 or HS512, private_key_jwt by any other: correct signing.algorithm',
  },
];

const clientCredentials = grant.meta(rules(...OF_GRANT));

const clusterClientCredentials = clusterGrant.meta(
  rules(...OF_GRANT, {
    rule: `!has(self.audience) || self.authMethod == '${SERVICE_ACCOUNT_TOKEN}'`,
    message: 'audience is for authMethod ServiceAccountToken: remove it, or set this authMethod',
  }),
);

const countOf = (names: readonly string[]): string =>
  `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(x, x).size()`;

const credentials = <Grant extends typeof clientCredentials>(grantOfKind: Grant) => ({
  basic: basic.meta({ description: 'HTTP Basic authentication.' }).optional(),
  clientCredentials: described(
    grantOfKind,
    'An access token by the client credentials grant (RFC 6749 section 4.4).',
  ).optional(),
});

const exactlyOne = (...names: readonly string[]): ValidationRule => ({
  rule: `${countOf(names)} == 1`,
  message: `set exactly one of ${names.slice(0, -1).join(', ')} and ${names.at(-1)}`,
});

const admissionBy = <Grant extends typeof clientCredentials>(grantOfKind: Grant) =>
  z
    .object({
      open: z.object({}).meta({ description: 'The endpoint is open: no credential is sent.' }).optional(),
      initialAccessToken: described(
        token,
        'A fixed token (RFC 7591 section 3): initial access token, or one that people fetched.',
      ).optional(),
      ...credentials(grantOfKind),
    })
    .meta({
      description:
        'How the registration endpoint admits the operator. Exactly one member, like `{initialAccessToken: {secretRef: {name: sso-iat}}}`. Required.',
      ...rules(exactlyOne('open', 'initialAccessToken', 'basic', 'clientCredentials')),
    });

const managementCredentialBy = <Grant extends typeof clientCredentials>(grantOfKind: Grant) =>
  z
    .object({
      token: described(token, 'A fixed token that manages every client.').optional(),
      ...credentials(grantOfKind),
    })
    .meta({
      description:
        'A credential that manages every client that the operator registered. Exactly one member, like `{token: {secretRef: {name: sso-admin}}}`. Default: none.',
      ...rules(exactlyOne('token', 'basic', 'clientCredentials')),
    });

const managementBy = <Grant extends typeof clientCredentials>(grantOfKind: Grant) =>
  z
    .object({
      mode: z
        .enum(['Auto', 'RegistrationAccessToken', 'Credential', 'ClientCredential', 'None'])
        .default('Auto')
        .meta({
          description:
            'Which credential changes and deletes a registered client. Auto: with its registration access token, else with `credential` if that is set, else not at all. Credential: with `credential` alone. ClientCredential: with an access token that the client obtains by its own private_key_jwt (`credential.generatedKey`) or tls_client_auth (`connection.clientCertificateRef`), as open banking has it. None: never.',
        }),
      credential: managementCredentialBy(grantOfKind).optional(),
      configurationUrl: text(2048)
        .meta({
          description:
            'Where a client is managed. AsReturned: where the answer says, else where the dialect knows. Else a template that wins over the answer, with `{client_id}` and perhaps `{registration_endpoint}`, like `{registration_endpoint}/{client_id}`.',
          ...rules({
            rule: `self == 'AsReturned' || (self.contains('{client_id}') && (self.startsWith('{registration_endpoint}') || self.replace('{client_id}', 'id').matches(${celText(URL_PATTERN)})))`,
            message:
              'must be AsReturned, or a URL with {client_id} in it, like https://sso.example.com/register/{client_id} or {registration_endpoint}/{client_id}',
          }),
        })
        .default('AsReturned'),
      allowedOrigins: set(url(), 8)
        .meta({
          description:
            'Further origins that may receive a registration access token, besides that of the registration endpoint, like `[https://sso2.example.com]`. Default: none.',
        })
        .optional(),
    })
    .meta({
      description: 'How registered clients are changed and deleted (RFC 7592).',
      ...rules(
        {
          // A rule sees the default of its object before the defaults in it.
          rule: "!has(self.mode) || self.mode != 'Credential' || has(self.credential)",
          message: 'mode Credential needs credential: the one that manages every client',
        },
        {
          rule: "!has(self.credential) || self.mode in ['Auto', 'Credential']",
          message: 'only mode Auto and mode Credential use credential: remove it, or set one of them',
        },
      ),
    });

/** Of an AuthorizationServer. */
export const admission = admissionBy(clientCredentials);
export const management = managementBy(clientCredentials);
/** Of a ClusterAuthorizationServer, which has all members of the other kind. */
export const clusterAdmission = admissionBy(clusterClientCredentials);
export const clusterManagement = managementBy(clusterClientCredentials);

export type AdmissionSpec = z.infer<typeof clusterAdmission>;
export type ManagementCredentialSpec = NonNullable<z.infer<typeof clusterManagement>['credential']>;
export type ClientCredentialsSpec = NonNullable<AdmissionSpec['clientCredentials']>;
