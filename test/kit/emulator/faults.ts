import type { ServerResponse } from 'node:http';
import type { JsonObject } from './behaviour.ts';
import { type BodyCoding, codedBody, FRAMINGS, type Framing } from './bytes.ts';
import type { Call, Reply } from './message.ts';

/** How a server misbehaves once. Unless `undone`, the call has its effect first: the client is registered, the token rotated. */
export interface Fault {
  readonly answer: FaultyAnswer;
  /** Nothing happens besides the faulty answer. */
  readonly undone?: boolean;
}

export type FaultyAnswer =
  /** Reads the request, and never answers. */
  | { readonly kind: 'hang' }
  /** Lets the connection go without a word. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The proper answer, in pieces of 16 bytes with a pause before each. */
  | { readonly kind: 'trickle'; readonly pauseMs: number }
  /** The proper answer with a member of so many bytes. */
  | { readonly kind: 'huge'; readonly bytes: number }
  /** Half of the right answer; `declared`: `Content-Length` has the full length. */
  | { readonly kind: 'truncated'; readonly declared: boolean }
  /** JSON nested so deep that careless parsers run out of stack. */
  | { readonly kind: 'nested'; readonly depth: number }
  /** What a proxy, a firewall or a login page answers. Default: 200. */
  | { readonly kind: 'html'; readonly status?: number }
  /** The proper answer, its bytes coded. */
  | { readonly kind: 'coded'; readonly coding: BodyCoding }
  /** The proper answer whole, in a framing that RFC 9112 forbids. */
  | { readonly kind: 'framed'; readonly framing: Framing }
  | { readonly kind: 'redirect'; readonly to: string; readonly status?: 301 | 302 | 303 | 307 | 308 }
  /** Members laid over the proper answer; `undefined` leaves one out. */
  | { readonly kind: 'members'; readonly members: JsonObject }
  | { readonly kind: 'reply'; readonly reply: Reply };

/** Faults in wait, by call. */
export interface Faults {
  /** The next `times` answers to `call` are faulty. */
  add(call: Call, fault: Fault, times: number): void;
  take(call: Call): Fault | undefined;
  clear(): void;
}

export function createFaults(): Faults {
  const waiting: { readonly call: Call; readonly fault: Fault; times: number }[] = [];
  return {
    add: (call, fault, times) => void waiting.push({ call, fault, times }),
    take: (call) => {
      const next = waiting.find((entry) => entry.call === call && entry.times > 0);
      if (next !== undefined) {
        next.times -= 1;
      }
      return next?.fault;
    },
    clear: () => void waiting.splice(0),
  };
}

export const textOf = ({ body }: Reply): string => (typeof body === 'string' ? body : JSON.stringify(body));

export function send(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, reply.headers).end(textOf(reply));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param proper what the server would have answered */
export async function sendFaulty(
  response: ServerResponse,
  answer: FaultyAnswer,
  proper: Reply,
): Promise<void> {
  switch (answer.kind) {
    case 'hang':
      return;
    case 'drop':
      response.destroy();
      return;
    case 'delay':
      await pause(answer.ms);
      return send(response, proper);
    case 'trickle':
      return trickle(response, proper, answer.pauseMs);
    case 'truncated':
      return truncate(response, proper, answer.declared);
    case 'coded': {
      const { body, headers } = codedBody(Buffer.from(textOf(proper)), answer.coding);
      return void response.writeHead(proper.status, { ...proper.headers, ...headers }).end(body);
    }
    case 'framed': {
      const { status, headers } = proper;
      response.socket?.end(FRAMINGS[answer.framing]({ status, headers, body: Buffer.from(textOf(proper)) }));
      return;
    }
    default:
      return send(response, replacement(answer, proper));
  }
}

async function trickle(response: ServerResponse, proper: Reply, pauseMs: number): Promise<void> {
  response.writeHead(proper.status, proper.headers);
  for (const piece of textOf(proper).match(/.{1,16}/gs) ?? []) {
    await pause(pauseMs);
    response.write(piece);
  }
  response.end();
}

function truncate(response: ServerResponse, proper: Reply, declared: boolean): void {
  const whole = Buffer.from(textOf(proper));
  const half = whole.subarray(0, whole.length / 2);
  const length = declared ? whole.length : half.length;
  response.writeHead(proper.status, { ...proper.headers, 'content-length': String(length) });
  response.write(half, () => (declared ? response.destroy() : response.end()));
}

type Replacing = Exclude<
  FaultyAnswer,
  { kind: 'hang' | 'drop' | 'delay' | 'trickle' | 'truncated' | 'coded' | 'framed' }
>;

function replacement(answer: Replacing, proper: Reply): Reply {
  const members = typeof proper.body === 'string' ? {} : proper.body;
  switch (answer.kind) {
    case 'huge':
      return { ...proper, body: { ...members, padding: 'x'.repeat(answer.bytes) } };
    case 'nested':
      return { ...proper, body: `${'{"a":'.repeat(answer.depth)}1${'}'.repeat(answer.depth)}` };
    case 'html':
      return {
        status: answer.status ?? 200,
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: '<!doctype html><title>Maintenance</title><p>We will be back soon.</p>',
      };
    case 'redirect':
      return { status: answer.status ?? 302, headers: { location: answer.to }, body: '' };
    case 'members':
      return { ...proper, body: { ...members, ...answer.members } };
    case 'reply':
      return answer.reply;
  }
}
