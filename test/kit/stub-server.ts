import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** An authorization server that does as RFC 7591 and RFC 7592 say, until a test tells it to misbehave. */
export interface StubServer {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly issuer: string;
  /** How calls are answered from now on. Absent: as the RFCs say. */
  behave: { [Name in Call]?: Answer };
  /** Changes what a registration or an update is answered with. */
  present: (information: Information) => Information;
  /** Initial access token that it demands; `undefined`: open. */
  admits: string | undefined;
  /** Names the next client. */
  nameClient: () => string;
  readonly clients: Map<string, Information>;
  /** Every credential that it ever gave out. */
  readonly secrets: Set<string>;
  readonly requests: readonly StubRequest[];
  count(call: Call): number;
  /** Closes the port, connections first. The clients stay. */
  stop(): Promise<void>;
  /** Serves again at the same address. */
  start(): Promise<void>;
}

export type Call = 'discovery' | 'register' | 'read' | 'update' | 'remove' | 'other';
export type Information = Readonly<Record<string, unknown>>;
export type Answer = (exchange: Exchange) => void | Promise<void>;

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Information;
  /** The request's body as it came. */
  readonly text: string;
  /** Does what the RFCs say, and answers. */
  readonly properly: () => void;
  /** Does what the RFCs say, and lets the connection go without a word. */
  readonly silently: () => void;
}

export interface StubRequest {
  readonly call: Call;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly authorization: string | undefined;
  readonly body: Information;
  /** When it was read, milliseconds since the epoch. */
  readonly at: number;
}

export const reply =
  (status: number, body: Information | string = '', headers: Readonly<Record<string, string>> = {}): Answer =>
  ({ response }) => {
    const isJson = typeof body !== 'string';
    response.writeHead(status, {
      'content-type': isJson ? 'application/json' : 'text/html; charset=utf-8',
      ...headers,
    });
    response.end(isJson ? JSON.stringify(body) : body);
  };

/** Reads the request, and drops the connection without an answer. */
export const drop: Answer = ({ response }) => void response.destroy();

/** Reads the request, and never answers. */
export const hang: Answer = () => undefined;

const running = new Set<StubServer>();

/** Ends all that were started in this file. */
export async function stopStubServers(): Promise<void> {
  await Promise.all([...running].map((stub) => stub.stop()));
}

export async function startStubServer(behave: StubServer['behave'] = {}): Promise<StubServer> {
  const requests: StubRequest[] = [];
  const server = createServer((request, response) => {
    void serve(stub, requests, request, response).catch(() => response.destroy());
  });
  const port = await listen(server, 0);
  const stub: StubServer = {
    issuer: `http://127.0.0.1:${port}`,
    behave,
    present: (information) => information,
    admits: undefined,
    nameClient: () => `stub-client-${randomBytes(6).toString('hex')}`,
    clients: new Map(),
    secrets: new Set(),
    requests,
    count: (call) => requests.filter((request) => request.call === call).length,
    stop: () => close(server),
    start: async () => void (await listen(server, port)),
  };
  running.add(stub);
  return stub;
}

async function serve(
  stub: StubServer,
  requests: StubRequest[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const call = callOf(request.method ?? '', path);
  const text = await readText(request);
  const body = parsed(text);
  const { method = '', headers } = request;
  const { authorization } = headers;
  requests.push({ call, method, path, headers, authorization, body, at: Date.now() });
  const doIt = () => act(stub, call, path, authorization, body);
  const exchange: Exchange = {
    request,
    response,
    body,
    text,
    properly: () => {
      const { status, answer } = doIt();
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(answer === undefined ? undefined : JSON.stringify(answer));
    },
    silently: () => {
      doIt();
      response.destroy();
    },
  };
  await (stub.behave[call] ?? (({ properly: answer }: Exchange) => answer()))(exchange);
}

/** What isn't JSON counts as nothing. */
function parsed(text: string): Information {
  try {
    return JSON.parse(text) as Information;
  } catch {
    return {};
  }
}

function callOf(method: string, path: string): Call {
  if (path.includes('/.well-known/')) {
    return 'discovery';
  }
  const calls: Readonly<Record<string, Call>> = { GET: 'read', PUT: 'update', DELETE: 'remove' };
  if (path === '/reg' && method === 'POST') {
    return 'register';
  }
  return path.startsWith('/reg/') ? (calls[method] ?? 'other') : 'other';
}

/** The effect of a call, and the answer to it. */
function act(
  stub: StubServer,
  call: Call,
  path: string,
  authorization: string | undefined,
  body: Information,
): { readonly status: number; readonly answer?: Information } {
  if (call === 'discovery') {
    return { status: 200, answer: discoveryDocument(stub.issuer) };
  }
  if (call === 'register') {
    const admitted = stub.admits === undefined || authorization === `Bearer ${stub.admits}`;
    return admitted
      ? { status: 201, answer: stub.present(create(stub, body)) }
      : { status: 401, answer: { error: 'invalid_token' } };
  }
  const id = path.slice('/reg/'.length);
  const client = stub.clients.get(id);
  if (client === undefined || authorization !== `Bearer ${client['registration_access_token']}`) {
    return { status: call === 'other' ? 404 : 401, answer: { error: 'invalid_token' } };
  }
  if (call === 'remove') {
    stub.clients.delete(id);
    return { status: 204 };
  }
  if (call === 'update') {
    stub.clients.set(id, { ...client, ...body });
  }
  return { status: 200, answer: stub.present(stub.clients.get(id) ?? {}) };
}

function create(stub: StubServer, body: Information): Information {
  const id = stub.nameClient();
  const [secret, token] = [randomBytes(18).toString('hex'), randomBytes(18).toString('hex')];
  stub.secrets.add(secret).add(token);
  const client = {
    ...body,
    client_id: id,
    client_secret: secret,
    client_secret_expires_at: 0,
    registration_access_token: token,
    registration_client_uri: `${stub.issuer}/reg/${id}`,
  };
  stub.clients.set(id, client);
  return client;
}

export const discoveryDocument = (issuer: string): Information => ({
  issuer,
  registration_endpoint: `${issuer}/reg`,
  token_endpoint: `${issuer}/token`,
});

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) {
    return;
  }
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
