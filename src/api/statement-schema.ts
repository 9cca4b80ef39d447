import * as z from 'zod';
import { namesOf } from '../oauth/objects.ts';
import { CONTENT_ENCODINGS, ENCRYPTION_ALGORITHMS } from '../oauth/signing-key.ts';
import { secretRef, signingAlgorithm } from './admission-schema.ts';
import { boundedDuration } from './durations.ts';
import { anyObject, rules, stringMap, text, textMatching } from './schema.ts';

/** What is signed for a registration: a software statement (RFC 7591 section 2.3), or the whole request body. */

const keyFormat = () =>
  z.enum(['Pem', 'Jwk', 'Raw', 'Base64Url']).default('Pem').meta({
    description: 'Form of the key in the Secret. Raw and Base64Url are for HS algorithms.',
  });

const lifetime = () => boundedDuration('validity', 'How long it is valid, 1s to 24h.').default('5m');

const signed = {
  secretRef: secretRef('key'),
  keyFormat: keyFormat(),
  algorithm: signingAlgorithm().meta({ description: 'JWS algorithm, like ES256; never none.' }),
  keyId: text(256)
    .meta({
      description: 'Header `kid`, which names the key, like `2026-01`. Default: that of the JWK, else none.',
    })
    .optional(),
};

const encryption = z
  .object({
    algorithm: z
      .enum(namesOf(ENCRYPTION_ALGORITHMS))
      .meta({ description: 'JWE algorithm that encrypts the key, like RSA-OAEP-256.' }),
    encoding: z
      .enum(namesOf(CONTENT_ENCODINGS))
      .meta({ description: 'JWE algorithm that encrypts the content, like A256GCM.' }),
    secretRef: secretRef('key'),
    keyFormat: keyFormat(),
    keyId: text(256)
      .meta({
        description:
          'Header `kid`, which names the key, like `2026-01`. Default: that of the JWK, else none.',
      })
      .optional(),
  })
  .meta({
    description:
      'Encrypts the signed statement (nested JWT), where its reader demands it. Default: not encrypted.',
  });

const sign = z
  .object({
    ...signed,
    issuer: text(2048).meta({
      description:
        'Claim `iss` of the statement: who publishes the software, like https://publisher.example.com.',
    }),
    subject: text(2048).meta({ description: 'Claim `sub` of the statement. Default: none.' }).optional(),
    audience: text(2048).meta({ description: 'Claim `aud` of the statement. Default: none.' }).optional(),
    lifetime: lifetime(),
    claims: anyObject()
      .meta({ description: 'Further claims, copied unchanged, like `software_id: shop`. Default: none.' })
      .optional(),
    claimsFromClient: stringMap(32, 256)
      .meta({
        description:
          "Claim to member (wire name) of the client's metadata, copied into the statement, like `redirect_uris: redirect_uris`. Default: none.",
      })
      .optional(),
    encryption: encryption.optional(),
  })
  .meta({ description: 'The operator signs a statement for each registration.' });

export const softwareStatement = z
  .object({
    secretRef: secretRef('software_statement')
      .meta({
        description:
          'A Secret with a statement that was issued elsewhere, labelled `oauth-registrar.dev/credential: "true"`.',
      })
      .optional(),
    sign: sign.optional(),
    fromClient: z.enum(['Deny', 'Allow', 'Require']).default('Deny').meta({
      description: 'Whether an OAuthClient may bring, or must bring, a statement of its own.',
    }),
  })
  .meta({
    description: 'The software statement that registrations carry.',
    ...rules({
      rule: '!(has(self.secretRef) && has(self.sign))',
      message: 'set secretRef or sign, not both',
    }),
  });

export const signedRequest = z
  .object({
    ...signed,
    issuer: text(2048).meta({ description: 'Claim `iss` of the request. Default: none.' }).optional(),
    audience: text(2048)
      .meta({ description: 'Claim `aud` of the request. Default: the issuer of the server.' })
      .optional(),
    lifetime: lifetime(),
    contentType: textMatching(
      text(128),
      /^[A-Za-z0-9.+-]+[/][A-Za-z0-9.+-]+$/,
      'must be a media type, like application/jwt',
    )
      .default('application/jwt')
      .meta({ description: 'Content-Type of the request.' }),
  })
  .meta({
    description: 'Registrations and updates are sent as a JWS of the metadata. Default: as plain JSON.',
  });

export type SoftwareStatementSpec = z.infer<typeof softwareStatement>;
export type SignedRequestSpec = z.infer<typeof signedRequest>;
