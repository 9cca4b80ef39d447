import { createServer as createTcpServer, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createEgressGuard, type ResolveAll } from '../../../../src/adapters/authorization-server/egress.ts';
import { createAuthorizationServerHttp } from '../../../../src/adapters/authorization-server/http.ts';
import type { HttpOutcome, HttpRequest } from '../../../../src/controller/ports.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import {
  cleanUp,
  client,
  connectionIdle,
  guardsOf,
  http,
  https,
  listening,
  loopback,
  post,
  tcp,
  within,
} from '../../../kit/fakes/local-servers.ts';
import { anHourAgo, createCertificateAuthority } from '../../../kit/testbed/certificates.ts';

const guardOf = (resolve: ResolveAll) => createEgressGuard({ allowed: ['127.0.0.0/8'], resolve });

const receivedOf = (outcome: HttpOutcome) =>
  outcome.kind === 'noAnswer' ? outcome.received?.reveal() : undefined;
const chunked = (text: string) =>
  `HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

describe('an answer', () => {
  it('carries status, body and the headers that matter, repeated ones joined', async () => {
    const url = await http((_request, response) => {
      response.setHeader('www-authenticate', ['Bearer', 'Basic']);
      response.setHeader('set-cookie', 'session=1');
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"client_id":"ü"}');
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({
      kind: 'answered',
      status: 201,
      headers: { 'content-type': 'application/json', 'www-authenticate': 'Bearer, Basic' },
    });
    expect(outcome).not.toHaveProperty('headers.set-cookie');
    expect(outcome.kind === 'answered' && outcome.body.reveal()).toBe('{"client_id":"ü"}');
    expect(JSON.stringify(outcome)).not.toContain('client_id');
  });

  it('comes from a request with revealed values, our user agent and no compression', async () => {
    const url = await http(async (request, response) => {
      let body = '';
      for await (const chunk of request) {
        body += chunk;
      }
      const { authorization, 'user-agent': agent, 'accept-encoding': encoding } = request.headers;
      response.end(JSON.stringify([request.url, authorization, agent, encoding, body]));
    });
    const request = post(`${url}?a=b`, {
      headers: { Authorization: new Sensitive('Bearer token'), 'Accept-Encoding': 'gzip' },
      body: new Sensitive('secret body'),
    });
    const outcome = await client().send(request, within(5_000));
    expect(outcome.kind === 'answered' && JSON.parse(outcome.body.reveal())).toEqual([
      '/register?a=b',
      'Bearer token',
      'test/1',
      'identity',
      'secret body',
    ]);
  });

  it('is a redirect itself, which is not followed', async () => {
    let requests = 0;
    const url = await http((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'answered', status: 302, headers: { location: '/elsewhere' } });
    expect(requests).toBe(1);
  });

  it('is the final one where the server sends an interim one first', async () => {
    const url = await http((_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeHead(201).end('{}');
    });
    expect(await client().send(post(url), within(5_000))).toMatchObject({ kind: 'answered', status: 201 });
  });

  it('leaves its connection open for later calls', async () => {
    const ports = new Set<number | undefined>();
    const url = await http((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('{}');
    });
    const server = client();
    for (let call = 0; call < 5; call += 1) {
      await server.send(post(url), within(5_000));
      await connectionIdle();
    }
    expect(ports.size).toBe(1);
  });
});

describe('an answer whose framing is wrong, though one complete JSON object arrived, is the answer', () => {
  const json = '{"client_id":"c1","client_name":"ü"}';
  const bytes = Buffer.byteLength(json);
  const chunk = `${bytes.toString(16)}\r\n${json}\r\n`;
  const created = (headers: string, body: string) =>
    `HTTP/1.1 201 Created\r\ncontent-type: application/json\r\n${headers}\r\n\r\n${body}`;
  const FRAMING = 'Content-Length, Transfer-Encoding or a chunk is not valid';
  const ENDED = 'the connection ended before the end of the body that the headers announce (UND_ERR_SOCKET)';

  it.each<readonly [string, string, string, string]>([
    [
      'Content-Length is too small',
      `content-length: ${bytes - 9}`,
      json,
      'more was received than its Content-Length says',
    ],
    ['Content-Length is too large', `content-length: ${bytes + 10}`, json, ENDED],
    ['Content-Length comes twice', `content-length: ${bytes}\r\ncontent-length: ${bytes}`, json, FRAMING],
    ['two lengths differ', `content-length: ${bytes}\r\ncontent-length: 5`, json, FRAMING],
    ['Content-Length is a list', `content-length: ${bytes}, ${bytes}`, json, FRAMING],
    ['Content-Length is negative', 'content-length: -1', json, FRAMING],
    [
      'Content-Length precedes Transfer-Encoding',
      `content-length: ${bytes}\r\ntransfer-encoding: chunked`,
      `${chunk}0\r\n\r\n`,
      FRAMING,
    ],
    [
      'Content-Length follows Transfer-Encoding',
      `transfer-encoding: chunked\r\ncontent-length: ${bytes}`,
      `${chunk}0\r\n\r\n`,
      FRAMING,
    ],
    ['the body has no chunks', 'transfer-encoding: chunked', json, FRAMING],
    ['a chunk after the JSON is bad', 'transfer-encoding: chunked', `${chunk}oops\r\n`, FRAMING],
    ['the last chunk is missing', 'transfer-encoding: chunked', chunk, ENDED],
    ['a header is no header', `bad header: x\r\ncontent-length: ${bytes}`, json, FRAMING],
  ])('where %s, and the log says so', async (_, headers, body, framing) => {
    const warned: unknown[] = [];
    const log = { warn: (message: string, fields?: object) => warned.push([message, fields]) };
    const url = await tcp((socket) => socket.end(created(headers, body)));
    const outcome = await client({ log }).send(post(url), within(5_000));
    expect(outcome).toMatchObject({
      kind: 'answered',
      status: 201,
      headers: { 'content-type': 'application/json' },
      framing,
    });
    expect(outcome.kind === 'answered' && outcome.body.reveal()).toBe(json);
    expect(warned).toEqual([
      [
        'the framing of an answer is wrong (RFC 9112 section 6); its JSON was received in whole and is used',
        { server: 'ClusterAuthorizationServer/sso', method: 'POST', status: 201, framing },
      ],
    ]);
  });

  it.each<readonly [string, readonly string[]]>([
    ['after headers with two lengths', [`content-length: ${bytes}`, `content-length: ${bytes}`]],
    ['after headers with lengths that differ', [`content-length: ${bytes}`, 'content-length: 5']],
    ['after a length that is no number', ['content-length: -1']],
    ['in pieces', ['content-length: 5, 6']],
  ])('where its body comes later: %s', async (what, headers) => {
    const text = created(headers.join('\r\n'), json);
    const cuts =
      what === 'in pieces' ? [3, 30, 70, text.indexOf('{'), text.length] : [text.indexOf('{'), text.length];
    const url = await tcp(async (socket) => {
      for (const [index, cut] of cuts.entries()) {
        socket.write(text.slice(cuts[index - 1] ?? 0, cut));
        await connectionIdle();
      }
      socket.end();
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'answered', status: 201, framing: FRAMING });
    expect(outcome.kind === 'answered' && outcome.body.reveal()).toBe(json);
  });

  it('where its headers come in pieces, nothing is wrong with it', async () => {
    const text = `HTTP/1.1 103 Early Hints\r\n\r\n${created(`content-length: ${bytes}`, json)}`;
    const url = await tcp(async (socket) => {
      for (const piece of text.match(/.{1,25}/gs) ?? []) {
        socket.write(piece);
        await connectionIdle();
      }
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'answered', status: 201 });
    expect(outcome).not.toHaveProperty('framing');
    expect(outcome.kind === 'answered' && outcome.body.reveal()).toBe(json);
  });

  it('where its end never comes, after the time of the call', async () => {
    const url = await tcp((socket) => socket.write(created('content-length: 1000', json)));
    expect(await client().send(post(url), within(200))).toMatchObject({
      kind: 'answered',
      status: 201,
      framing: 'its end did not arrive in time',
    });
  });

  it('also if it refuses', async () => {
    const url = await tcp((socket) =>
      socket.end('HTTP/1.1 400 Bad\r\ncontent-length: 100\r\n\r\n{"error":"invalid_redirect_uri"}'),
    );
    expect(await client().send(post(url), within(5_000))).toMatchObject({ kind: 'answered', status: 400 });
  });

  it('never by what an earlier call of the same connection received', async () => {
    let calls = 0;
    const url = await http((request, response) => {
      calls += 1;
      if (calls === 1) {
        response.end(json);
      } else {
        request.socket.end('HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"client_id":"c2"');
      }
    });
    const server = client();
    expect(await server.send(post(url), within(5_000))).toMatchObject({ kind: 'answered' });
    await connectionIdle();
    const outcome = await server.send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'noAnswer', reason: 'ConnectionLost', status: 201 });
    expect(receivedOf(outcome)).toBe('{"client_id":"c2"');
  });

  it('not where the JSON is incomplete: what arrived is kept', async () => {
    const twice = 'content-length: 100\r\ncontent-length: 100';
    const url = await tcp((socket) => socket.end(created(twice, '{"client_id":"c1","client_na')));
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({
      kind: 'noAnswer',
      reason: 'ConnectionLost',
      status: 201,
      detail: "the length of the answer's body is not what its headers say",
    });
    expect(receivedOf(outcome)).toBe('{"client_id":"c1","client_na');
  });
});

describe('a body with a content coding is decoded', () => {
  const json = '{"client_id":"c1","client_name":"ü"}';

  it.each<readonly [string, string | undefined, Buffer]>([
    ['gzip', 'gzip', gzipSync(json)],
    ['gzip that no header announces', undefined, gzipSync(json)],
    ['br', 'br', brotliCompressSync(json)],
  ])('%s', async (_, encoding, body) => {
    const url = await http((_request, response) => {
      response.writeHead(201, encoding === undefined ? {} : { 'content-encoding': encoding }).end(body);
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome.kind === 'answered' && outcome.body.reveal()).toBe(json);
  });

  it('and is ResponseTooLarge where it becomes too large, with its beginning', async () => {
    const url = await http((_request, response) => {
      response.writeHead(201, { 'content-encoding': 'gzip' }).end(gzipSync('a'.repeat(300 * 1024)));
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'noAnswer', reason: 'ResponseTooLarge', status: 201 });
    expect(receivedOf(outcome)).toBe('a'.repeat(256 * 1024));
  });

  it('as far as it arrived, where it breaks off', async () => {
    const text = `{"client_id":"c1","padding":"${Array.from({ length: 9_000 }, (_, n) => n).join()}"}`;
    const whole = gzipSync(text);
    const url = await http((_request, response) => {
      response.writeHead(201, { 'content-encoding': 'gzip', 'content-length': whole.length });
      response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'noAnswer', reason: 'ConnectionLost', status: 201 });
    expect(receivedOf(outcome)).toMatch(/^\{"client_id":"c1","padding":"0,1,/);
  });

  it('and if it can not be, the answer says why', async () => {
    const url = await http((_request, response) => {
      response.writeHead(201, { 'content-encoding': 'zstd' }).end('\u0001\u0002');
    });
    expect(await client().send(post(url), within(5_000))).toMatchObject({
      kind: 'answered',
      status: 201,
      unread: 'has the content coding zstd, which is not read',
    });
  });
});

describe('a request that was sent and has no answer', () => {
  it('ends with Timeout where the server stays silent', async () => {
    const url = await http(() => undefined);
    expect(await client().send(post(url), within(100))).toEqual({
      kind: 'noAnswer',
      reason: 'Timeout',
      detail: `no complete answer from ${new URL(url).host} within 100 ms`,
    });
  });

  it('ends with Timeout and the status where the body trickles for ever', async () => {
    const url = await http((_request, response) => {
      response.writeHead(201);
      const drip = setInterval(() => response.write(' '), 10);
      response.on('close', () => clearInterval(drip));
    });
    expect(await client().send(post(url), within(200))).toMatchObject({
      kind: 'noAnswer',
      reason: 'Timeout',
      status: 201,
    });
  });

  it.each([
    ['declared', { 'content-length': String(10 * 1024 * 1024) }],
    ['undeclared', {}],
  ])('ends with ResponseTooLarge and the status where the body has 10 MB, %s', async (_, headers) => {
    const url = await http((_request, response) => {
      response.writeHead(201, headers).end(Buffer.alloc(10 * 1024 * 1024, 'a'));
    });
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({
      kind: 'noAnswer',
      reason: 'ResponseTooLarge',
      status: 201,
      detail: "the answer's body is larger than 262144 bytes",
    });
    expect(receivedOf(outcome)).toBe('a'.repeat(256 * 1024));
  });

  it.each<[string, (socket: Socket) => void]>([
    ['stays silent', () => undefined],
    ['closes the connection', (socket) => socket.end()],
    ['resets the connection', (socket) => setTimeout(() => socket.resetAndDestroy(), 50)],
  ])('ends with ResponseTooLarge where a 2xx announces 10 MB, begins and %s', async (_, then) => {
    const url = await tcp((socket) => {
      socket.write('HTTP/1.1 201 Created\r\ncontent-length: 10000000\r\n\r\n{"client_id":"c1"');
      then(socket);
    });
    const outcome = await client().send(post(url), within(300));
    expect(outcome).toMatchObject({ kind: 'noAnswer', reason: 'ResponseTooLarge', status: 201 });
    expect(receivedOf(outcome)).toBe('{"client_id":"c1"');
  });

  it('ends with ResponseTooLarge at once where another answer announces too much', async () => {
    const url = await tcp((socket) => socket.write('HTTP/1.1 400 No\r\ncontent-length: 10000000\r\n\r\n{'));
    expect(await client().send(post(url), within(60_000))).toEqual({
      kind: 'noAnswer',
      reason: 'ResponseTooLarge',
      status: 400,
      headers: {},
      detail: "the answer's body is larger than 262144 bytes",
    });
  });

  it('accepts a body of exactly the permitted size and no byte more', async () => {
    const url = await http((request, response) => {
      response.end('x'.repeat(Number(request.headers['x-size'])));
    });
    const server = client({ maxBodyBytes: 1_000 });
    const sized = (size: string) => server.send(post(url, { headers: { 'x-size': size } }), within(5_000));
    expect(await sized('1000')).toMatchObject({ kind: 'answered' });
    expect(await sized('1001')).toMatchObject({ kind: 'noAnswer', reason: 'ResponseTooLarge' });
  });

  it('ends with ResponseTooLarge where the headers exceed their bound', async () => {
    const url = await tcp((socket) => socket.end(`HTTP/1.1 201 Created\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`));
    expect(await client().send(post(url), within(5_000))).toEqual({
      kind: 'noAnswer',
      reason: 'ResponseTooLarge',
      status: 201,
      headers: {},
      detail: "the answer's headers are too large",
    });
  });

  it.each<[string, (socket: Socket) => void]>([
    ['resets the connection', (socket) => socket.resetAndDestroy()],
    ['closes the connection', (socket) => socket.end()],
    ['closes after an interim answer', (socket) => socket.end('HTTP/1.1 103 Early Hints\r\n\r\n')],
    ['closes in the middle of the headers', (socket) => socket.end('HTTP/1.1 201 Created\r\ncontent-')],
  ])('ends with ConnectionLost where the server %s', async (_, onRequest) => {
    const outcome = await client().send(post(await tcp(onRequest)), within(5_000));
    expect(outcome).toMatchObject({ kind: 'noAnswer', reason: 'ConnectionLost' });
    expect(outcome).not.toHaveProperty('status');
    expect(outcome).toHaveProperty(
      'detail',
      expect.stringMatching(/^the connection was lost before the answer/),
    );
  });

  const partly = 'HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"client_id":"ü';
  it.each<[string, string, (socket: Socket) => void]>([
    ['ConnectionLost', 'the body breaks off', (socket) => socket.end(partly)],
    ['ConnectionLost', 'the chunks break off', (socket) => socket.end(chunked('{"client_id":"ü'))],
    [
      'ConnectionLost',
      'the chunks go wrong',
      (socket) => socket.end(`${chunked('{"client_id":"ü')}oops\r\n`),
    ],
    ['Timeout', 'the body stays away', (socket) => socket.write(partly)],
    [
      'ConnectionLost',
      'a character is cut in two',
      (socket) => socket.end(Buffer.from(`${partly}€`).subarray(0, -1)),
    ],
  ])('ends with %s, the status and what had arrived where %s', async (reason, _, answer) => {
    const outcome = await client().send(post(await tcp(answer)), within(500));
    expect(outcome).toMatchObject({ kind: 'noAnswer', reason, status: 201 });
    expect(receivedOf(outcome)).toBe('{"client_id":"ü');
    expect(JSON.stringify(outcome)).not.toContain('client_id');
  });

  it.each([
    ['no 2xx', 'HTTP/1.1 500 Oops\r\ncontent-length: 100\r\n\r\n{"a":'],
    ['a 2xx without a byte of its body', 'HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n'],
  ])('keeps nothing of %s', async (_, answer) => {
    const outcome = await client().send(post(await tcp((socket) => socket.end(answer))), within(5_000));
    expect(outcome).toMatchObject({ kind: 'noAnswer', reason: 'ConnectionLost', status: expect.any(Number) });
    expect(outcome).not.toHaveProperty('received');
  });

  it('ends with ConnectionLost where the answer is not HTTP', async () => {
    const url = await tcp((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'));
    expect(await client().send(post(url), within(5_000))).toEqual({
      kind: 'noAnswer',
      reason: 'ConnectionLost',
      detail: 'the answer is not valid HTTP/1.1',
    });
  });

  it.each(['GET', 'POST'] as const)('is sent once only where a kept connection dies: %s', async (method) => {
    const ports: (number | undefined)[] = [];
    const url = await http((request, response) => {
      ports.push(request.socket.remotePort);
      if (ports.length === 1) {
        response.end('{}');
      } else {
        request.socket.resetAndDestroy();
      }
    });
    const server = client();
    const request: HttpRequest = { method, url, headers: {} };
    expect(await server.send(request, within(5_000))).toMatchObject({ kind: 'answered' });
    await connectionIdle();
    expect(await server.send(request, within(5_000))).toMatchObject({
      kind: 'noAnswer',
      reason: 'ConnectionLost',
    });
    expect(ports).toHaveLength(2);
    expect(new Set(ports).size).toBe(1);
  });
});

describe('a request that was not sent', () => {
  it('is ConnectFailed where the port refuses', async () => {
    const port = await listening(createTcpServer());
    await cleanUp();
    expect(await client().send(post(`http://127.0.0.1:${port}/`), within(5_000))).toEqual({
      kind: 'notSent',
      reason: 'ConnectFailed',
      detail: `127.0.0.1:${port} refused the connection`,
    });
  });

  it('is NameNotResolved where the name does not exist', async () => {
    const outcome = await client().send(post('http://as.invalid/register?token=x'), within(20_000));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'NameNotResolved' });
    expect(outcome).toHaveProperty(
      'detail',
      expect.stringMatching(/^the name of as\.invalid could not be resolved/),
    );
  }, 30_000);

  it('is ConnectFailed at the deadline, and is not written when the connection comes later', async () => {
    let requests = 0;
    const url = await http((_request, response) => {
      requests += 1;
      response.end('{}');
    });
    const late = Promise.withResolvers<void>();
    const guard = guardOf((_hostname, _options, callback) => {
      late.promise.then(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));
    });
    const server = client({ guard });
    const { port } = new URL(url);
    const outcome = await server.send(post(`http://as.example:${port}/register`), within(50));
    expect(outcome).toEqual({
      kind: 'notSent',
      reason: 'ConnectFailed',
      detail: `no connection to as.example:${port} within 50 ms`,
    });
    late.resolve();
    expect(await server.send(post(url), within(5_000))).toMatchObject({ kind: 'answered' });
    await cleanUp();
    expect(requests).toBe(1);
  });

  it('is ConnectFailed where the handshake takes longer than the connect timeout', async () => {
    const port = await listening(createTcpServer());
    const url = `https://127.0.0.1:${port}/`;
    expect(await client({ connectTimeoutMs: 200 }).send(post(url), within(10_000))).toEqual({
      kind: 'notSent',
      reason: 'ConnectFailed',
      detail: `no connection to 127.0.0.1:${port} in time`,
    });
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'http://169.254.169.254/latest/meta-data',
    'http://0/',
    'http://localhost/',
  ])('is AddressRefused for %s', async (url) => {
    const guard = createEgressGuard({ allowed: [] });
    const outcome = await client({ guard }).send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'AddressRefused' });
    const { hostname } = new URL(url);
    const host = hostname.replace(/^\[|\]$/g, '');
    expect(outcome).toHaveProperty('detail', `the address of ${host} isn't permitted here`);
    expect(outcome).toHaveProperty('why', expect.stringMatching(/ is an? /));
  });

  it('is judged by the very address it would go to, at each connection', async () => {
    const url = await http((_request, response) => {
      response.writeHead(200, { connection: 'close' }).end('{}');
    });
    const answers = ['127.0.0.1', '169.254.169.254'];
    const guard = guardOf((_hostname, _options, callback) =>
      callback(null, [{ address: answers.shift() ?? '', family: 4 }]),
    );
    const server = client({ guard });
    const request = post(`http://rebinding.example:${new URL(url).port}/`);
    expect(await server.send(request, within(5_000))).toMatchObject({ kind: 'answered' });
    expect(await server.send(request, within(5_000))).toEqual({
      kind: 'notSent',
      reason: 'AddressRefused',
      detail: "the address of rebinding.example isn't permitted here",
      why: '169.254.169.254 is a cloud metadata address',
    });
    expect(answers).toEqual([]);
  });

  it.each(['', 'as.example', 'ftp://as.example/', 'http://', 'file:///etc/passwd'])(
    'is Unsendable for the URL %j',
    async (url) => {
      expect(await client().send(post(url), within(5_000))).toEqual({
        kind: 'notSent',
        reason: 'Unsendable',
        detail: 'the URL is not a valid http or https URL',
      });
    },
  );

  it.each<[string, Record<string, string>, string]>([
    ['a line break in a value', { authorization: 'Bearer canary\r\nx: y' }, 'invalid authorization header'],
    ['a character beyond Latin-1', { authorization: 'canary→' }, 'invalid authorization header'],
    ['a line break in a name', { 'x\r\ny': 'canary' }, 'invalid header key'],
  ])('is Unsendable for %s, which the detail does not show', async (_, headers, detail) => {
    const outcome = await client().send(post('http://127.0.0.1:1/', { headers }), within(5_000));
    expect(outcome).toEqual({ kind: 'notSent', reason: 'Unsendable', detail });
  });

  it('is ConnectFailed after close', async () => {
    const server = createAuthorizationServerHttp({ guards: guardsOf(loopback), userAgent: 'test/1' });
    await server.close();
    expect(await server.send(post('http://127.0.0.1:1/'), within(5_000))).toMatchObject({
      kind: 'notSent',
      reason: 'ConnectFailed',
    });
  });
});

