import {
  type AdmissionSpec,
  type ClientCredentialsSpec,
  type ManagementCredentialSpec,
  SERVICE_ACCOUNT_TOKEN,
} from '../api/admission-schema.ts';
import type { AuthorizationServerSpec } from '../api/authorization-server.ts';
import { LABELS } from '../api/names.ts';
import { SHARES } from '../api/shares.ts';
import { canonicalJson } from '../oauth/json.ts';
import { defined, own } from '../oauth/objects.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { SigningKey } from '../oauth/signing-key.ts';
import type { Admission, ClientCredentials, Credential } from './connection.ts';
import { labelCredential } from './kubectl-command.ts';
import type { AdoptableClient } from './observation.ts';
import { isProblem, type Problem } from './problem.ts';

/** Resolves references to credentials: the values of labelled Secrets, or a message that says what is missing. */

/** A Secret that a server object refers to, as it was found. */
export type CredentialSecret =
  | {
      readonly kind: 'Found';
      readonly values: Readonly<Record<string, Sensitive>>;
      /** By key: a hash of each value, with a key that only this installation has. It changes with the value alone. */
      readonly hashes: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'NotFound' }
  /** The read failed, so it isn't known whether the Secret exists. */
  | { readonly kind: 'NotRead'; readonly why: string }
  | { readonly kind: 'NotLabelled' }
  /** The Secret is too large to be kept in memory. */
  | { readonly kind: 'TooLarge'; readonly bytes: number }
  /** The Secret isn't kept because its namespace's share of memory has no room for it. */
  | { readonly kind: 'ShareReached' };

/** The Secrets of one namespace. */
export interface CredentialSecrets {
  readonly namespace: string;
  readonly get: (name: string) => CredentialSecret;
}

/** Identifies the values under some keys of a Secret: it changes when one of them does, not when the Secret is written. */
export function versionOfValues({ get }: CredentialSecrets, { name, keys }: SecretReference): string {
  const secret = get(name);
  return secret.kind === 'Found'
    ? canonicalJson(keys.map((key) => own(secret.hashes, key) ?? null))
    : secret.kind;
}

/** A Secret, and the keys in it that are used. */
export interface SecretReference {
  readonly name: string;
  readonly keys: readonly string[];
}

/** Ends a message about a Secret that isn't kept because its namespace has no room. */
export const NO_ROOM =
  'the objects of its namespace use all the memory that one namespace may use. Delete OAuthClients, AuthorizationServers or Secrets that nobody needs.';

/** One value of a Secret, or the problem why there is none. */
export function secretValue(
  { namespace, get }: CredentialSecrets,
  { name, key }: { readonly name: string; readonly key: string },
): Sensitive | Problem {
  const secret = get(name);
  switch (secret.kind) {
    case 'NotFound':
      return {
        reason: 'CredentialNotFound',
        message: `Secret ${namespace}/${name} doesn't exist. Create it with the label ${LABELS.credential}=true.`,
      };
    case 'NotRead':
      return {
        reason: 'CredentialNotFound',
        message: `Secret ${namespace}/${name} could not be read: ${secret.why}. It is tried again.`,
      };
    case 'NotLabelled':
      return {
        reason: 'CredentialNotLabelled',
        message: `Secret ${namespace}/${name} isn't marked as a credential. Run: ${labelCredential({ namespace, name })}`,
      };
    case 'TooLarge':
      return {
        reason: 'CredentialTooLarge',
        message: `Secret ${namespace}/${name} has ${secret.bytes} bytes of data, and a credential may have ${SHARES.credentialBytes.most}. Put "${key}" into a Secret of its own, and name that in the reference.`,
      };
    case 'ShareReached':
      return {
        reason: 'NamespaceShareReached',
        message: `Secret ${namespace}/${name} isn't kept: ${NO_ROOM}`,
      };
    case 'Found': {
      const value = own(secret.values, key);
      if (value !== undefined && value.reveal() !== '') {
        return value;
      }
      const present = Object.keys(secret.values).sort().join(', ') || 'none';
      return {
        reason: 'CredentialKeyMissing',
        message: `Secret ${namespace}/${name} has no key "${key}". Keys present: ${present}. Add the key, or name another in the reference.`,
      };
    }
  }
}

/**
 * A token that can be sent unchanged in a header; RFC 6750 section 2.1 permits even fewer characters. The usual mistake
 * is a line break at the end, which editors and `echo` add.
 */
function tokenValue(
  secrets: CredentialSecrets,
  ref: { readonly name: string; readonly key: string },
): Sensitive | Problem {
  const value = secretValue(secrets, ref);
  return isProblem(value) || VISIBLE.test(value.reveal()) ? value : unusable(secrets, ref, value);
}

const VISIBLE = /^[\x21-\x7e]+$/;

function unusable(
  { namespace }: CredentialSecrets,
  { name, key }: { readonly name: string; readonly key: string },
  value: Sensitive,
): Problem {
  const what = VISIBLE.test(value.reveal().trim()) ? 'begins or ends with a space or a line end' : WRONG;
  return {
    reason: 'CredentialUnusable',
    message: `Key "${key}" of Secret ${namespace}/${name} ${what}, which can't be sent. Put the value in again without it: printf %s, not echo.`,
  };
}

const WRONG = 'holds a space, a line end or another character that is not visible ASCII';

/** What a credential depends on besides its own spec. */
type AssertionTarget = Pick<AuthorizationServerSpec, 'issuer' | 'endpoints'>;

