import { type Failure, failure } from '../../core/failure.ts';
import type { Management, ManagementCredential } from '../../core/management.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { type ManagementAddress, tokenAuthorization } from '../../oauth/registration.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import type { Context } from '../context.ts';
import { type AdmissionContext, admit, forgetRefused, type TokenTerms } from './admission.ts';

/**
 * The URL at which a client is managed, and the authorization: the client's own token, or the credential for all clients.
 *
 * @param server key of `serverKey`
 * @param terms `undefined` if the server object is missing or not ready, and nothing of it is kept
 */
export async function managementAddress(
  { url, credential }: Management & { readonly kind: 'Managed' },
  server: ServerKey,
  terms: TokenTerms | undefined,
  context: AdmissionContext,
): Promise<ManagementAddress | Failure> {
  const authorization = await authorize(credential, server, terms, context);
  return authorization !== undefined && 'kind' in authorization ? authorization : { url, authorization };
}

async function authorize(
  credential: ManagementCredential,
  server: ServerKey,
  terms: TokenTerms | undefined,
  context: AdmissionContext,
): Promise<Sensitive | Failure | undefined> {
  if (credential.kind === 'RegistrationAccessToken') {
    return tokenAuthorization(credential.token);
  }
  if (credential.kind === 'OwnDocument') {
    return undefined;
  }
  if (terms === undefined) {
    return failure(
      'Transient',
      'AuthorizationServerNotAvailable',
      "The server object, whose credential manages its clients, isn't ready",
      { unsent: true },
    );
  }
  const admitted = await admit(credential, server, terms, context);
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
