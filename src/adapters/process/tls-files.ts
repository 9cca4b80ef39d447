import { readFileSync } from 'node:fs';
import type { Log } from '../../controller/ports.ts';

/** Certificate chain and private key as PEM. */
export interface TlsPair {
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

interface Following {
  readonly files: TlsFiles;
  /** In use since the start. */
  readonly used: TlsPair;
  /** Throws where the pair can't be used. */
  readonly use: (pair: TlsPair) => void;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Between two looks at the files, in milliseconds. Default: ten seconds. */
  readonly lookMs?: number;
}

/**
 * Reads both files again and again, and passes a renewed pair to `use`. If it can't be read or used, such as in the middle
 * of a swap, that is logged, the former one stays, and the next look tries again.
 *
 * @returns ends it
 */
export function followTlsFiles({ files, used: first, use, log, lookMs = LOOK_MS }: Following): () => void {
  let used = first;
  let failure: string | undefined;
  const look = () => {
    try {
      const pair = readTlsFiles(files);
      if (!isSame(pair, used)) {
        use(pair);
        used = pair;
        log.info('the certificate of the endpoint was renewed', { file: files.certFile });
      }
      failure = undefined;
    } catch (error) {
      // The same failure is logged once, not at each look.
      if (String(error) !== failure) {
        failure = String(error);
        log.warn("a renewed certificate can't be used", { file: files.certFile, error });
      }
    }
  };
  const timer = setInterval(look, lookMs).unref();
  return () => clearInterval(timer);
}

const isSame = (one: TlsPair, other: TlsPair): boolean =>
  one.cert.equals(other.cert) && one.key.equals(other.key);
