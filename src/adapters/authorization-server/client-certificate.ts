import { TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';

/** The server refused our client certificate or its absence; it read no request. */
export class ClientCertificateError extends Error {
  override readonly name = 'ClientCertificateError';
  readonly code = 'ERR_CLIENT_CERTIFICATE';
  /** Whether we presented a certificate. */
  readonly shown: boolean;
  /** The server's alert, such as `certificate expired`; absent if it closed the connection without one. */
  readonly alert: string | undefined;

  constructor(shown: boolean, alert: string | undefined) {
    super('the server refused the client certificate');
    this.shown = shown;
    this.alert = alert;
  }
}

/** Delay of each new connection to a server that sends no session tickets. */
const VERDICT_MS = 500;

/** Alerts about a certificate (RFC 8446 section 6.2), as OpenSSL names them. */
const ALERT = /_ALERT_((?:BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/;

/**
 * Wraps a connector: returns a connection only after the server has accepted the client certificate.
 *
 * In TLS 1.3 our handshake is over before the server's:
 *
 *     client ── certificate, Finished ──▶ server judges ── session ticket ──▶ accepted: the connection is given out
 *                                                       ── alert, or end ───▶ refused:  ClientCertificateError
 *
 * Without the wait, a refusal looks like a lost request. `shown`: we have a certificate.
 */
export function awaitVerdict(connect: buildConnector.connector, shown: boolean): buildConnector.connector {
  return (target, callback) => {
    connect(target, (error, socket) => {
      if (error !== null) {
        return callback(explain(error, target.protocol, shown), null);
      }
      if (!(socket instanceof TLSSocket)) {
        return callback(null, socket);
      }
      endWithAlert(socket, shown);
      return isAskedForCertificate(socket) ? judge(socket, shown, callback) : callback(null, socket);
    });
  };
}

/** Before TLS 1.3 the verdict is part of the handshake; some servers only hang up. */
function explain(error: NodeJS.ErrnoException, protocol: string, shown: boolean): Error {
  const hungUp = error.code === 'ECONNRESET' && error.syscall !== 'connect' && protocol === 'https:';
  return refusalOf(error, shown) ?? (hungUp && shown ? new ClientCertificateError(shown, undefined) : error);
}

function judge(socket: TLSSocket, shown: boolean, callback: buildConnector.Callback): void {
  let isOpen = true;
  const settle = (refusal: Error | undefined) => {
    if (!isOpen) {
      return;
    }
    isOpen = false;
    clearTimeout(timer);
    if (refusal === undefined) {
      return callback(null, socket);
    }
    socket.destroy();
    return callback(refusal, null);
  };
  const ended = () => settle(new ClientCertificateError(shown, undefined));
  const timer = setTimeout(settle, VERDICT_MS, undefined);
  // One turn later: data that is written while OpenSSL is still reading gets stuck.
  socket.once('session', () => setImmediate(settle, undefined));
  socket.once('error', (error) => settle(refusalOf(error, shown) ?? error));
  // Also emitted at the end, with nothing to read: nobody reads yet, so `end` itself would not come.
  socket.once('readable', () => (socket.readableLength > 0 ? settle(undefined) : ended()));
  socket.once('close', ended);
}

/** Node reports an alert and then the end, of which undici keeps the end: so the alert itself must close the socket. */
function endWithAlert(socket: TLSSocket, shown: boolean): void {
  socket.on('error', (error) => {
    const refusal = socket.bytesRead === 0 ? refusalOf(error, shown) : undefined;
    socket.destroy(refusal ?? error);
  });
}

/** A client shares signature algorithms with a server only where that sent a CertificateRequest. */
function isAskedForCertificate(socket: TLSSocket): boolean {
  return socket.getProtocol() === 'TLSv1.3' && socket.getSharedSigalgs().length > 0;
}

function refusalOf(error: NodeJS.ErrnoException, shown: boolean): ClientCertificateError | undefined {
  if (error instanceof ClientCertificateError) {
    return error;
  }
  const [, alert] = ALERT.exec(error.code ?? '') ?? [];
  if (alert === undefined) {
    return undefined;
  }
  return new ClientCertificateError(shown, alert.toLowerCase().replaceAll('_', ' '));
}
