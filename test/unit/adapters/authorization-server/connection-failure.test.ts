import { describe, expect, test } from 'vitest';
import { explainNotSent } from '../../../../src/adapters/authorization-server/connection-failure.ts';
import { ProxyError } from '../../../../src/adapters/authorization-server/tunnel.ts';

const error = (code: string) => Object.assign(new Error('canary'), { code });
const detailOf = (code: string) => explainNotSent(error(code), 'as.example').detail;

describe('a certificate that cannot be verified (P32)', () => {
  test.each([
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'the server sends its own certificate alone, or the CA bundle (connection.caRef) lacks its issuer. Configure the server to send its chain, or add the issuer to the bundle',
    ],
    [
      'UNABLE_TO_GET_ISSUER_CERT',
      'the CA bundle (connection.caRef) has no root for it. Add the root to the bundle',
    ],
    [
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'the CA bundle (connection.caRef) has no root for it. Add the root to the bundle',
    ],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'it is self-signed, or its root is. If you trust it, add it to the CA bundle (connection.caRef)',
    ],
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      'it is self-signed, or its root is. If you trust it, add it to the CA bundle (connection.caRef)',
    ],
  ])('%s: what is missing, and where it belongs', (code, words) => {
    expect(explainNotSent(error(code), 'as.example')).toEqual({
      kind: 'notSent',
      reason: 'TlsVerificationFailed',
      detail: `the certificate of as.example is signed by an unknown CA (${code}): ${words}`,
    });
  });

  test('a proxy has no caRef', () => {
    const options = { proxy: new URL('https://proxy.example:3128'), isOwn: true };
    const failure = new ProxyError(options, { cause: error('UNABLE_TO_VERIFY_LEAF_SIGNATURE') });
    const { detail } = explainNotSent(failure, 'as.example');
    expect(detail).toMatch(/^the certificate of the proxy proxy.example:3128 is signed by an unknown CA/);
    expect(detail).not.toContain('caRef');
  });
});

describe('an old TLS stack (P33)', () => {
  test.each(['ERR_SSL_UNSUPPORTED_PROTOCOL', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION'])(
    '%s: it has no TLS 1.2',
    (code) => {
      expect(detailOf(code)).toBe(
        `as.example speaks TLS 1.1 or older only (${code}). Update it, or the proxy before it, to TLS 1.2 or newer`,
      );
    },
  );

  test('it lacks secure renegotiation', () => {
    const code = 'ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED';
    expect(detailOf(code)).toBe(
      `as.example lacks secure renegotiation (RFC 5746; ${code}). Update it, or the proxy before it`,
    );
  });
});
