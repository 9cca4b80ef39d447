import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request as send } from 'undici';
import { type BodyCoding, codedBody, FRAMINGS, type Framing } from '../../kit/emulator/bytes.ts';

/** A proxy at the address that clients know. It ends their connections, and may inject faults on the way. */
export interface FaultyProxy {
  /** `http://127.0.0.1:PORT`, or `https:`. */
  readonly origin: string;
  stop(): Promise<void>;
}

export interface Question {
  readonly method: string;
  /** Path with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What happens to one call. */
export type Harm =
  /** The connection ends before the server receives the call. */
  | { readonly kind: 'cutBefore' }
  /** The server handles the call; the connection ends before the answer. */
  | { readonly kind: 'cutAfter' }
  /** The server handles the call; half of the answer arrives, then the connection ends. */
  | { readonly kind: 'truncated' }
  /** The server handles the call; its answer arrives whole, its body coded. */
  | { readonly kind: 'coded'; readonly coding: BodyCoding }
  /** The server handles the call; its answer arrives whole, in a framing that is wrong. */
  | { readonly kind: 'framed'; readonly framing: Framing }
  /** Another answer instead of the server's, which handled the call or never received it. */
  | { readonly kind: 'answered'; readonly answer: Answer; readonly reached: boolean }
  /** No answer for this time, then the connection ends. `late`: the server receives the call only then. */
  | { readonly kind: 'stalled'; readonly ms: number; readonly reached: 'never' | 'first' | 'late' };

/** Harm to a connection, the same between any two neighbours. */
export const connectionHarms = (stallMs: number) =>
  ({
    'cut before the call': { kind: 'cutBefore' },
    'cut after the call': { kind: 'cutAfter' },
    'answer truncated': { kind: 'truncated' },
    'stalled, not applied': { kind: 'stalled', ms: stallMs, reached: 'never' },
    'stalled, applied': { kind: 'stalled', ms: stallMs, reached: 'first' },
  }) as const satisfies Readonly<Record<string, Harm>>;

/** The given answer in place of the server's. `reached`: the server handled the call. */
export const answeredInstead = (answer: Answer, reached = false): Harm => ({
  kind: 'answered',
  reached,
  answer,
});

export interface ProxyOptions {
  /** The real address of the server. */
  readonly backend: { readonly origin: string; readonly ca?: string };
  /** Certificate of the proxy; without it, plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly harm: (question: Question) => Harm | undefined;
  /** Called with every answer of the server before the fault; may change it. */
  readonly answered?: (question: Question, answer: Answer, harm: Harm | undefined) => Answer;
  /** Returns true if it handles the call itself. */
  readonly stream?: (question: Question, response: ServerResponse, open: Open) => boolean;
}

/** Sends the call to the server, and returns the body of its answer as a stream. */
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
    // Every failure here looks like a lost connection.
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
    case 'coded': {
      const { body, headers, ...answer } = await reach();
      const coded = codedBody(body, harm.coding);
      return write(response, { ...answer, headers: { ...headers, ...coded.headers }, body: coded.body });
    }
    case 'framed':
      response.socket?.end(FRAMINGS[harm.framing](await reach()));
      return;
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

/** Headers between two neighbours only (RFC 9110 section 7.6.1), and the length, which is set anew. */
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
