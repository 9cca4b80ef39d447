import { createPrivateKey } from 'node:crypto';
import { CompactSign } from 'jose';
import type { Departures, JsonObject } from './behaviour.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from './emulator.ts';
import { callHttp, type HttpAnswer } from './http-call.ts';
import { objectOf } from './message.ts';
import type { PresetName } from './presets.ts';

const started: Emulator[] = [];

/** Starts an emulator that `stopAll` ends. */
export async function start(
  preset?: PresetName | Departures,
  departures?: Departures,
  options?: EmulatorOptions,
): Promise<Emulator> {
  const emulator = await startEmulator(preset, departures, options);
  started.push(emulator);
  return emulator;
}

/** Ends all that were started in this file. */
export async function stopAll(): Promise<void> {
  await Promise.all(started.splice(0).map((emulator) => emulator.stop()));
}

export interface JsonAnswer extends HttpAnswer {
  /** Empty where the body isn't a JSON object. */
  readonly json: JsonObject;
}

export interface JsonCall {
  readonly body?: unknown;
  readonly authorization?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly certificate?: { readonly key: string; readonly cert: string };
}

/** One call with a JSON body. */
export async function call(
  method: string,
  url: string,
  { body, authorization, headers, certificate }: JsonCall = {},
): Promise<JsonAnswer> {
  const answer = await callHttp({
    method,
    url,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(authorization === undefined ? {} : { authorization }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    ...(certificate === undefined ? {} : { certificate }),
  });
  return { ...answer, json: objectOf(answer.text) ?? {} };
}

/** `Authorization` that this server's gate wants; `undefined` where it is open. */
export function admission(emulator: Emulator): string | undefined {
  const { credentials, capabilities } = emulator;
  const { admits } = capabilities.gate;
  if (admits.includes('nothing')) {
    return undefined;
  }
  if (admits.includes('clientCredentials')) {
    return `Bearer ${emulator.issueToken()}`;
  }
  if (admits.includes('fixedToken')) {
    return `Bearer ${credentials.initialAccessToken}`;
  }
  if (admits.includes('countedToken')) {
    return `Bearer ${credentials.countedToken}`;
  }
  return basic(credentials.basic.username, credentials.basic.password);
}

/** `Authorization` by which the client is managed. */
export function management(emulator: Emulator, clientId: string): string {
  const { managers } = emulator.capabilities;
  const token = managers.includes('registrationToken')
    ? emulator.client(clientId)?.registrationAccessToken
    : emulator.issueToken({ scope: emulator.behaviour.management.adminScope });
  return `Bearer ${token ?? 'none'}`;
}

export const basic = (username: string, password: string): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** Registers `body`, the server's web client by default, with everything that its gate wants. */
export async function register(
  emulator: Emulator,
  body: JsonObject = emulator.capabilities.webBody,
): Promise<JsonAnswer> {
  const { statement, signedBody } = emulator.capabilities.gate;
  const claims = { redirect_uris: body['redirect_uris'] ?? ['https://app.example/callback'] };
  const wanted =
    statement === 'required' ? { ...body, software_statement: await emulator.signStatement(claims) } : body;
  return call('POST', emulator.registrationEndpoint, {
    authorization: admission(emulator),
    ...(signedBody ? await signed(emulator, wanted) : { body: wanted }),
  });
}

/** A request body as a JWS, with its content type. */
export async function signed(
  { credentials }: Emulator,
  body: JsonObject,
): Promise<{ readonly body: string; readonly headers: Readonly<Record<string, string>> }> {
  const { algorithm, privateKey } = credentials.requestSigner;
  const jws = new CompactSign(new TextEncoder().encode(JSON.stringify(body)));
  return {
    body: await jws.setProtectedHeader({ alg: algorithm }).sign(createPrivateKey(privateKey)),
    headers: { 'content-type': 'application/jwt' },
  };
}
