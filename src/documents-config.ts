import { parseArgs } from 'node:util';
import * as z from 'zod';
import { flagLines, readFlags, tlsFilesOf } from './flags.ts';

/** Flags of `oauth-registrar documents`, validated. */
export interface DocumentsConfig {
  readonly kubeconfig: string | undefined;
  readonly namespace: string | undefined;
  readonly port: number;
  readonly documentsPort: number;
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

/** Every flag of `oauth-registrar documents`, by its name without `--`. */
export const DOCUMENTS_FLAGS = {
  kubeconfig: {
    type: 'string',
    help: 'Path of a kubeconfig. Default: KUBECONFIG, ~/.kube/config, the service account.',
  },
  namespace: { type: 'string', help: 'Namespace of the documents. Default: that of the pod.' },
  port: {
    type: 'string',
    default: '8080',
    help: 'Port of /livez, /readyz and /metrics; 0 for any free one. Default: 8080.',
  },
  'documents-port': {
    type: 'string',
    default: '8082',
    help: 'Port at which documents are served; 0 for any free one. Default: 8082.',
  },
  'tls-cert-file': {
    type: 'string',
    help: 'Certificate chain (PEM) by which documents are served over HTTPS; read again when it changes. Default: plain HTTP.',
  },
  'tls-private-key-file': { type: 'string', help: 'Private key (PEM) of that certificate.' },
  'log-level': { type: 'string', default: 'info', help: 'debug, info, warn or error. Default: info.' },
  help: { type: 'boolean', default: false, help: 'Print this.' },
} as const;

const port = z.coerce.number().int().min(0).max(65_535);

const schema = z
  .object({
    port,
    'documents-port': port,
    'log-level': z.enum(['debug', 'info', 'warn', 'error']),
    'tls-cert-file': z.string().min(1).optional(),
    'tls-private-key-file': z.string().min(1).optional(),
  })
  .refine(
    (flags) => (flags['tls-cert-file'] === undefined) === (flags['tls-private-key-file'] === undefined),
    { path: ['tls-cert-file'], error: 'and --tls-private-key-file need each other' },
  )
  .refine((flags) => flags.port === 0 || flags.port !== flags['documents-port'], {
    path: ['documents-port'],
    error: 'must be another port than --port',
  });

/** What to print for `documents --help`. */
export function documentsUsage(): string {
  return `Usage: oauth-registrar documents [flags]\n\nServes the documents that identify clients. It calls nothing but the API server.\n\n${flagLines(DOCUMENTS_FLAGS)}\n`;
}

/** @returns the configuration, `help` where it was requested, or a message that says which flag is wrong. */
export function readDocumentsConfig(
  args: readonly string[],
): DocumentsConfig | 'help' | { readonly problem: string } {
  const read = readFlags(() => parse(args), schema);
  if ('problem' in read) {
    return read;
  }
  const { values, checked } = read;
  const { port: probes, 'documents-port': documentsPort, 'log-level': logLevel } = checked;
  const tls = tlsFilesOf(checked['tls-cert-file'], checked['tls-private-key-file']);
  const { kubeconfig, namespace, help } = values;
  return help ? 'help' : { kubeconfig, namespace, port: probes, documentsPort, tls, logLevel };
}

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: DOCUMENTS_FLAGS, strict: true }).values;
