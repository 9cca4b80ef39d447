import type { JsonObject } from './behaviour.ts';
import { discover, isDiscovery } from './discovery.ts';
import { Refused, refuse } from './error-answer.ts';
import { gatherUpdate, manage } from './management.ts';
import { type Call, type Message, objectOf, type Reply } from './message.ts';
import { register } from './registration.ts';
import type { ServerState } from './server-state.ts';
import { gather } from './signatures.ts';
import { token } from './token-endpoint.ts';

/** A request as the log has it. Holds secrets in the clear. */
export interface LoggedRequest {
  readonly call: Call;
  readonly method: string;
  /** As in the request's `Host`. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly contentType: string;
  /** Lower case; `undefined`: no `Authorization`. */
  readonly scheme: string | undefined;
  /** What stands after the scheme. */
  readonly credential: string | undefined;
  readonly certificateName: string | undefined;
  readonly certificateFingerprint: string | undefined;
  /** Body of a call about a client, where it is a JSON object. */
  readonly body: JsonObject | undefined;
  /** Body of a token request; of a parameter that comes several times, all values with a space between. */
  readonly form: Readonly<Record<string, string>> | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Status of the proper answer; faults may have hidden it. */
  status: number | undefined;
}

/** What a request is for, and which client its URL names. */
export interface Target {
  readonly call: Call;
  /** Empty where the URL names none. */
  readonly id: string;
}

const MANAGING: Readonly<Record<string, Call>> = { GET: 'read', PUT: 'update', DELETE: 'remove' };

export function targetOf({ behaviour }: ServerState, { method, path, query }: Message): Target {
  const { registration, token: tokenPath } = behaviour.paths;
  if (isDiscovery(path)) {
    return { call: 'discovery', id: '' };
  }
  if (path === tokenPath && method === 'POST') {
    return { call: 'token', id: '' };
  }
  if (path === registration && method === 'POST' && query.size === 0) {
    return { call: 'register', id: '' };
  }
  const inQuery = path === registration ? query.get('client_id') : undefined;
  const id = (behaviour.management.form === 'path' ? below(registration, path) : inQuery) ?? '';
  return { call: id === '' ? 'other' : (MANAGING[method] ?? 'other'), id };
}

function below(registration: string, path: string): string | undefined {
  return path.startsWith(`${registration}/`)
    ? decodeURIComponent(path.slice(registration.length + 1))
    : undefined;
}

/**
 * Does what is asked, and says the answer. All that takes time is gathered first; what follows happens at once, so that of
 * two updates with one token one finds it dead.
 */
export async function serve(state: ServerState, { call, id }: Target, message: Message): Promise<Reply> {
  try {
    if (call === 'discovery') {
      return discover(state, message.path);
    }
    if (call === 'token') {
      return await token(state, message);
    }
    const gathered = await gather(state, message);
    if (call === 'register') {
      return register(state, message, gathered);
    }
    if (call === 'other' && id === '') {
      throw new Refused(message.path === state.behaviour.paths.registration ? 'otherMethod' : 'notFound');
    }
    return manage(
      state,
      call,
      id,
      message,
      call === 'update' ? await gatherUpdate(state, id, gathered) : gathered,
    );
  } catch (cause) {
    if (!(cause instanceof Refused)) {
      throw cause;
    }
    const shaped = call === 'token' ? inShape(cause) : cause;
    return refuse(state.behaviour, shaped, { path: message.path, at: state.now() });
  }
}

/** Token endpoints keep to RFC 6749 section 5.2, whatever else a server does. */
const inShape = ({ occasion, detail }: Refused) => new Refused(occasion, { ...detail, shape: 'oauth' });

export function logEntry(state: ServerState, { call }: Target, message: Message): LoggedRequest {
  return {
    call,
    method: message.method,
    host: message.host,
    path: message.path,
    query: message.query.toString(),
    contentType: message.contentType,
    scheme: message.authorization?.scheme,
    credential: message.authorization?.value,
    certificateName: message.certificateName,
    certificateFingerprint: message.certificateFingerprint,
    body: call === 'token' ? undefined : objectOf(message.text),
    form: call === 'token' ? formOf(message.text) : undefined,
    at: state.now(),
    status: undefined,
  };
}

function formOf(text: string): Readonly<Record<string, string>> {
  const form = new URLSearchParams(text);
  return Object.fromEntries([...form.keys()].map((name) => [name, form.getAll(name).join(' ')]));
}
