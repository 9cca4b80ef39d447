import type { ServerConnection } from '../../core/connection.ts';
import { type Failure, failure } from '../../core/failure.ts';
import type { Management, ManagementCredential } from '../../core/management.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { type ManagementAddress, tokenAuthorization } from '../../oauth/registration.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Context } from '../context.ts';
import { type AdmissionContext, admit, forgetRefused } from './admission.ts';

/**
 * The place where a client is managed, and what admits there: the client's own token, or the credential that manages all.
 *
 * @param server by its key of `serverKey`
 * @param connection `undefined` while the server object is gone or not ready
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

/** A refused token isn't used again. */
export function forgetToken(
  credential: ManagementCredential,
  server: ServerKey,
  context: Pick<Context, 'tokens'>,
): void {
  if (credential.kind === 'ClientCredentials') {
    forgetRefused(credential, server, context);
  }
}
