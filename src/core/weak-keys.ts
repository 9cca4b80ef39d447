import { hmacStrength } from '../oauth/key-material.ts';
import type { Admission, ServerConnection } from './connection.ts';

/**
 * A message for the status of the server object that lists secrets shorter than their HMAC algorithm requires (RFC 7518
 * section 3.2); `undefined` where there are none. The secrets are used nevertheless: servers accept, and document,
 * short ones.
 */
export function weakKeys({
  statement,
  signedRequest,
  admission,
  management,
}: Pick<ServerConnection, 'statement' | 'signedRequest' | 'admission' | 'management'>): string | undefined {
  const keys = [
    ['registration.softwareStatement.sign', statement.sign?.key],
    ['registration.signedRequest', signedRequest?.key],
    ['registration.admission.clientCredentials', assertionKey(admission)],
    ['management.clientCredentials', management.credential && assertionKey(management.credential)],
  ] as const;
  const sentences = keys.flatMap(([field, key]) => {
    const strength = key && hmacStrength(key);
    return strength === undefined || strength.octets >= strength.asked
      ? []
      : [
          `The secret of spec.${field} has ${strength.octets} octets, and ${key?.algorithm} asks for ${strength.asked} at least (RFC 7518 section 3.2): a shorter one can be found out by trying.`,
        ];
  });
  return sentences.length === 0 ? undefined : sentences.join(' ');
}

/** The key that signs the operator's own client assertions (RFC 7523), where it authenticates with some. */
export const assertionKey = (credential: Admission) =>
  credential.kind === 'ClientCredentials' && 'key' in credential.authentication
    ? credential.authentication.key
    : undefined;
