import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request as send } from 'undici';

/** A proxy that stands where the server is thought to be, ends the connections there, and may do harm on the way. */
export interface FaultyProxy {
  /** `http://127.0.0.1:PORT`, or `https:`. */
  readonly origin: string;
  stop(): Promise<void>;
}

export interface Question {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What becomes of one call. */
export type Harm =
  /** The connection ends and nothing reaches the server. */
  | { readonly kind: 'cutBefore' }
  /** The server does it; the connection ends in place of the answer. */
  | { readonly kind: 'cutAfter' }
  /** The server does it; half of the answer arrives, then the connection ends. */
  | { readonly kind: 'truncated' }
  /** Another answer in place of the server's, which did it or was never asked. */
  | { readonly kind: 'answered'; readonly answer: Answer; readonly reached: boolean }
  /** No answer for so long; then the connection ends. `late`: the server is asked only then. */
  | { readonly kind: 'stalled'; readonly ms: number; readonly reached: 'never' | 'first' | 'late' };

export interface ProxyOptions {
  /** Where the server is in truth. */
  readonly backend: { readonly origin: string; readonly ca?: string };
  /** Certificate to show; plain HTTP without. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly harm: (question: Question) => Harm | undefined;
  /** Told of every answer that the server gave, before anything becomes of it; may change it. */
  readonly answered?: (question: Question, answer: Answer, harm: Harm | undefined) => Answer;
  /** True where it takes the call over. */
  readonly stream?: (question: Question, response: ServerResponse, open: Open) => boolean;
}

/** Asks the server and gives the answer's body as it comes. */
export type Open = (signal: AbortSignal) => Promise<Dispatcher.ResponseData>;

export async function startProxy(options: ProxyOptions): Promise<FaultyProxy> {
  const { backend, tls, stream } = options;
  const agent = new Agent({
    headersTimeout: 0,
    bodyTimeout: 0,
    ...(backend.ca === undefined ? {} : { connect: { ca: backend.ca } }),
  });
  const ask = (question: Question, signal?: AbortSignal) =>
    send(backend.origin + question.path, {
      dispatcher: agent,
      method: question.method as Dispatcher.HttpMethod,
      headers: question.headers,
      body: question.body.length === 0 ? null : question.body,
      ...(signal === undefined ? {} : { signal }),
    });
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const question = await read(request);
    if (stream?.(question, response, (signal) => ask(question, signal)) !== true) {
      await exchange(question, response, options, async () => toAnswer(await ask(question)));
    }
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // Whatever fails here looks like a connection that is lost.
    serve(request, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await Promise.all([closed, agent.destroy()]);
    },
  };
}

async function exchange(
  question: Question,
  response: ServerResponse,
  { harm: harmOf, answered = (_question, answer) => answer }: ProxyOptions,
  ask: () => Promise<Answer>,
): Promise<void> {
  const harm = harmOf(question);
  const reach = async () => answered(question, await ask(), harm);
  switch (harm?.kind) {
    case undefined:
      return write(response, await reach());
    case 'cutBefore':
      return void response.destroy();
    case 'cutAfter':
      await reach();
      return void response.destroy();
    case 'truncated':
      return truncate(response, await reach());
    case 'answered':
      if (harm.reached) {
        await reach();
      }
      return write(response, harm.answer);
    case 'stalled':
      return stall(response, harm, reach);
  }
}

async function stall(
  response: ServerResponse,
  { ms, reached }: Harm & { readonly kind: 'stalled' },
  reach: () => Promise<unknown>,
): Promise<void> {
  if (reached === 'first') {
    await reach();
  }
  await sleep(ms);
  if (reached === 'late') {
    await reach();
  }
  response.destroy();
}

function write(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
}

function truncate(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

/** What is said between two neighbours only (RFC 9110 section 7.6.1), and what the length becomes anyway. */
const HOP = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'upgrade', 'te', 'expect'];

async function read(request: IncomingMessage): Promise<Question> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const { method = 'GET', url = '/', headers } = request;
  return { method, path: url, headers: endToEnd(headers), body: Buffer.concat(chunks) };
}

async function toAnswer({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answer> {
  return {
    status: statusCode,
    headers: endToEnd(headers),
    body: Buffer.from(await body.arrayBuffer()),
  };
}

function endToEnd(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !HOP.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}
