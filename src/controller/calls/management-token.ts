import type { ServerConnection } from '../../core/connection.ts';
import { type Failure, failure } from '../../core/failure.ts';
import type { Management, ManagementCredential } from '../../core/management.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { type ManagementAddress, tokenAuthorization } from '../../oauth/registration.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Context } from '../context.ts';
import { type AdmissionContext, admit, forgetRefused } from './admission.ts';

/**
 * The URL at which a client is managed, and the authorization: the client's own token, or the credential for all clients.
 *
 * @param server key of `serverKey`
 * @param connection `undefined` if the server object is missing or not ready
 */
export async function managementAddress(
  { url, credential }: Management & { readonly kind: 'Managed' },
  server: ServerKey,
  connection: ServerConnection | undefined,
  context: AdmissionContext,
): Promise<ManagementAddress | Failure> {
  const authorization = await authorize(credential, server, connection, context);
  return 'kind' in authorization ? authorization : { url, authorization };
}

async function authorize(
  credential: ManagementCredential,
  server: ServerKey,
  connection: ServerConnection | undefined,
  context: AdmissionContext,
): Promise<Sensitive | Failure> {
  if (credential.kind === 'RegistrationAccessToken') {
    return tokenAuthorization(credential.token);
  }
  if (connection === undefined) {
    return failure(
      'Transient',
      'AuthorizationServerNotAvailable',
      "The server object, whose credential manages its clients, isn't ready",
      { unsent: true },
    );
  }
  const admitted = await admit(credential, server, connection, context);
  if ('kind' in admitted) {
    return admitted;
  }
  return (
    admitted.authorization ??
    failure('Terminal', 'AdmissionRefused', 'There is no credential to manage the client with', {
      unsent: true,
    })
  );
}

/** Forgets a refused token. */
export function forgetToken(
  credential: ManagementCredential,
  server: ServerKey,
  context: Pick<Context, 'tokens'>,
): void {
  if (credential.kind === 'ClientCredentials') {
    forgetRefused(credential, server, context);
  }
}
