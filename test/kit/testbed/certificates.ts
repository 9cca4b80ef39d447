import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';

/** Certificates for tests, made in this process: nothing is installed, no key lies in the repository. */

/** A certificate and its key, both PEM, as `tls` takes them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateAuthority extends Certificate {
  /** An end-entity certificate of this authority with a key of its own (EC P-256). */
  readonly issue: (subject?: Subject) => Certificate;
  /** An authority whose own certificate this one signs. */
  readonly intermediate: () => CertificateAuthority;
}

export interface Subject {
  readonly commonName?: string;
  /** DNS names and IPv4 or IPv6 addresses. Default: 127.0.0.1, ::1 and localhost. */
  readonly names?: readonly string[];
  /** Default: both. */
  readonly usage?: 'server' | 'client';
  /** Default: a day from now. In the past: an expired certificate. */
  readonly notAfter?: Date;
  /** Default: an hour ago, or an hour before a `notAfter` in the past. */
  readonly notBefore?: Date;
}

const HOUR_MS = 3_600_000;
const LOCAL = ['127.0.0.1', '::1', 'localhost'];

/** A self-signed authority; each has a subject of its own, so that two are never taken for each other. */
export function createCertificateAuthority(): CertificateAuthority {
  return createAuthority(undefined);
}

/** @param parent who signs its certificate; `undefined`: itself */
function createAuthority(parent: Issuer | undefined): CertificateAuthority {
  const name = `Test CA ${randomBytes(4).toString('hex')}`;
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name, key: keys.privateKey };
  const validity = validityOf({});
  const cert = toPem({
    subject: name,
    issuer: parent ?? issuer,
    publicKey: keys.publicKey,
    validity,
    extensions: caExtensions(),
  });
  return {
    cert,
    key: pemOf(keys.privateKey),
    issue: (subject = {}) => issue(issuer, subject),
    intermediate: () => createAuthority(issuer),
  };
}

/** A date that makes a certificate expired by an hour. */
export function anHourAgo(): Date {
  return new Date(Date.now() - HOUR_MS);
}

interface Issuer {
  readonly name: string;
  readonly key: KeyObject;
}

function issue(issuer: Issuer, subject: Subject): Certificate {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = toPem({
    subject: subject.commonName ?? 'test',
    issuer,
    publicKey: keys.publicKey,
    validity: validityOf(subject),
    extensions: [
      extension('2.5.29.17', sequence(...(subject.names ?? LOCAL).map(generalName))),
      extension('2.5.29.37', sequence(...usagesOf(subject.usage))),
    ],
  });
  return { cert, key: pemOf(keys.privateKey) };
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** RFC 5280 section 4.1. */
function toPem(content: {
  readonly subject: string;
  readonly issuer: Issuer;
  readonly publicKey: KeyObject;
  readonly validity: Buffer;
  readonly extensions: readonly Buffer[];
}): string {
  const signedWith = sequence(oid('1.2.840.10045.4.3.2'));
  const toSign = sequence(
    tlv(0xa0, integer(2)),
    tlv(0x02, Buffer.concat([Buffer.of(1), randomBytes(12)])),
    signedWith,
    distinguishedName(content.issuer.name),
    content.validity,
    distinguishedName(content.subject),
    content.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...content.extensions)),
  );
  const signature = tlv(0x03, Buffer.of(0), sign('sha256', toSign, content.issuer.key));
  const base64 = sequence(toSign, signedWith, signature).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function validityOf({ notAfter = new Date(Date.now() + 24 * HOUR_MS), notBefore }: Subject): Buffer {
  const from = notBefore ?? new Date(Math.min(Date.now(), notAfter.getTime()) - HOUR_MS);
  return sequence(utcTime(from), utcTime(notAfter));
}

const distinguishedName = (commonName: string): Buffer =>
  sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, commonName))));

/** SubjectAltName (RFC 5280 section 4.2.1.6): an iPAddress or a dNSName. */
function generalName(name: string): Buffer {
  if (isIPv4(name)) {
    return tlv(0x87, Buffer.from(name.split('.').map(Number)));
  }
  return isIPv6(name) ? tlv(0x87, ipv6Octets(name)) : tlv(0x82, name);
}

function ipv6Octets(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::').map(hexDigits);
  return Buffer.from(head + '0'.repeat(32 - head.length - tail.length) + tail, 'hex');
}

function hexDigits(groups: string): string {
  const present = groups.split(':').filter(Boolean);
  return present.map((group) => group.padStart(4, '0')).join('');
}

function usagesOf(usage: Subject['usage']): readonly Buffer[] {
  const server = oid('1.3.6.1.5.5.7.3.1');
  const client = oid('1.3.6.1.5.5.7.3.2');
  return usage === undefined ? [server, client] : [usage === 'server' ? server : client];
}

const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.of(0xff))] : []), tlv(0x04, value));

/** basicConstraints: a CA; keyUsage: keyCertSign and cRLSign. */
const caExtensions = (): readonly Buffer[] => [
  extension('2.5.29.19', sequence(tlv(0x01, Buffer.of(0xff))), true),
  extension('2.5.29.15', tlv(0x03, Buffer.of(1, 0b0000_0110)), true),
];

/** Two digits of the year: good until 2050. */
const utcTime = (date: Date): Buffer => tlv(0x17, `${date.toISOString().replace(/\D/g, '').slice(2, 14)}Z`);

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): readonly number[] {
  const digits = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
    digits.unshift(128 + (left % 128));
  }
  return digits;
}

const integer = (value: number): Buffer => tlv(0x02, Buffer.of(value));

const sequence = (...items: readonly Buffer[]): Buffer => tlv(0x30, ...items);

/** Tag, length, value: the one form of DER. */
function tlv(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const value = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  if (value.length < 128) {
    return Buffer.concat([Buffer.of(tag, value.length), value]);
  }
  const length =
    value.length < 256 ? Buffer.of(value.length) : Buffer.of(value.length >> 8, value.length & 255);
  return Buffer.concat([Buffer.of(tag, 0x80 + length.length), length, value]);
}
