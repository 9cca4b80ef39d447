import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { NotSentReason, Transport } from '../../oauth/http-message.ts';
import { defined } from '../../oauth/objects.ts';
import { TRUST } from '../process/connect-defaults.ts';

/** Defaults for transports. */
export type TlsDefaults = Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>;

/** An unusable transport. The message is a sentence for people and shows none of its content. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly reason: NotSentReason;

  constructor(reason: NotSentReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Trust and client certificate of a transport's connections; `undefined`: Node's CAs, no certificate. Throws a
 * {@link TransportError} that names the fault.
 */
export function contextOf(
  defaults: TlsDefaults | undefined,
  transport: Transport | undefined,
): SecureContext | undefined {
  const { ca, certificate } = transport ?? {};
  if (ca === undefined && certificate === undefined) {
    return defaults && createSecureContext({ ...TRUST, ...defaults });
  }
  if (ca !== undefined) {
    checkAuthorities(ca);
  }
  // Node would ignore this.
  if (certificate?.cert === '' || certificate?.key.reveal() === '') {
    throw new TransportError('TlsVerificationFailed', 'the client certificate or its key is empty');
  }
  try {
    return createSecureContext({
      ...TRUST,
      ...defaults,
      ...defined({ ca, cert: certificate?.cert, key: certificate?.key.reveal() }),
    });
  } catch (error) {
    const { code = 'not PEM' } = error as NodeJS.ErrnoException;
    throw new TransportError(
      'TlsVerificationFailed',
      `the client certificate or its key can't be used (${code})`,
    );
  }
}

/** Node would trust its own CAs for an empty bundle, and end at the first certificate that it can't read. */
function checkAuthorities(bundle: string): void {
  const blocks = bundle
    .split(/(?=-----BEGIN )/)
    .filter((block) => /^-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(block));
  if (blocks.length === 0) {
    throw new TransportError('TlsVerificationFailed', 'the CA bundle holds no PEM certificate');
  }
  for (const [index, block] of blocks.entries()) {
    if (!isCertificate(block)) {
      throw new TransportError(
        'TlsVerificationFailed',
        `certificate ${index + 1} of the CA bundle can't be read`,
      );
    }
  }
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
