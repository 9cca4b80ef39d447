import type { ServerConnection } from '../../core/connection.ts';
import { type Failure, failure } from '../../core/failure.ts';
import type { ManagementCredential } from '../../core/management.ts';
import { tokenAuthorization } from '../../oauth/registration.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Context } from '../context.ts';
import { admit, refused } from './admission.ts';

/** What admits to the place where a client is managed: its own token, or the credential that manages all. */
export async function authorize(
  credential: ManagementCredential,
  server: string,
  connection: ServerConnection | undefined,
  context: Context,
): Promise<Sensitive | Failure> {
  if (credential.kind === 'RegistrationAccessToken') {
    return tokenAuthorization(credential.token);
  }
  if (connection === undefined) {
    return failure(
      'Transient',
      'AuthorizationServerNotAvailable',
      'The server object, whose credential manages its clients, isn’t ready',
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
export function forgetToken(credential: ManagementCredential, server: string, context: Context): void {
  if (credential.kind === 'ClientCredentials') {
    refused(credential, server, context);
  }
}
