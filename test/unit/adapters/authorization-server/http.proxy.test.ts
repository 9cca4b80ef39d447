import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createEgressGuard } from '../../../../src/adapters/authorization-server/egress.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import {
  cleanUp,
  client,
  connectionIdle,
  connectProxy,
  detailOf,
  http,
  https,
  listening,
  loopback,
  post,
  tcp,
  whyOf,
  within,
} from '../../../kit/fakes/local-servers.ts';
import { createCertificateAuthority } from '../../../kit/testbed/certificates.ts';

const authority = createCertificateAuthority();
const ca = authority.cert;
const server = authority.issue({ names: ['as.example'] });
const never = createEgressGuard({ allowed: [] });

/** The settings of an operator that has this proxy in its environment. */
const environment = (proxy: string) => ({ proxy: { https: proxy, http: proxy }, tls: { ca } });
const over = (proxyUrl: string) => ({ ...within(5_000), transport: { version: proxyUrl, proxyUrl } });

describe('a call through a proxy', () => {
  it('goes to an https server through a tunnel, by a name that only the proxy can resolve', async () => {
    const { port, requests } = await https(server);
    const proxy = await connectProxy();
    const outcome = await client(environment(`http://${proxy.host}`)).send(
      post(`https://as.example:${port}/`),
      within(5_000),
    );
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(requests).toHaveLength(1);
    expect(proxy.asked).toEqual([{ authority: `as.example:${port}`, authorization: undefined }]);
  });

  it('goes to an http server through a tunnel, too', async () => {
    const url = new URL(await http((_request, response) => response.end('{}')));
    const proxy = await connectProxy();
    const outcome = await client(environment(proxy.host)).send(
      post(`http://as.example:${url.port}/register`),
      within(5_000),
    );
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(proxy.asked).toMatchObject([{ authority: `as.example:${url.port}` }]);
    expect(proxy.plain).toEqual([]);
  });

  it.each([
    ['https://as.example/', 'as.example:443'],
    ['http://as.example/', 'as.example:80'],
    ['https://[2001:db8::1]/', '[2001:db8::1]:443'],
  ])('asks for the port of %s', async (url, asked) => {
    const proxy = await connectProxy({ refusal: 403 });
    await client(environment(proxy.host)).send(post(url), within(5_000));
    expect(proxy.asked).toMatchObject([{ authority: asked }]);
  });

  it('keeps its tunnel for later calls', async () => {
    const { port } = await https(server);
    const proxy = await connectProxy();
    const http = client(environment(proxy.host));
    for (let call = 0; call < 3; call += 1) {
      await http.send(post(`https://as.example:${port}/`), within(5_000));
      await connectionIdle();
    }
    expect(proxy.asked).toHaveLength(1);
  });

  it("carries the user and the password of the proxy's URL to the proxy alone", async () => {
    let seen: unknown;
    const url = new URL(
      await http((request, response) => {
        seen = request.headers['proxy-authorization'];
        response.end();
      }),
    );
    const proxy = await connectProxy();
    const target = `http://as.example:${url.port}/`;
    await client(environment(`http://us%C3%A9r:p%40ss@${proxy.host}`)).send(post(target), within(5_000));
    const basic = Buffer.from('usér:p@ss').toString('base64');
    expect(proxy.asked).toMatchObject([{ authorization: `Basic ${basic}` }]);
    expect(seen).toBeUndefined();
  });

  it('reaches a proxy that speaks TLS', async () => {
    const { port } = await https(server);
    const proxy = await connectProxy({ tls: authority.issue() });
    const outcome = await client(environment(`https://${proxy.host}`)).send(
      post(`https://as.example:${port}/`),
      within(5_000),
    );
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('P11: goes to an https proxy whose CA bundle holds only the intermediate', async () => {
    const { port } = await https(server);
    const intermediate = authority.intermediate();
    const keys = intermediate.issue();
    const proxy = await connectProxy({ tls: { ...keys, cert: keys.cert + intermediate.cert } });
    const outcome = await client({
      proxy: { https: `https://${proxy.host}` },
      tls: { ca: intermediate.cert },
    }).send(post(`https://as.example:${port}/`), { ...within(5_000), transport: { version: 'v1', ca } });
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('shows the client certificate to the server, never to the proxy', async () => {
    const asks = { ca, requestCert: true, rejectUnauthorized: false };
    const { port, requests } = await https({ ...server, ...asks });
    const shown: unknown[] = [];
    const tls = { ...authority.issue(), ...asks };
    const proxy = await connectProxy({ tls, onSecure: (socket) => shown.push(socket.getPeerCertificate()) });
    const { cert, key } = authority.issue({ commonName: 'registrar' });
    const transport = { version: 'v1', ca, certificate: { cert, key: new Sensitive(key) } };
    const outcome = await client(environment(`https://${proxy.host}`)).send(
      post(`https://as.example:${port}/`),
      { ...within(5_000), transport },
    );
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(requests).toMatchObject([{ subject: 'registrar' }]);
    expect(shown).toEqual([{}]);
  });

  it("checks the server's certificate within the tunnel", async () => {
    const { port, requests } = await https(server);
    const proxy = await connectProxy();
    const http = client(environment(proxy.host));
    const outcome = await http.send(post(`https://other.example:${port}/`), within(5_000));
    expect(outcome).toEqual({
      kind: 'notSent',
      reason: 'TlsVerificationFailed',
      detail: `the certificate is not for the host name of other.example:${port} but for DNS:as.example`,
    });
    expect(requests).toEqual([]);
  });
});

describe("the environment's proxy", () => {
  it('is called whatever its address is, since the administrator chose it', async () => {
    const { port } = await https(server);
    const proxy = await connectProxy();
    const outcome = await client({ ...environment(proxy.host), guard: never }).send(
      post(`https://as.example:${port}/`),
      within(5_000),
    );
    expect(outcome).toMatchObject({ kind: 'answered' });
  });

  it('is left out for hosts of NO_PROXY, whose addresses are judged again', async () => {
    const proxy = await connectProxy();
    const proxies = { https: proxy.host, no: 'local.example' };
    const guard = createEgressGuard({
      allowed: [],
      resolve: (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    });
    const outcome = await client({ guard, proxy: proxies }).send(
      post('https://local.example/'),
      within(5_000),
    );
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
    expect(proxy.asked).toEqual([]);
  });

  it.each(['https://169.254.169.254/', 'http://169.254.169.254/', 'https://[fe80::1]/', 'https://0.0.0.0/'])(
    'is never asked for %s',
    async (url) => {
      const proxy = await connectProxy();
      const outcome = await client({ ...environment(proxy.host), guard: never }).send(
        post(url),
        within(5_000),
      );
      expect(outcome).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
      expect(detailOf(outcome)).toMatch(/^the address of \S+ isn't permitted here$/);
      expect(proxy.asked).toEqual([]);
    },
  );

  it("stops the start where it can't be used", () => {
    expect(() => client({ proxy: { http: 'socks5://proxy' } })).toThrow(
      new RangeError('the proxy for http URLs is no http or https URL'),
    );
  });
});

describe('the proxy of a transport', () => {
  it("takes the place of the environment's, for hosts of NO_PROXY and loopback, too", async () => {
    const url = await http((_request, response) => response.end('{}'));
    const [general, own] = [await connectProxy(), await connectProxy()];
    const proxy = { http: general.host, no: '*' };
    const outcome = await client({ proxy }).send(post(url), over(`http://${own.host}`));
    expect(outcome).toMatchObject({ kind: 'answered' });
    expect([general.asked.length, own.asked.length]).toEqual([0, 1]);
  });

  it.each([
    ['http://127.0.0.1:3128', '127.0.0.1:3128', '127.0.0.1 is a loopback address'],
    ['https://169.254.169.254', '169.254.169.254', '169.254.169.254 is a cloud metadata address'],
    ['http://u:canary@localhost:3128', 'localhost:3128', '(127.0.0.1|::1) is a loopback address'],
  ])('is judged by its address: %s', async (proxyUrl, name, why) => {
    const outcome = await client({ guard: never }).send(post('https://as.example/'), over(proxyUrl));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
    const host = name.split(':')[0];
    expect(detailOf(outcome)).toBe(
      `the proxy ${name} is not called: the address of ${host} isn't permitted here`,
    );
    expect(whyOf(outcome)).toMatch(new RegExp(`^the proxy ${name} is not called: ${why}`));
    expect(JSON.stringify(outcome)).not.toContain('canary');
  });

  it('is judged at each connection by the very address it would go to', async () => {
    const addresses = ['127.0.0.1', '169.254.169.254'];
    const guard = createEgressGuard({
      allowed: ['127.0.0.0/8'],
      resolve: (_hostname, _options, callback) =>
        callback(null, [{ address: addresses.shift() ?? '', family: 4 }]),
    });
    const url = new URL(await http((_request, response) => response.setHeader('connection', 'close').end()));
    const proxy = await connectProxy();
    const caller = client({ guard });
    const request = post(`http://as.example:${url.port}/`);
    const options = over(`http://proxy.example:${proxy.port}`);
    expect(await caller.send(request, options)).toMatchObject({ kind: 'answered' });
    expect(await caller.send(request, options)).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
    expect(proxy.asked).toHaveLength(1);
  });
});

describe('a proxy that makes no connection', () => {
  it.each([
    [403, 'refuses connections to as.example:8443 (403)'],
    [407, 'demands a user and a password, or others than these (407)'],
    [502, "can't reach as.example:8443 (502)"],
    [503, "can't reach as.example:8443 (503)"],
    [504, "can't reach as.example:8443 (504)"],
    [302, 'answered 302 when asked for a connection to as.example:8443'],
    [500, 'answered 500 when asked for a connection to as.example:8443'],
  ])('by %i leaves the request unsent', async (refusal, said) => {
    const proxy = await connectProxy({ refusal });
    const outcome = await client(environment(`http://user:canary@${proxy.host}`)).send(
      post('https://as.example:8443/'),
      within(5_000),
    );
    const told = refusal === 403 ? 'refuses connections to' : 'made no connection to';
    expect(outcome).toEqual({
      kind: 'notSent',
      reason: 'ConnectFailed',
      detail: `the platform's proxy ${told} as.example:8443`,
      why: `the proxy ${proxy.host} ${said}`,
    });
  });

  it('is reported with its name to owners of the object that names it', async () => {
    const proxy = await connectProxy({ refusal: 407 });
    const own = over(`http://user:canary@${proxy.host}`);
    expect(await client().send(post('https://as.example/'), own)).toEqual({
      kind: 'notSent',
      reason: 'ConnectFailed',
      detail: `the proxy ${proxy.host} demands a user and a password, or others than these (407)`,
    });
  });

  it.each<readonly [string, readonly string[], string]>([
    [
      'schemes that can not be sent',
      ['Negotiate', 'NTLM', 'negotiate'],
      'accepts only Negotiate, NTLM, negotiate, and the operator can only send Basic: permit Basic at the proxy, or its connections without a password (407)',
    ],
    [
      'Basic among others, in one header',
      ['Digest realm="a, b", nonce="c", Basic realm="d"'],
      'demands a user and a password, or others than these; it accepts Digest, Basic (407)',
    ],
  ])('names what it demands: %s', async (_, challenges, said) => {
    const proxy = await connectProxy({ refusal: 407, challenges });
    const own = over(`http://user:canary@${proxy.host}`);
    expect(await client().send(post('https://as.example/'), own)).toMatchObject({
      kind: 'notSent',
      detail: `the proxy ${proxy.host} ${said}`,
    });
  });

  it('since it is not there leaves the request unsent', async () => {
    const port = await listening(createServer());
    await cleanUp();
    expect(
      await client(environment(`u:canary@127.0.0.1:${port}`)).send(
        post('https://as.example/'),
        within(5_000),
      ),
    ).toEqual({
      kind: 'notSent',
      reason: 'ConnectFailed',
      detail: "the platform's proxy made no connection to as.example",
      why: `the proxy 127.0.0.1:${port} refused the connection`,
    });
  });

  it.each<[string, Parameters<typeof tcp>[0], RegExp]>([
    [
      'hangs up',
      (socket) => socket.end(),
      /^the proxy [\d.:]+ closed the connection before it could be used/,
    ],
    [
      'says something else',
      (socket) => socket.end('SSH-2.0-x\r\n'),
      /^the answer of the proxy [\d.:]+ is not valid HTTP\/1\.1$/,
    ],
    ['stays silent', () => undefined, /^no connection to the proxy [\d.:]+ in time$/],
  ])('since it %s leaves the request unsent', async (_, onRequest, detail) => {
    const { host } = new URL(await tcp(onRequest));
    const http = client({ ...environment(host), connectTimeoutMs: 200 });
    const outcome = await http.send(post('https://as.example/'), within(5_000));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'ConnectFailed' });
    expect(detailOf(outcome)).toBe("the platform's proxy made no connection to as.example");
    expect(whyOf(outcome)).toMatch(detail);
  });

  it('since its certificate is not trusted leaves the request unsent', async () => {
    const proxy = await connectProxy({ tls: createCertificateAuthority().issue() });
    const outcome = await client(environment(`https://${proxy.host}`)).send(
      post('https://as.example/'),
      within(5_000),
    );
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'TlsVerificationFailed' });
    expect(whyOf(outcome)).toMatch(/^the certificate of the proxy [\d.:]+ is signed by an unknown CA/);
  });

  it('since its name does not exist leaves the request unsent', async () => {
    const outcome = await client({ guard: loopback }).send(post('https://as.example/'), {
      ...over('http://proxy.invalid:3128'),
      ...within(20_000),
    });
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'NameNotResolved' });
    expect(detailOf(outcome)).toMatch(/^the name of the proxy proxy\.invalid:3128 could not be resolved/);
  }, 30_000);
});

it('a tunnel that breaks in mid-answer loses the connection, as any other', async () => {
  const url = new URL(
    await tcp((socket) => socket.end('HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{')),
  );
  const proxy = await connectProxy();
  const outcome = await client(environment(proxy.host)).send(
    post(`http://as.example:${url.port}/`),
    within(5_000),
  );
  expect(outcome).toMatchObject({ kind: 'noAnswer', reason: 'ConnectionLost', status: 201 });
});
