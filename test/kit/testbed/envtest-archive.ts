import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, fetch } from 'undici';

const VERSION = 'v1.36.2';
const RELEASES = 'https://github.com/kubernetes-sigs/controller-tools/releases/download';
const CONNECT_TIMEOUT_MS = 3_000;
const DOWNLOAD_TIMEOUT_MS = 180_000;

/**
 * SHA-512 of the archives, by `process.platform`-`process.arch`, as envtest-releases.yaml of kubernetes-sigs/controller-tools
 * lists them. A platform without a row here has no archive as far as we are concerned: nothing is used unverified.
 */
const SHA512: Readonly<Record<string, string>> = {
  'linux-x64':
    'ea743186c8a799f5cf8faf16969f86189d003cb7d130e0ac4b58789f1e5748dcf30ebe91c837a10d5ac415383da3e10b9e64d65785c938c23e739781cfb76f08',
  'linux-arm64':
    '2d72ee985a8e262a3c57dc9f7f0fd891f6a8c7bf7ebaa2db6dc6d8eac8ae28181afe51c1f368b67756cdb40b10de9b205609e1726e5f27f7c6d824dd9c6649ac',
  'darwin-arm64':
    '9278f9e5af556b2f1f2d139769c1f0d717c7b4426917fdebdba898bcb725a916e4910d6160886194ff9be9589ea7c5c32c2b8ae0754703874b7c8ba8ddfc41ce',
};

/** The newest official envtest release of Kubernetes 1.36: etcd, kube-apiserver and kubectl, prebuilt. */
export interface EnvtestArchive {
  readonly version: string;
  /**
   * Downloads, verifies and unpacks into `folder` (emptied first); returns the folder of the binaries. Throws where the
   * archive can't be reached within 3 s, or is not the one that was pinned.
   */
  fetchInto(folder: string, onBytes: (bytes: number) => void): Promise<string>;
}

/** The archive for this platform, where one is pinned. */
export function envtestArchive(): EnvtestArchive | undefined {
  const sha512 = SHA512[`${process.platform}-${process.arch}`];
  if (sha512 === undefined) {
    return undefined;
  }
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `envtest-${VERSION}-${process.platform}-${arch}.tar.gz`;
  return {
    version: VERSION,
    fetchInto: async (folder, onBytes) => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      const archive = join(folder, name);
      const digest = await download(`${RELEASES}/envtest-${VERSION}/${name}`, archive, onBytes);
      if (digest !== sha512) {
        throw new Error(`${name} is not the pinned one: its SHA-512 is ${digest}`);
      }
      await unpack(archive, folder);
      return findBinaries(folder);
    },
  };
}

async function download(url: string, target: string, onBytes: (bytes: number) => void): Promise<string> {
  const dispatcher = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  const hash = createHash('sha512');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes(bytes);
      done(null, chunk);
    },
  });
  try {
    const answer = await fetch(url, { dispatcher, signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!answer.ok || answer.body === null) {
      throw new Error(`${url} answered ${answer.status}`);
    }
    await pipeline(answer.body, measure, createWriteStream(target));
    return hash.digest('hex');
  } finally {
    await dispatcher.destroy();
  }
}

async function unpack(archive: string, folder: string): Promise<void> {
  const child = spawn('tar', ['-xzf', archive, '-C', folder], { stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    throw new Error(`tar could not unpack ${archive}`);
  }
}

async function findBinaries(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const apiServer = entries.find((entry) => entry.isFile() && entry.name === 'kube-apiserver');
  if (apiServer === undefined) {
    throw new Error('the envtest archive holds no kube-apiserver');
  }
  return apiServer.parentPath;
}
