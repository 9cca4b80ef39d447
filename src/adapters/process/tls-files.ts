import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Log } from '../../controller/ports.ts';

/** Certificate chain and private key as PEM. */
interface TlsPair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Paths of the two. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A Secret that is mounted changes some time after it was written, and its files together. */
const LOOK_MS = 10_000;

/** Throws where a file can't be read. */
export const readTlsFiles = ({ certFile, keyFile }: TlsFiles): TlsPair => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});

/**
 * Passes a renewed pair to `use`. If it can't be read or used, that is logged, and the former one stays.
 *
 * @param lookMs between two looks at the files. Default: ten seconds.
 * @returns ends it
 */
export function followTlsFiles(
  files: TlsFiles,
  use: (pair: TlsPair) => void,
  log: Pick<Log, 'info' | 'warn'>,
  lookMs = LOOK_MS,
): () => void {
  const renew = () => {
    try {
      use(readTlsFiles(files));
      log.info('the certificate of the endpoint was renewed', { file: files.certFile });
    } catch (error) {
      log.warn("a renewed certificate can't be used", { file: files.certFile, error });
    }
  };
  watchFile(files.certFile, { interval: lookMs, persistent: false }, renew);
  return () => unwatchFile(files.certFile, renew);
}
