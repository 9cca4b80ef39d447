import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Behaviour } from './behaviour.ts';

/** All credentials that can admit a caller. The server's gate says which of them it needs. */
export interface Credentials {
  /** Initial access token that is good for ever. */
  readonly initialAccessToken: string;
  /** Initial access token that is good for `gate.count` registrations. */
  readonly countedToken: string;
  readonly basic: { readonly username: string; readonly password: string };
  /** Token of the scheme `SSWS`. */
  readonly ssws: string;
  /** A client of the token endpoint whose tokens admit. */
  readonly client: AdmissionClient;
  /** Who signs software statements. */
  readonly publisher: Publisher;
  /** Who signs request bodies: ES256. */
  readonly requestSigner: SigningKey;
}

export interface AdmissionClient {
  /** Holds characters that RFC 6749 section 2.3.1 wants encoded; so does the secret. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** What to ask for. */
  readonly scopes: readonly string[];
  /** For `private_key_jwt`: ES256. */
  readonly key: SigningKey;
  /** Common name of a TLS client certificate for `tls_client_auth`. */
  readonly certificateName: string;
}

export interface Publisher {
  readonly issuer: string;
  /** Shared, for HS256 to HS512; its UTF-8 bytes are the key. */
  readonly secret: string;
  /** For RS256 and PS256. */
  readonly key: SigningKey;
}

export interface SigningKey {
  readonly keyId: string;
  readonly algorithm: string;
  /** PKCS #8, PEM. Made when first asked for. */
  readonly privateKey: string;
  readonly publicKey: KeyObject;
}

export const randomSecret = (bytes = 24): string => randomBytes(bytes).toString('base64url');

/** @param remember is told every secret, so that tests can look for leaks */
export function makeCredentials(
  { gate }: Behaviour,
  remember: (secret: string) => void,
  clientId = 'registration/service 1',
): Credentials {
  const secret = (prefix: string) => {
    const value = `${prefix}${randomSecret()}`;
    remember(value);
    return value;
  };
  return {
    initialAccessToken: secret('iat-'),
    countedToken: secret('counted-iat-'),
    basic: { username: 'registrar', password: secret('pass:wörd-') },
    ssws: secret('ssws-'),
    client: {
      clientId,
      clientSecret: secret('p%C3+s:/='),
      scopes: gate.scope?.split(' ') ?? [],
      key: signingKey('ec', 'admission-1', 'ES256', remember),
      certificateName: 'registrar',
    },
    publisher: {
      issuer: 'https://publisher.example.com',
      secret: secret('publisher-'),
      key: signingKey('rsa', 'publisher-1', 'RS256', remember),
    },
    requestSigner: signingKey('ec', 'request-1', 'ES256', remember),
  };
}

function signingKey(
  type: 'ec' | 'rsa',
  keyId: string,
  algorithm: string,
  remember: (secret: string) => void,
): SigningKey {
  let made: string | undefined;
  const privateKey = () => {
    made ??= generate(type);
    remember(made);
    return made;
  };
  return {
    keyId,
    algorithm,
    get privateKey() {
      return privateKey();
    },
    get publicKey() {
      return createPublicKey(privateKey());
    },
  };
}

function generate(type: 'ec' | 'rsa'): string {
  const encoding = { type: 'pkcs8', format: 'pem' } as const;
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export(encoding) as string;
}
