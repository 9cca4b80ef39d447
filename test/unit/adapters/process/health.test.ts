import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { Sender } from '../../../../src/adapters/kubernetes/access-review.ts';
import { type HttpEndpointOptions, startHttpEndpoint } from '../../../../src/adapters/process/health.ts';
import { followTlsFiles, readTlsFiles, type TlsFiles } from '../../../../src/adapters/process/tls-files.ts';
import { createRecordingLog } from '../../../kit/fakes/fake-clock.ts';
import { createCertificateAuthority } from '../../../kit/testbed/certificates.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) {
    await cleanup();
  }
});

const start = async (options: Partial<HttpEndpointOptions> = {}) => {
  const endpoint = await startHttpEndpoint({
    port: 0,
    host: '127.0.0.1',
    live: () => undefined,
    ready: () => undefined,
    log: createRecordingLog(),
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    ...options,
  });
  cleanups.push(endpoint.close);
  const ask = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${endpoint.port}${path}`, init);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.text(),
    };
  };
  return { ...endpoint, ask };
};
const plain = 'text/plain; charset=utf-8';
const fail = () => {
  throw new Error('canary');
};

const dial = (port: number, host = '127.0.0.1') =>
  new Promise<Socket>((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: host }, () => resolve(socket));
    socket.on('error', () => undefined);
    cleanups.push(async () => void socket.destroy());
  });
const ended = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.once('close', () => resolve()).resume();
  });

describe('the endpoint', () => {
  it.each(['/livez', '/readyz', '/readyz?verbose'])(
    'answers 200 ok to %s where all is well',
    async (path) => {
      const { ask } = await start();
      expect(await ask(path)).toEqual({ status: 200, type: plain, body: 'ok' });
    },
  );

  it('answers 503 with the sentence of the check that was asked', async () => {
    const { ask } = await start({ live: () => 'no event for 300 s', ready: () => 'not synced yet' });
    expect(await ask('/livez')).toEqual({ status: 503, type: plain, body: 'no event for 300 s' });
    expect(await ask('/readyz')).toEqual({ status: 503, type: plain, body: 'not synced yet' });
  });

  it('serves the metrics with their content type', async () => {
    const { ask } = await start();
    expect(await ask('/metrics')).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4',
      body: 'up 1\n',
    });
  });

  it.each(['/', '/livez/', '/debug', '//livez'])('answers 404 to %s', async (path) => {
    const { ask } = await start();
    expect(await ask(path)).toMatchObject({ status: 404, body: 'not found' });
  });

  it.each(['POST', 'PUT', 'DELETE'])('answers 405 to %s', async (method) => {
    const { ask } = await start();
    expect(await ask('/livez', { method })).toMatchObject({ status: 405, body: 'only GET is served' });
  });

  it.each([
    ['/livez', { live: fail }],
    ['/readyz', { ready: fail }],
    ['/metrics', { metrics: async () => fail() }],
  ])('answers 500 without the message where %s throws', async (path, options) => {
    const { ask } = await start(options);
    expect(await ask(path)).toEqual({ status: 500, type: plain, body: 'the check itself failed' });
  });

  it('rejects a port that is taken', async () => {
    const { port } = await start();
    await expect(start({ port })).rejects.toThrow(/EADDRINUSE/);
  });

  it('ends each connection that is no use within some seconds (M11)', async () => {
    const useless = {
      'sends nothing': '',
      'does not end its request': 'GET /livez HTTP/1.1\r\n',
      'is idle after an answer': 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n',
    };
    const { port } = await start();
    const lived = Object.entries(useless).map(async ([what, text]) => {
      const socket = await dial(port);
      const started = performance.now();
      socket.write(text);
      await ended(socket);
      return [what, performance.now() - started < 4_500];
    });
    expect(await Promise.all(lived)).toEqual(Object.keys(useless).map((what) => [what, true]));
  });

  it('keeps 64 connections at most, and answers callers from other addresses (M11)', async () => {
    const { port, ask } = await start();
    const others = await dial(port, '127.0.0.2');
    const ends = [];
    let open = 0;
    for (let count = 0; count < 300; count += 1) {
      const socket = await dial(port);
      open += 1;
      ends.push(ended(socket).then(() => (open -= 1)));
    }
    expect(await ask('/livez')).toMatchObject({ status: 200 });
    await Promise.all(ends.slice(0, 230));
    expect(open).toBeLessThanOrEqual(64);
    expect(others.destroyed).toBe(false);
  });

  it('refuses connections once it is closed', async () => {
    const { ask, close } = await start();
    await ask('/livez');
    await close();
    await expect(ask('/livez')).rejects.toThrow('fetch failed');
  });
});

describe('the endpoint with authentication', () => {
  const refusal = async ({ authorization, address = '' }: Sender) =>
    authorization === 'Bearer good' && address.endsWith('127.0.0.1')
      ? undefined
      : { status: 401, message: 'Send a token of the cluster.' };

  it('serves metrics only to callers who are not refused, and says what is missing', async () => {
    const { ask, port } = await start({ refusal });
    expect(await ask('/metrics')).toEqual({
      status: 401,
      type: plain,
      body: 'Send a token of the cluster.',
    });
    const { headers } = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(await ask('/metrics', { headers: { authorization: 'Bearer good' } })).toMatchObject({
      status: 200,
      body: 'up 1\n',
    });
  });

  it('answers probes without asking who calls', async () => {
    const { ask } = await start({ refusal });
    expect([await ask('/livez'), await ask('/readyz')]).toMatchObject([{ status: 200 }, { status: 200 }]);
  });

  it('makes no metrics for a caller who is refused', async () => {
    const { ask } = await start({ refusal, metrics: fail });
    expect(await ask('/metrics')).toMatchObject({ status: 401 });
  });
});

describe('the endpoint with a certificate', () => {
  const authority = createCertificateAuthority();

  const files = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-tls-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const paths = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
    const write = async ({ cert, key }: { readonly cert: string; readonly key: string }) => {
      await writeFile(paths.keyFile, key);
      await writeFile(paths.certFile, cert);
    };
    await write(authority.issue());
    return { paths, write };
  };

  const askTls = (port: number) =>
    new Promise<string>((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/livez', ca: authority.cert, agent: false }, (response) => {
        response.resume();
        resolve(
          `${response.statusCode} ${(response.socket as TLSSocket).getPeerCertificate().fingerprint256}`,
        );
      }).once('error', reject);
    });

  it('serves HTTPS', async () => {
    const { paths } = await files();
    const { port } = await start({ tls: paths });
    const fingerprint = new X509Certificate(await readFile(paths.certFile)).fingerprint256;
    expect(await askTls(port)).toBe(`200 ${fingerprint}`);
  });

  it('ends a connection that makes no handshake within some seconds', async () => {
    const { paths } = await files();
    const { port } = await start({ tls: paths });
    const socket = await dial(port);
    const started = performance.now();
    await ended(socket);
    expect(performance.now() - started).toBeLessThan(4_500);
  });

  /** Follows the files, and uses what a TLS server can use. */
  const follow = async (paths: TlsFiles, refusals = 0) => {
    const log = createRecordingLog();
    const { promise: warned, resolve: isWarned } = Promise.withResolvers<void>();
    const { promise: renewed, resolve: isRenewed } = Promise.withResolvers<string>();
    const failures: string[] = [];
    let refused = 0;
    const stop = followTlsFiles({
      files: paths,
      used: readTlsFiles(paths),
      use: ({ cert, key }) => {
        createSecureContext({ cert, key });
        refused += 1;
        if (refused <= refusals) {
          throw new Error('not now');
        }
        isRenewed(cert.toString());
      },
      log: {
        info: log.info,
        warn: (message, fields) => {
          log.warn(message, fields);
          failures.push(String((fields as { readonly error?: unknown } | undefined)?.error));
          isWarned();
        },
      },
      lookMs: 10,
    });
    cleanups.push(async () => stop());
    return { warned, renewed, lines: log.lines, failures };
  };

  it('serves a renewed one, and keeps the former one while the new one is no certificate', async () => {
    const { paths, write } = await files();
    const { warned, renewed, lines } = await follow(paths);
    await write({ cert: 'no certificate', key: 'no key' });
    await warned;
    expect(lines[0]).toContain("warn a renewed certificate can't be used");
    const next = authority.issue();
    await write(next);
    expect(await renewed).toBe(next.cert);
  });

  it('serves a renewed one whose key is written last', async () => {
    const { paths } = await files();
    const { warned, renewed } = await follow(paths);
    const next = authority.issue();
    await writeFile(paths.certFile, next.cert);
    await warned;
    await writeFile(paths.keyFile, next.key);
    expect(await renewed).toBe(next.cert);
  });

  it('tries a renewed one again until it can be used, and logs the same failure once', async () => {
    const { paths, write } = await files();
    const { renewed, failures } = await follow(paths, 3);
    const next = authority.issue();
    await write(next);
    expect(await renewed).toBe(next.cert);
    expect(failures.filter((failure) => failure === 'Error: not now')).toHaveLength(1);
  });

  it('does not start without its files', async () => {
    const tls = { certFile: '/does/not/exist.crt', keyFile: '/does/not/exist.key' };
    await expect(start({ tls })).rejects.toThrow('/does/not/exist.crt');
  });
});
