import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A private key and its certificate, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateOptions {
  readonly commonName: string;
  /** Host names and IPv4 addresses. */
  readonly names?: readonly string[];
  /** Default: a day before now to a day after. */
  readonly validity?: { readonly from: Date; readonly to: Date };
}

/** Signs certificates of its own (RFC 5280, ECDSA on P-256). Needs nothing but Node. */
export interface CertificateAuthority {
  /** PEM. */
  readonly cert: string;
  issue(options: CertificateOptions): KeyAndCertificate;
}

const DAY_MS = 86_400_000;

export function createCertificateAuthority(commonName = 'Emulated CA'): CertificateAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = { commonName, isAuthority: true, signedBy: { commonName, key: keys.privateKey } };
  return {
    cert: certificate({ ...own, publicKey: keys.publicKey }),
    issue: (options) => {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
        cert: certificate({
          ...options,
          isAuthority: false,
          signedBy: own.signedBy,
          publicKey: pair.publicKey,
        }),
      };
    },
  };
}

/** A certificate that its own key signed. */
export function selfSigned(options: CertificateOptions): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signedBy = { commonName: options.commonName, key: privateKey };
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: certificate({ ...options, isAuthority: false, publicKey, signedBy }),
  };
}

interface ToCertify extends CertificateOptions {
  readonly isAuthority: boolean;
  readonly publicKey: KeyObject;
  readonly signedBy: { readonly commonName: string; readonly key: KeyObject };
}

const OID = {
  ecdsaWithSha256: [42, 134, 72, 206, 61, 4, 3, 2],
  commonName: [85, 4, 3],
  basicConstraints: [85, 29, 19],
  subjectAltName: [85, 29, 17],
} as const;

function certificate(request: ToCertify): string {
  const now = Date.now();
  const { from, to } = request.validity ?? { from: new Date(now - DAY_MS), to: new Date(now + DAY_MS) };
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const toBeSigned = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(request.signedBy.commonName),
    sequence(time(from), time(to)),
    name(request.commonName),
    request.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions(request))),
  );
  const signature = sign('sha256', toBeSigned, request.signedBy.key);
  const der = sequence(toBeSigned, algorithm, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extensions({ isAuthority, names = [] }: ToCertify): Buffer[] {
  const constraints = sequence(
    oid(OID.basicConstraints),
    tlv(0x01, Buffer.from([0xff])),
    tlv(0x04, isAuthority ? sequence(tlv(0x01, Buffer.from([0xff]))) : sequence()),
  );
  const alternatives = sequence(oid(OID.subjectAltName), tlv(0x04, sequence(...names.map(alternativeName))));
  return names.length === 0 ? [constraints] : [constraints, alternatives];
}

function alternativeName(value: string): Buffer {
  const isAddress = /^\d+(\.\d+){3}$/.test(value);
  return isAddress ? tlv(0x87, Buffer.from(value.split('.').map(Number))) : tlv(0x82, Buffer.from(value));
}

const sequence = (...content: Buffer[]) => tlv(0x30, ...content);
const oid = (bytes: readonly number[]) => tlv(0x06, Buffer.from(bytes));
const integer = (bytes: Buffer) => tlv(0x02, bytes);
const name = (commonName: string) =>
  sequence(tlv(0x31, sequence(oid(OID.commonName), tlv(0x0c, Buffer.from(commonName)))));
/** UTCTime, good until 2049. */
const time = (date: Date) =>
  tlv(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));

function tlv(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}
