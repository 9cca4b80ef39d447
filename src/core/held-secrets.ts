import type { Sensitive } from '../oauth/sensitive.ts';
import type { Admission, ServerConnection } from './connection.ts';
import type { RegistrationContent } from './content.ts';

/** Everything that is masked in a server's words before people see them. */
export function secretsOf({ information, keys }: RegistrationContent): readonly Sensitive[] {
  const { clientSecret, registrationAccessToken } = information;
  const held = [clientSecret, registrationAccessToken, ...keys.map(({ privateJwk }) => privateJwk)];
  return held.filter((secret) => secret !== undefined);
}

/** The credentials of a server object. */
export function credentialSecrets({
  admission,
  management,
  statement,
}: Pick<ServerConnection, 'admission' | 'management' | 'statement'>): readonly Sensitive[] {
  return [
    ...secretsIn(admission),
    ...managementSecrets({ management }),
    ...(statement.given === undefined ? [] : [statement.given.jwt]),
  ];
}

/** The credential that manages all clients of a server. */
export const managementSecrets = ({
  management: { credential },
}: Pick<ServerConnection, 'management'>): readonly Sensitive[] =>
  credential === undefined ? [] : secretsIn(credential);

/** What to mask in the words of an answer about a client: all that is held for it and of its server, and what was sent. */
export const secretsAround = (
  content: RegistrationContent,
  connection: Parameters<typeof credentialSecrets>[0],
  sent: readonly Sensitive[],
): readonly Sensitive[] => [...secretsOf(content), ...credentialSecrets(connection), ...sent];

function secretsIn(credential: Admission): readonly Sensitive[] {
  switch (credential.kind) {
    case 'Open':
      return [];
    case 'Token':
      return [credential.token];
    case 'Basic':
      return [credential.password];
    case 'ClientCredentials':
      return 'clientSecret' in credential.authentication ? [credential.authentication.clientSecret] : [];
  }
}
