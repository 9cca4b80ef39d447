import { X509Certificate } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/** What others gave an administrator of the server to configure, in place of the credentials that the server made up. */
export interface Trusted {
  /** Verify software statements that are signed by a key pair. */
  readonly statementKeys?: JSONWebKeySet;
  /** Verify signed request bodies. */
  readonly requestKeys?: JSONWebKeySet;
  /** Of the admission's client, for `self_signed_tls_client_auth` (RFC 8705 section 2.2). PEM. */
  readonly clientCertificate?: string;
}

export const keysIn = (keys: JSONWebKeySet | undefined): JWTVerifyGetKey | undefined =>
  keys === undefined ? undefined : createLocalJWKSet(keys);

export const fingerprintOf = (certificate: string | undefined): string | undefined =>
  certificate === undefined ? undefined : new X509Certificate(certificate).fingerprint256;
