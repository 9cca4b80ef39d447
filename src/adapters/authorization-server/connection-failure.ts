import type { HttpNotSent, NotSentReason } from '../../oauth/http-message.ts';
import { defined } from '../../oauth/objects.ts';
import { ClientCertificateError } from './client-certificate.ts';
import { AddressRefusedError } from './egress.ts';
import { ProxyError } from './tunnel.ts';

/** An error of undici, Node or one of our connectors. */
export interface ConnectionError extends Error {
  readonly code?: string | undefined;
  /** The server's certificate, if the host name didn't match. */
  readonly cert?: { readonly subjectaltname?: string };
}

/**
 * Why nothing was sent to `host`, as a sentence; with a more detailed one for the platform team, if there is more.
 *
 * @param bundle names the CAs by which the host is verified
 */
export function explainNotSent(
  failure: ConnectionError,
  host: string,
  bundle = 'the CA bundle (connection.caRef)',
): HttpNotSent {
  if (failure instanceof AddressRefusedError) {
    return notSent('AddressRefused', failure.message, failure.why);
  }
  if (failure instanceof ProxyError) {
    return explainProxy(failure, host);
  }
  if (failure instanceof ClientCertificateError) {
    return notSent('TlsVerificationFailed', explainCertificate(failure, host));
  }
  const code = failure.code ?? failure.name;
  const row = NOT_SENT.find((candidate) => candidate.code.test(code));
  if (row === undefined) {
    return notSent('ConnectFailed', `no connection to ${host} (${code})`);
  }
  return notSent(row.reason, row.explain(host, failure, bundle));
}

export function notSent(reason: NotSentReason, detail: string, why?: string): HttpNotSent {
  return defined({ kind: 'notSent', reason, detail, why });
}

const unknownCa = (host: string, code: string | undefined): string =>
  `the certificate of ${host} is signed by an unknown CA (${code})`;

/** The first row whose pattern matches the error's code explains it. */
const NOT_SENT: readonly {
  readonly code: RegExp;
  readonly reason: NotSentReason;
  readonly explain: (host: string, failure: ConnectionError, bundle: string) => string;
}[] = [
  {
    code: /^(ENOTFOUND|ENODATA|EAI_\w+)$/,
    reason: 'NameNotResolved',
    explain: (host, { code }) => `the name of ${host} could not be resolved (${code})`,
  },
  {
    code: /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }) =>
      `the certificate of ${host} ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'}`,
  },
  {
    code: /^UNABLE_TO_VERIFY_LEAF_SIGNATURE$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }, bundle) =>
      `${unknownCa(host, code)}: the server sends its own certificate alone, or ${bundle} lacks its issuer. Configure the server to send its chain, or add the issuer to the bundle`,
  },
  {
    code: /^UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }, bundle) =>
      `${unknownCa(host, code)}: ${bundle} has no root for it. Add the root to the bundle`,
  },
  {
    code: /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }, bundle) =>
      `${unknownCa(host, code)}: it is self-signed, or its root is. If you trust it, add it to ${bundle}`,
  },
  {
    code: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { cert }) =>
      `the certificate is not for the host name of ${host} but for ${printable(cert?.subjectaltname ?? 'no name')}`,
  },
  {
    code: /^(CERT_|CRL_|INVALID_|PATH_LENGTH_|UNABLE_TO_|ERROR_IN_CERT|ERR_TLS_CERT_)/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }) => `the certificate of ${host} was refused (${code})`,
  },
  {
    // The alert of TLS 1.2 servers for a missing client certificate; it has other causes, too.
    code: /^ERR_SSL_.*_ALERT_HANDSHAKE_FAILURE$/,
    reason: 'TlsVerificationFailed',
    explain: (host) =>
      `${host} refused the TLS handshake: it may demand a client certificate, or share no TLS version or cipher with us`,
  },
  {
    code: /^ERR_SSL_(UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION)$/,
    reason: 'ConnectFailed',
    explain: (host, { code }) =>
      `${host} speaks TLS 1.1 or older only (${code}). Update it, or the proxy before it, to TLS 1.2 or newer`,
  },
  {
    code: /^ERR_SSL_UNSAFE_LEGACY_RENEGOTIATION_DISABLED$/,
    reason: 'ConnectFailed',
    explain: (host, { code }) =>
      `${host} lacks secure renegotiation (RFC 5746; ${code}). Update it, or the proxy before it`,
  },
  {
    code: /^(EPROTO|ERR_SSL_)/,
    reason: 'ConnectFailed',
    explain: (host, { code }) => `the TLS handshake with ${host} failed (${code})`,
  },
  // undici's message names the header or the path, never a value.
  { code: /^UND_ERR_INVALID_ARG$/, reason: 'Unsendable', explain: (_, { message }) => printable(message) },
  {
    code: /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|UND_ERR_HEADERS_TIMEOUT)$/,
    reason: 'ConnectFailed',
    explain: (host) => `no connection to ${host} in time`,
  },
  { code: /^ECONNREFUSED$/, reason: 'ConnectFailed', explain: (host) => `${host} refused the connection` },
  {
    code: /^HTTPParserError$/,
    reason: 'ConnectFailed',
    explain: (host) => `the answer of ${host} is not valid HTTP/1.1`,
  },
  {
    code: /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/,
    reason: 'ConnectFailed',
    explain: (host, { code }) => `${host} closed the connection before it could be used (${code})`,
  },
];

