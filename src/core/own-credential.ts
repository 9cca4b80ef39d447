import type { Json } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import type { ClientCredentials } from './connection.ts';
import type { RegistrationContent, StoredKey } from './content.ts';

/** How a registered client proves itself at its server's token endpoint, by what its record holds. */

/** A public client names itself and proves nothing (RFC 6749 section 2.1). */
type OwnAuthentication = ClientCredentials['authentication'] | { readonly method: 'none' };

/** What a client can ask a token endpoint with. */
export interface OwnCredential {
  readonly clientId: string;
  readonly authentication: OwnAuthentication;
  /** Wire names, as registered. */
  readonly grantTypes: readonly string[];
  /** As registered; empty where none is known. */
  readonly scopes: readonly string[];
  readonly redirectUris: readonly string[];
}

/** Scopes of OpenID Connect are about a user, and servers refuse them to a client alone. */
const OF_USERS: readonly string[] = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access'];

/** The first scope that the client registered and that is not about a user; empty where there is none. */
export const narrowestScope = ({ scopes }: Pick<OwnCredential, 'scopes'>): readonly string[] =>
  scopes.filter((one) => !OF_USERS.includes(one)).slice(0, 1);

/** Why the operator can't prove the client's identity in its place, as the end of a sentence. */
interface NotOurs {
  readonly notOurs: string;
}

/** RFC 7591 section 2. */
const DEFAULT_METHOD = 'client_secret_basic';
const DEFAULT_GRANTS = ['authorization_code'];

/**
 * The credential of a registered client.
 *
 * @param hasCertificate whether calls to the server present a client certificate
 */
export function ownCredential(
  content: RegistrationContent,
  { hasCertificate }: { readonly hasCertificate: boolean },
): OwnCredential | NotOurs {
  const authentication = authenticationOf(content, hasCertificate);
  if ('notOurs' in authentication) {
    return authentication;
  }
  const grants = textsOf(knownMember(content, 'grant_types'));
  return {
    clientId: content.information.clientId,
    authentication,
    grantTypes: grants.length === 0 ? DEFAULT_GRANTS : grants,
    scopes: textsOf(knownMember(content, 'scope') ?? knownMember(content, 'scopes')),
    redirectUris: textsOf(knownMember(content, 'redirect_uris')),
  };
}

function authenticationOf(
  content: RegistrationContent,
  hasCertificate: boolean,
): OwnAuthentication | NotOurs {
  const method = textOf(knownMember(content, 'token_endpoint_auth_method')) ?? DEFAULT_METHOD;
  const { clientSecret } = content.information;
  switch (method) {
    case 'none':
      return { method };
    case 'client_secret_basic':
    case 'client_secret_post':
      return clientSecret === undefined ? NO_SECRET : { method, clientSecret };
    case 'client_secret_jwt':
      return clientSecret === undefined
        ? NO_SECRET
        : {
            method,
            key: { material: clientSecret, format: 'Raw', algorithm: algorithmOf(content) ?? 'HS256' },
            audience: 'Issuer',
          };
    case 'private_key_jwt': {
      const [key] = content.keys;
      return key === undefined
        ? { notOurs: 'it authenticates with a key that the operator does not have' }
        : { method, key: signingKey(key, algorithmOf(content)), audience: 'Issuer' };
    }
    case 'tls_client_auth':
      return hasCertificate
        ? { method }
        : { notOurs: 'it authenticates with a certificate that the operator does not have' };
    case 'self_signed_tls_client_auth':
      return { notOurs: 'it authenticates with a certificate that the operator does not have' };
    default:
      return { notOurs: `its authentication method ${method} is one that the operator does not perform` };
  }
}

const NO_SECRET: NotOurs = { notOurs: 'the server gave it no secret' };

const signingKey = ({ privateJwk, publicJwk, kid }: StoredKey, registeredAlgorithm: string | undefined) => ({
  material: privateJwk,
  format: 'Jwk' as const,
  algorithm: textOf(publicJwk['alg']) ?? registeredAlgorithm ?? 'ES256',
  ...defined({ keyId: kid }),
});

const algorithmOf = (content: RegistrationContent): string | undefined =>
  textOf(knownMember(content, 'token_endpoint_auth_signing_alg'));

/** A member as the server answered it; else as it was sent. */
const knownMember = ({ information, sent }: RegistrationContent, member: string): Json | undefined =>
  information.metadata[member] ?? sent[member];

const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** A list, or a text of words. */
function textsOf(value: Json | undefined): readonly string[] {
  const items = typeof value === 'string' ? value.split(/\s+/) : Array.isArray(value) ? value : [];
  return items.filter((item) => typeof item === 'string' && item !== '') as readonly string[];
}