/** @param spec `undefined`: the server identifies clients by documents and takes no registrations */
export function toAdmission(
  spec: AdmissionSpec | undefined,
  secrets: CredentialSecrets,
  target: AssertionTarget,
): Admission | Problem {
  if (spec === undefined) {
    return { reason: 'InvalidSpec', message: 'spec.registration.admission is missing.' };
  }
  const { initialAccessToken: token, ...others } = spec;
  return toCredential({ token, ...others }, secrets, target) ?? { kind: 'Open' };
}

/** The credential that a union of the spec describes; `undefined` where it sets none of its members. */
export function toCredential(
  { token, basic, clientCredentials }: ManagementCredentialSpec,
  secrets: CredentialSecrets,
  target: AssertionTarget,
): Credential | Problem | undefined {
  if (token !== undefined) {
    const value = tokenValue(secrets, token.secretRef);
    return isProblem(value) ? value : { kind: 'Token', scheme: token.scheme, token: value };
  }
  if (basic !== undefined) {
    const { name, usernameKey, passwordKey } = basic.secretRef;
    const username = secretValue(secrets, { name, key: usernameKey });
    const password = secretValue(secrets, { name, key: passwordKey });
    return isProblem(username)
      ? username
      : isProblem(password)
        ? password
        : { kind: 'Basic', username: username.reveal(), password };
  }
  return clientCredentials && toClientCredentials(clientCredentials, secrets, target);
}

function toClientCredentials(
  spec: ClientCredentialsSpec,
  secrets: CredentialSecrets,
  target: AssertionTarget,
): ClientCredentials | Problem {
  const isInSecret = spec.clientId === undefined && spec.authMethod !== SERVICE_ACCOUNT_TOKEN;
  const inSecret = isInSecret ? valueAt(spec, 'clientIdKey', secrets) : undefined;
  if (isProblem(inSecret)) {
    return inSecret;
  }
  const authentication = authenticationOf(spec, secrets, target);
  if (isProblem(authentication)) {
    return authentication;
  }
  return {
    kind: 'ClientCredentials',
    clientId: spec.clientId ?? inSecret?.reveal() ?? '',
    authentication,
    scopes: spec.scopes ?? [],
    resources: spec.resources ?? [],
    parameters: spec.parameters ?? {},
    reuse: spec.reuse,
  };
}

/** One value of the Secret that `clientCredentials.secretRef` names. */
function valueAt(
  { secretRef, authMethod }: ClientCredentialsSpec,
  key: 'clientIdKey' | 'clientSecretKey' | 'privateKeyKey',
  secrets: CredentialSecrets,
): Sensitive | Problem {
  return secretRef === undefined
    ? {
        reason: 'InvalidSpec',
        message: `clientCredentials has no secretRef, and authMethod ${authMethod} needs one: name the Secret with the credentials.`,
      }
    : secretValue(secrets, { name: secretRef.name, key: secretRef[key] });
}

function authenticationOf(
  spec: ClientCredentialsSpec,
  secrets: CredentialSecrets,
  { issuer, endpoints }: AssertionTarget,
): ClientCredentials['authentication'] | Problem {
  const { authMethod, signing } = spec;
  const audience = signing?.audience ?? 'Issuer';
  switch (authMethod) {
    case 'client_secret_basic':
    case 'client_secret_post': {
      const clientSecret = valueAt(spec, 'clientSecretKey', secrets);
      return isProblem(clientSecret) ? clientSecret : { method: authMethod, clientSecret };
    }
    case 'client_secret_jwt': {
      const material = valueAt(spec, 'clientSecretKey', secrets);
      const key = {
        format: 'Raw',
        algorithm: signing?.algorithm ?? 'HS256',
        ...defined({ keyId: signing?.keyId }),
      } as const;
      return isProblem(material) ? material : { method: authMethod, key: { ...key, material }, audience };
    }
    case 'private_key_jwt': {
      const material = valueAt(spec, 'privateKeyKey', secrets);
      if (isProblem(material)) {
        return material;
      }
      const key = {
        material,
        format: formatOf(material),
        algorithm: signing?.algorithm ?? 'RS256',
        ...defined({ keyId: signing?.keyId }),
      };
      return { method: authMethod, key, audience };
    }
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return { method: authMethod };
    case SERVICE_ACCOUNT_TOKEN:
      return {
        method: authMethod,
        issuer,
        audience: spec.audience ?? issuer,
        givenEndpoint: endpoints?.token,
      };
  }
}

/** The text of a private key shows its format. */
const formatOf = (material: Sensitive): SigningKey['format'] =>
  material.reveal().trimStart().startsWith('{') ? 'Jwk' : 'Pem';

const ADOPTED_KEYS = ['client_id', 'client_secret', 'registration_access_token', 'registration_client_uri'];

/** A client that exists already, from the Secret with its credentials. */
export function adoptableClient(name: string, secrets: CredentialSecrets): AdoptableClient | Problem {
  const clientId = secretValue(secrets, { name, key: 'client_id' });
  if (isProblem(clientId)) {
    return clientId;
  }
  const registrationAccessToken = tokenValue(secrets, { name, key: 'registration_access_token' });
  if (isProblem(registrationAccessToken)) {
    return registrationAccessToken;
  }
  const uri = secretValue(secrets, { name, key: 'registration_client_uri' });
  if (isProblem(uri)) {
    return uri;
  }
  const clientSecret = secretValue(secrets, { name, key: 'client_secret' });
  return {
    version: versionOfValues(secrets, { name, keys: ADOPTED_KEYS }),
    clientId: clientId.reveal(),
    clientSecret: isProblem(clientSecret) ? undefined : clientSecret,
    registrationAccessToken,
    registrationClientUri: uri.reveal(),
  };
}
