import * as z from 'zod';
import { namesOf } from '../oauth/objects.ts';
import { CONTENT_ENCODINGS, ENCRYPTION_ALGORITHMS } from '../oauth/signing-key.ts';
import { secretRef, signingAlgorithm } from './admission-schema.ts';
import { boundedDuration } from './durations.ts';
import { anyObject, rules, stringMap, text, textMatching } from './schema.ts';

/** What is signed for a registration: a software statement (RFC 7591 section 2.3), or the whole request body. */

const keyFormat = () =>
  z.enum(['Pem', 'Jwk', 'Raw', 'Base64Url']).default('Pem').meta({
    description: 'Form of the key in the Secret. Raw and Base64Url are for HS algorithms. Default: Pem.',
  });

const lifetime = () =>
  boundedDuration('validity', 'How long it is valid, 1s to 24h. Default: 5m.').default('5m');

const signed = {
  secretRef: secretRef('key'),
  keyFormat: keyFormat(),
  algorithm: signingAlgorithm().meta({ description: 'JWS algorithm, like ES256; never none.' }),
  keyId: text(256).meta({ description: 'kid of the header. Default: that of the JWK.' }).optional(),
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
    keyId: text(256).meta({ description: 'kid of the header. Default: that of the JWK.' }).optional(),
  })
  .meta({ description: 'Encrypts the signed statement (nested JWT), where its reader demands it.' });

const sign = z
  .object({
    ...signed,
    issuer: text(2048).meta({ description: 'iss: who publishes the software.' }),
    subject: text(2048).meta({ description: 'sub of the statement. Default: none.' }).optional(),
    audience: text(2048).meta({ description: 'aud of the statement. Default: none.' }).optional(),
    lifetime: lifetime(),
    claims: anyObject().meta({ description: 'Further claims, as they are.', maxProperties: 64 }).optional(),
    claimsFromClient: stringMap(32, 256)
      .meta({
        description:
          "Claim to member (wire name) of the client's metadata, copied into the statement, like `redirect_uris: redirect_uris`.",
        maxProperties: 32,
      })
      .optional(),
    encryption: encryption.optional(),
  })
  .meta({ description: 'The operator signs a statement for each registration.' });

export const softwareStatement = z
  .object({
    secretRef: secretRef('software_statement')
      .meta({ description: 'A statement that was issued elsewhere.' })
      .optional(),
    sign: sign.optional(),
    fromClient: z.enum(['Deny', 'Allow', 'Require']).default('Deny').meta({
      description: 'Whether an OAuthClient may bring, or must bring, a statement of its own. Default: Deny.',
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
    issuer: text(2048).meta({ description: 'iss of the request. Default: none.' }).optional(),
    audience: text(2048).meta({ description: 'aud. Default: the issuer of the server.' }).optional(),
    lifetime: lifetime(),
    contentType: textMatching(
      text(128),
      /^[A-Za-z0-9.+-]+[/][A-Za-z0-9.+-]+$/,
      'must be a media type, like application/jwt',
    )
      .default('application/jwt')
      .meta({ description: 'Content-Type of the request. Default: application/jwt.' }),
  })
  .meta({ description: 'Registrations and updates are sent as a JWS of the metadata.' });

export type SoftwareStatementSpec = z.infer<typeof softwareStatement>;
export type SignedRequestSpec = z.infer<typeof signedRequest>;
