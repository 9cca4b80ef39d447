import type { ClientInformation } from '../oauth/client-information.ts';
import type { Json, JsonObject } from '../oauth/json.ts';

/** Whether a client can authenticate at the token endpoint with what the server's answers brought. */

/** Methods of RFC 7591 section 2 that need the client secret. */
const BY_SECRET: readonly string[] = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'];

/** What applies where neither the answer nor the request names a method (RFC 7591 section 2). */
const DEFAULT_METHOD = 'client_secret_basic';

/**
 * The authentication method for which the client lacks its secret; `undefined`: it can authenticate, or need not. Of an
 * adopted client only a method counts that the server or the spec names: what people brought may leave the secret out.
 */
export function methodWithoutSecret(
  {
    information: { clientSecret, metadata },
    sent,
  }: { readonly information: ClientInformation; readonly sent: JsonObject },
  isAdopted: boolean,
): string | undefined {
  const said = (member: string): Json | undefined => metadata[member] ?? sent[member];
  const isTokenless = isImplicitOnly(said('grant_types'));
  const method =
    said('token_endpoint_auth_method') ?? (isAdopted || isTokenless ? undefined : DEFAULT_METHOD);
  return clientSecret === undefined && typeof method === 'string' && BY_SECRET.includes(method)
    ? method
    : undefined;
}

/** The implicit grant (RFC 6749 section 4.2) makes no request to the token endpoint. */
const isImplicitOnly = (grants: Json | undefined): boolean =>
  Array.isArray(grants) && grants.length > 0 && grants.every((grant) => grant === 'implicit');