/** Tenants only learn that the platform's proxy made no connection. */
function explainProxy(failure: ProxyError, host: string): HttpNotSent {
  const { reason, detail, why = detail } = explainNamedProxy(failure, host);
  if (failure.isOwn) {
    return notSent(reason, detail, why === detail ? undefined : why);
  }
  const told =
    failure.status === 403
      ? `the platform's proxy refuses connections to ${host}`
      : `the platform's proxy made no connection to ${host}`;
  return notSent(reason, told, why);
}

function explainNamedProxy({ proxy, status, schemes, cause }: ProxyError, host: string): HttpNotSent {
  const name = `the proxy ${printable(proxy)}`;
  if (status !== undefined) {
    return notSent('ConnectFailed', `${name} ${explainStatus(status, schemes, host)}`);
  }
  const failed = explainNotSent(cause as ConnectionError, name, "the operator's CA bundle");
  if (failed.reason !== 'AddressRefused') {
    return failed;
  }
  return notSent(
    'AddressRefused',
    `${name} is not called: ${failed.detail}`,
    `${name} is not called: ${failed.why}`,
  );
}

function explainStatus(status: number, schemes: readonly string[], host: string): string {
  switch (status) {
    case 403:
      return `refuses connections to ${host} (403)`;
    case 407:
      return `${explainDemand(schemes)} (407)`;
    case 502:
    case 503:
    case 504:
      return `can't reach ${host} (${status})`;
    default:
      return `answered ${status} when asked for a connection to ${host}`;
  }
}

/** @param schemes of `Proxy-Authenticate`; only Basic can be sent */
function explainDemand(schemes: readonly string[]): string {
  const demand = 'demands a user and a password, or others than these';
  if (schemes.length === 0) {
    return demand;
  }
  const named = schemes.map(printable).join(', ');
  return schemes.some((scheme) => scheme.toLowerCase() === 'basic')
    ? `${demand}; it accepts ${named}`
    : `accepts only ${named}, and the operator can only send Basic: permit Basic at the proxy, or its connections without a password`;
}

function explainCertificate({ shown, alert }: ClientCertificateError, host: string): string {
  if (!shown) {
    return alert === undefined
      ? `${host} asked for a client certificate, got none and closed the connection`
      : `${host} demands a client certificate (${alert})`;
  }
  return alert === undefined
    ? `${host} closed the connection in the TLS handshake, perhaps for the client certificate that it was shown`
    : `${host} did not accept the client certificate (${alert})`;
}

/** For text that a server or a tenant influenced. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 256);
}