describe('TLS', () => {
  const authority = createCertificateAuthority();
  const ca = authority.cert;

  it('answers where the certificate is trusted and names the host', async () => {
    const { url } = await https(authority.issue());
    const outcome = await client({ tls: { ca } }).send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  });

  it.each([
    ['an unknown CA', {}, undefined, /is signed by an unknown CA/],
    ['an expired certificate', { notAfter: anHourAgo() }, ca, /has expired$/],
    ['a certificate of the future', { notBefore: new Date(Date.now() + 3_600_000) }, ca, /is not valid yet$/],
    [
      'a wrong host name',
      { names: ['other.example'] },
      ca,
      /^the certificate is not for the host name of 127\.0\.0\.1:\d+ but for DNS:other\.example$/,
    ],
  ])('is TlsVerificationFailed for %s, and nothing is sent', async (_, subject, trusted, detail) => {
    const { url, requests } = await https(authority.issue(subject));
    const tls = trusted === undefined ? {} : { ca: trusted };
    const outcome = await client({ tls }).send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'TlsVerificationFailed' });
    expect(outcome).toHaveProperty('detail', expect.stringMatching(detail));
    expect(requests).toEqual([]);
  });

  it('is ConnectFailed where the port speaks plain HTTP', async () => {
    const url = (await http((_request, response) => response.end())).replace('http:', 'https:');
    const outcome = await client().send(post(url), within(5_000));
    expect(outcome).toMatchObject({ kind: 'notSent', reason: 'ConnectFailed' });
    expect(outcome).toHaveProperty('detail', expect.stringMatching(/^the TLS handshake with .* failed/));
  });
});
