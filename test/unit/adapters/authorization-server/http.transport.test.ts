import { connect, createServer } from 'node:net';
import type { SecureVersion } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import {
  client,
  connectionIdle,
  detailOf,
  https,
  listening,
  post,
  tcp,
  within,
} from '../../../kit/fakes/local-servers.ts';
import {
  anHourAgo,
  type Certificate,
  createCertificateAuthority,
} from '../../../kit/testbed/certificates.ts';

const authority = createCertificateAuthority();
const stranger = createCertificateAuthority();
const server = authority.issue({ usage: 'server' });
const ca = authority.cert;

const clientCertificate = ({ cert, key }: Certificate) => ({ cert, key: new Sensitive(key) });
const issued = (commonName: string) => clientCertificate(authority.issue({ commonName, usage: 'client' }));
const over = (transport: Partial<Transport>) => ({
  ...within(5_000),
  transport: { version: 'v1', ca, ...transport },
});

describe('a transport', () => {
  it('brings the CAs to trust', async () => {
    const { url } = await https(server);
    const http = client();
    expect(await http.send(post(url), over({}))).toMatchObject({ kind: 'answered' });
    expect(await http.send(post(url), within(5_000))).toMatchObject({
      kind: 'notSent',
      reason: 'TlsVerificationFailed',
    });
  });

  it('brings several CAs, with words between them', async () => {
    const { url } = await https(server);
    const bundle = `# one\n${stranger.cert}# two\n${ca}\n`;
    expect(await client().send(post(url), over({ ca: bundle }))).toMatchObject({ kind: 'answered' });
  });

  const intermediate = authority.intermediate();
  const leaf = intermediate.issue({ usage: 'server' });
  const chain = { key: leaf.key, cert: leaf.cert + intermediate.cert };

  it.each([
    ['the root', ca, chain],
    ['the intermediate', intermediate.cert, chain],
    ['the intermediate, and the server sends its own certificate alone', intermediate.cert, leaf],
    ["the server's own certificate", leaf.cert, chain],
  ])('P11: brings a bundle that holds only %s', async (_, bundle, keys) => {
    const { url } = await https(keys);
    expect(await client().send(post(url), over({ ca: bundle }))).toMatchObject({ kind: 'answered' });
    expect(await client({ tls: { ca: bundle } }).send(post(url), within(5_000))).toMatchObject({
      kind: 'answered',
    });
  });

  it('P11: brings an intermediate that vouches for no certificate of its root', async () => {
    const { url, requests } = await https(server);
    const outcome = await client().send(post(url), over({ ca: intermediate.cert }));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'TlsVerificationFailed' });
    expect(requests).toEqual([]);
  });

  it('trusts no other CA than the ones it brings', async () => {
    const { url, requests } = await https(server);
    const outcome = await client({ tls: { ca } }).send(post(url), over({ ca: stranger.cert }));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'TlsVerificationFailed' });
    expect(detailOf(outcome)).toMatch(/is signed by an unknown CA/);
    expect(requests).toEqual([]);
  });

  it.each([
    ['TLSv1.1', 'notSent'],
    ['TLSv1.2', 'answered'],
    ['TLSv1.3', 'answered'],
  ] as const)('speaks TLS 1.2 or newer: a server of %s alone is %s', async (version, kind) => {
    // OpenSSL has suites for TLS 1.1 at this level alone.
    const old = { minVersion: version, maxVersion: version, ciphers: 'ALL@SECLEVEL=0' };
    const { url, requests } = await https({ ...server, ...old });
    const outcome = await client().send(post(url), over({}));
    expect(outcome).toMatchObject({ kind });
    expect(detailOf(outcome)).toMatch(kind === 'answered' ? /200/ : / speaks TLS 1\.1 or older only \(/);
    expect(requests).toHaveLength(kind === 'answered' ? 1 : 0);
  });

  it('keeps its connections', async () => {
    const { url, requests } = await https(server);
    const http = client();
    for (let call = 0; call < 3; call += 1) {
      await http.send(post(url), over({}));
      await connectionIdle();
    }
    expect(new Set(requests.map(({ port }) => port)).size).toBe(1);
  });

  it('of a new version shows its new certificate, and the connections of the old one end', async () => {
    const { url, requests, closed } = await https({ ...server, ca, requestCert: true });
    const http = client({ idleMs: 0 });
    await http.send(post(url), over({ certificate: issued('old') }));
    await http.send(post(url), over({ version: 'v2', certificate: issued('new') }));
    expect(requests.map(({ subject }) => subject)).toEqual(['old', 'new']);
    await closed[0];
  });

  it('of an old version that is closed lets its call under way end', async () => {
    const got = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const slow = await tcp(async (socket) => {
      got.resolve();
      await held.promise;
      socket.end('HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}');
    });
    const { url } = await https(server);
    const http = client({ maxPools: 1 });
    const underWay = http.send(post(slow), over({}));
    await got.promise;
    expect(await http.send(post(url), over({ version: 'v2' }))).toMatchObject({ kind: 'answered' });
    held.resolve();
    expect(await underWay).toMatchObject({ kind: 'answered', status: 201 });
  });

  it('is the one used longest ago where there are too many, and it can be used again', async () => {
    const { url, requests, closed } = await https({ ...server, ca, requestCert: true });
    const http = client({ maxPools: 2 });
    const [a, b, c] = ['a', 'b', 'c'].map((version) => over({ version, certificate: issued(version) }));
    for (const options of [a, b, a, c, a, b]) {
      await http.send(post(url), options ?? over({}));
      await connectionIdle();
    }
    const subjects = requests.map(({ subject }) => subject);
    expect(subjects).toEqual(['a', 'b', 'a', 'c', 'a', 'b']);
    const portsOf = (name: string) =>
      new Set(requests.filter(({ subject }) => subject === name).map(({ port }) => port)).size;
    expect(['a', 'b', 'c'].map(portsOf)).toEqual([1, 2, 1]);
    await closed[1];
  });

  it('never lends its certificate to another of the same version', async () => {
    const { url, requests } = await https({ ...server, ca, requestCert: true, rejectUnauthorized: false });
    const http = client();
    const [one, two] = [issued('one'), issued('two')];
    for (const certificate of [one, two, undefined, one]) {
      await http.send(post(url), over({ certificate }));
    }
    expect(requests.map(({ subject }) => subject)).toEqual(['one', 'two', undefined, 'one']);
  });

  it.each<[string, Partial<Transport>, string, string]>([
    ['an empty CA bundle', { ca: '' }, 'TlsVerificationFailed', 'the CA bundle holds no PEM certificate'],
    [
      'a CA bundle without a certificate',
      { ca: issued('x').key.reveal() },
      'TlsVerificationFailed',
      'the CA bundle holds no PEM certificate',
    ],
    [
      'a CA bundle with a broken certificate',
      { ca: `${ca}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
      'TlsVerificationFailed',
      "certificate 2 of the CA bundle can't be read",
    ],
    [
      'the key of another certificate',
      { certificate: { cert: issued('x').cert, key: issued('y').key } },
      'TlsVerificationFailed',
      "the client certificate or its key can't be used (ERR_OSSL_X509_KEY_VALUES_MISMATCH)",
    ],
    [
      'an empty client certificate',
      { certificate: { cert: '', key: issued('x').key } },
      'TlsVerificationFailed',
      'the client certificate or its key is empty',
    ],
    [
      'an empty key',
      { certificate: { cert: issued('x').cert, key: new Sensitive('') } },
      'TlsVerificationFailed',
      'the client certificate or its key is empty',
    ],
    [
      'a key that is none',
      { certificate: { cert: issued('x').cert, key: new Sensitive('canary') } },
      'TlsVerificationFailed',
      "the client certificate or its key can't be used (ERR_OSSL_UNSUPPORTED)",
    ],
    [
      'a proxy that is no URL',
      { proxyUrl: 'http://' },
      'ConnectFailed',
      "the proxy's URL is no http or https URL",
    ],
    [
      'a proxy of another scheme',
      { proxyUrl: 'socks5://u:canary@proxy' },
      'ConnectFailed',
      "the proxy's URL is no http or https URL",
    ],
  ])('is refused for %s, and nothing is sent', async (_, transport, reason, detail) => {
    const { url, requests } = await https(server);
    expect(await client().send(post(url), over(transport))).toEqual({ kind: 'notSent', reason, detail });
    expect(requests).toEqual([]);
  });

  it('finds its connections closed after close', async () => {
    const { url } = await https(server);
    const http = client();
    await http.send(post(url), over({}));
    await http.close();
    const outcome = await http.send(post(url), over({}));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'ConnectFailed' });
  });
});

describe.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])('a client certificate in %s', (version) => {
  const strict = () =>
    https({
      ...server,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: version,
      maxVersion: version,
    });

  it('is shown to a server that asks for one', async () => {
    const { url, requests } = await strict();
    const outcome = await client().send(post(url), over({ certificate: issued('registrar') }));
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(requests).toMatchObject([{ subject: 'registrar' }]);
  });

  it.each([
    ['expired', authority.issue({ notAfter: anHourAgo(), usage: 'client' })],
    ['signed by an unknown CA', stranger.issue({ usage: 'client' })],
  ])('is refused where it is %s, and nothing is sent', async (_, certificate) => {
    const { url, requests } = await strict();
    const outcome = await client().send(post(url), over({ certificate: clientCertificate(certificate) }));
    expect(outcome).toEqual({
      kind: 'notSent',
      reason: 'TlsVerificationFailed',
      detail: `${new URL(url).host} closed the connection in the TLS handshake, perhaps for the client certificate that it was shown`,
    });
    expect(requests).toEqual([]);
  });

  it('is missed where there is none, and nothing is sent', async () => {
    const { url, requests } = await strict();
    const outcome = await client().send(post(url), over({}));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'TlsVerificationFailed' });
    expect(detailOf(outcome)).toMatch(
      version === 'TLSv1.3'
        ? /^127\.0\.0\.1:\d+ demands a client certificate \(certificate required\)$/
        : /^127\.0\.0\.1:\d+ refused the TLS handshake: it may demand a client certificate, or share no/,
    );
    expect(requests).toEqual([]);
  });
});

/** RFC 8446 section 6.2; an alert in answer to the first message goes in the clear. */
describe.each([
  [42, 'bad certificate'],
  [43, 'unsupported certificate'],
  [44, 'certificate revoked'],
  [45, 'certificate expired'],
  [46, 'certificate unknown'],
  [48, 'unknown ca'],
  [49, 'access denied'],
])('alert %i', (alert, words) => {
  it.each([
    ['that the certificate is not accepted', issued('x'), `did not accept the client certificate (${words})`],
    ['that a certificate is demanded', undefined, `demands a client certificate (${words})`],
  ])('says %s', async (_, certificate, said) => {
    const url = (await tcp((socket) => socket.end(Buffer.of(21, 3, 3, 0, 2, 2, alert)))).replace(
      'http',
      'https',
    );
    expect(await client().send(post(url), over({ certificate }))).toEqual({
      kind: 'notSent',
      reason: 'TlsVerificationFailed',
      detail: `${new URL(url).host} ${said}`,
    });
  });
});

describe('a verdict of TLS 1.3 that takes long', () => {
  const body = 'x'.repeat(50_000);

  /** Holds back what the server says after its first flight until the request is on its way. */
  const slowly = async (port: number) => {
    const relay = createServer((near) => {
      const far = connect(port, '127.0.0.1');
      const held: Buffer[] = [];
      let flights = 0;
      let bytes = 0;
      near.on('data', (data) => {
        flights += 1;
        bytes += data.length;
        far.write(data);
        if (bytes > body.length) {
          for (const late of held.splice(0)) {
            near.write(late);
          }
        }
      });
      far.on('data', (data) => (flights > 1 && bytes < body.length ? held.push(data) : near.write(data)));
      for (const socket of [near, far]) {
        socket.on('error', () => undefined);
      }
      near.on('close', () => far.destroy());
    });
    return `https://127.0.0.1:${await listening(relay)}/`;
  };

  it('is not waited for for ever', async () => {
    const { port, requests } = await https({ ...server, ca, requestCert: true, minVersion: 'TLSv1.3' });
    const outcome = await client().send(
      post(await slowly(port), { body }),
      over({ certificate: issued('x') }),
    );
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(requests).toMatchObject([{ subject: 'x' }]);
  });

  it('still counts where it arrives after the request was written', async () => {
    const { port, requests } = await https({ ...server, ca, requestCert: true, minVersion: 'TLSv1.3' });
    const url = await slowly(port);
    expect(await client().send(post(url, { body }), over({}))).toEqual({
      kind: 'notSent',
      reason: 'TlsVerificationFailed',
      detail: `${new URL(url).host} demands a client certificate (certificate required)`,
    });
    expect(requests).toEqual([]);
  });
});
