import { boundedMs } from '../api/durations.ts';
import type { SignedRequestSpec, SoftwareStatementSpec } from '../api/statement-schema.ts';
import { rfc3339 } from '../api/time.ts';
import type { JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { sha256 } from '../oauth/sha256.ts';
import type { SigningKey } from '../oauth/signing-key.ts';
import { decodeStatementClaims, statementExpiry, withoutTimes } from '../oauth/software-statement.ts';
import type { SignedRequestTerms, SignTerms, StatementTerms } from './connection.ts';
import { type CredentialSecrets, secretValue, versionOfValues } from './credential.ts';
import type { OwnStatement } from './observation.ts';
import { isProblem, type Problem } from './problem.ts';

/**
 * Resolves the references of a server object to everything that sending software statements and signed requests needs.
 */

type SignSpec = NonNullable<SoftwareStatementSpec['sign']>;

export function toStatementTerms(
  spec: SoftwareStatementSpec | undefined,
  secrets: CredentialSecrets,
  now: number,
): StatementTerms | Problem {
  const given = spec?.secretRef && givenStatement(spec.secretRef, secrets, now);
  if (isProblem(given)) {
    return given;
  }
  const sign = spec?.sign && toSignTerms(spec.sign, secrets);
  if (isProblem(sign)) {
    return sign;
  }
  return { given, sign, fromClient: spec?.fromClient ?? 'Deny' };
}

/** A statement that was issued elsewhere, and what it claims. */
export function givenStatement(
  ref: { readonly name: string; readonly key: string },
  secrets: CredentialSecrets,
  now: number,
): OwnStatement | Problem {
  const jwt = secretValue(secrets, ref);
  if (isProblem(jwt)) {
    return jwt;
  }
  const expiry = statementExpiry(jwt);
  if (expiry !== undefined && expiry * 1000 <= now) {
    // The claim can be any number, so a time before the epoch is shown as the epoch.
    const since = rfc3339(Math.max(expiry * 1000, 0));
    return {
      reason: 'SoftwareStatementExpired',
      message: `The software statement in Secret ${secrets.namespace}/${ref.name} expired at ${since}. Put a current one into key ${ref.key}.`,
    };
  }
  const version = versionOfValues(secrets, { name: ref.name, keys: [ref.key] });
  return { jwt, claims: identifyingClaims(jwt), version };
}

/** The claims that identify a statement: all but the times. None can be read from an encrypted statement. */
function identifyingClaims(jwt: Sensitive): JsonObject {
  const claims = decodeStatementClaims(jwt);
  return claims === undefined ? { sha256: sha256(jwt.reveal()) } : withoutTimes(claims);
}

function toSignTerms(spec: SignSpec, secrets: CredentialSecrets): SignTerms | Problem {
  const material = secretValue(secrets, spec.secretRef);
  if (isProblem(material)) {
    return material;
  }
  const recipient = spec.encryption && secretValue(secrets, spec.encryption.secretRef);
  if (isProblem(recipient)) {
    return recipient;
  }
  const { issuer, subject, audience, claimsFromClient = {}, encryption } = spec;
  return {
    key: signingKeyOf(spec, material),
    issuer,
    subject,
    audience,
    lifetimeSeconds: boundedMs('validity', spec.lifetime) / 1000,
    claims: (spec.claims ?? {}) as JsonObject,
    claimsFromClient,
    encryption:
      encryption === undefined || recipient === undefined
        ? undefined
        : {
            key: recipient,
            format: encryption.keyFormat,
            algorithm: encryption.algorithm,
            encoding: encryption.encoding,
            keyId: encryption.keyId,
          },
  };
}

export function toSignedRequestTerms(
  spec: SignedRequestSpec,
  issuer: string,
  secrets: CredentialSecrets,
): SignedRequestTerms | Problem {
  const material = secretValue(secrets, spec.secretRef);
  return isProblem(material)
    ? material
    : {
        key: signingKeyOf(spec, material),
        issuer: spec.issuer,
        audience: spec.audience ?? issuer,
        lifetimeSeconds: boundedMs('validity', spec.lifetime) / 1000,
        contentType: spec.contentType,
      };
}

const signingKeyOf = (
  { keyFormat, algorithm, keyId }: Pick<SignSpec, 'keyFormat' | 'algorithm' | 'keyId'>,
  material: Sensitive,
): SigningKey => defined({ material, format: keyFormat, algorithm, keyId });
