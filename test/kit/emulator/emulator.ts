import type { IncomingMessage, ServerResponse } from 'node:http';
import { trueConfigurationUri } from './answer.ts';
import type { Behaviour, Departures, JsonObject } from './behaviour.ts';
import { type Capabilities, capabilitiesOf } from './capabilities.ts';
import { inForm, readForm } from './client-form.ts';
import { type Credentials, makeCredentials } from './credentials.ts';
import { withDepartures } from './departures.ts';
import { createFaults, type Fault, type Faults, send, sendFaulty } from './faults.ts';
import { issueGrant } from './gate.ts';
import { close, createServer, listen, type TlsOptions } from './listen.ts';
import { type Call, receive } from './message.ts';
import { rfc7591 } from './presets/rfc7591.ts';
import { behaviourOf, type PresetName } from './presets.ts';
import { type LoggedRequest, logEntry, serve, targetOf } from './serve.ts';
import { type ClientRecord, type ServerState, words } from './server-state.ts';
import { type StatementOptions, signStatement } from './statement.ts';
import { tenantOf } from './tenants.ts';
import { requestToken, type TokenAnswer, type TokenRequest } from './token-request.ts';
import type { Trusted } from './trusted.ts';

/**
 * An authorization server that behaves as one of those in presets.ts does, as far as their documents tell: what passes
 * against it is *emulated*, never *tested with* the real one.
 */
export interface Emulator {
  readonly behaviour: Behaviour;
  readonly capabilities: Capabilities;
  /** As somebody would configure it; `discovery.publishedIssuer` may differ. */
  readonly issuer: string;
  readonly registrationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly credentials: Credentials;
  /** Everything that was asked, in order. */
  readonly log: readonly LoggedRequest[];
  /** Every secret, token, private key and statement that was ever given out. */
  readonly secrets: ReadonlySet<string>;
  count(call: Call): number;
  /** Every client that exists. */
  clients(): readonly Client[];
  client(clientId: string): Client | undefined;
  /** As an administrator would behind everybody's back. */
  deleteClient(clientId: string): void;
  /** Makes the registration access token worthless. */
  forgetToken(clientId: string): void;
  /** An access token that admits; `scope` defaults to what the gate wants, `uses` to what it allows. */
  issueToken(options?: { readonly scope?: string; readonly uses?: number }): string;
  /** A software statement of the publisher that the server trusts. */
  signStatement(claims: JsonObject, options?: StatementOptions): Promise<string>;
  /** Asks the token endpoint for a token with published credentials. */
  requestToken(request: TokenRequest): Promise<TokenAnswer>;
  /** The next answers to `call` are faulty. `times` defaults to 1. */
  misbehave(call: Call, fault: Fault, times?: number): void;
  /** Configures, besides what was configured before, what the server verifies with. */
  trust(trusted: Trusted): void;
  /** Drops the faults that still wait. */
  behave(): void;
  /** Lets time pass for the server: tokens and secrets die. */
  advance(seconds: number): void;
  /** Changes switches while running. Paths, and what `credentials` hold, stay. */
  change(departures: Departures): void;
  stop(): Promise<void>;
}

/** A registered client as the server has it: what an operator's records and Secrets must equal. */
export interface Client {
  readonly clientId: string;
  /** As stored: after defaults, substitutions and losses. `scope` is always the one string. */
  readonly metadata: JsonObject;
  readonly clientSecret: string | undefined;
  readonly registrationAccessToken: string | undefined;
  /** Where it is managed in truth. */
  readonly configurationUri: string;
  /** Members that the server made up. */
  readonly generated: JsonObject;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Seconds since the epoch; 0: never. */
  readonly secretExpiresAt: number;
}

export interface EmulatorOptions {
  /** Serves HTTPS. */
  readonly tls?: TlsOptions;
  /** Default: any free one. */
  readonly port?: number;
  /** Of the client of the admission. Default: one with characters that are to be encoded. */
  readonly admissionClientId?: string;
  /** The server's clock, milliseconds since the epoch. `advance` comes on top. Default: `Date.now`. */
  readonly now?: () => number;
}

/** Starts a server on 127.0.0.1. `start`: a preset's name, or departures from the RFCs. */
export async function startEmulator(
  start: PresetName | Departures = {},
  departures: Departures = {},
  options: EmulatorOptions = {},
): Promise<Emulator> {
  const base = typeof start === 'string' ? behaviourOf(start) : withDepartures(rfc7591, start);
  const clock = { aheadMs: 0 };
  const faults = createFaults();
  const log: LoggedRequest[] = [];
  const running: { state?: ServerState } = {};
  const server = createServer(options.tls, (request, response) => {
    const { state } = running;
    if (state !== undefined) {
      answer(state, faults, log, request, response).catch(() => response.destroy());
    }
  });
  const port = await listen(server, options.port ?? 0);
  const state = createWorld(
    withDepartures(base, departures),
    `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    () => (options.now ?? Date.now)() + clock.aheadMs,
    options.admissionClientId,
  );
  running.state = state;
  return {
    ...described(state),
    ...oracle(state),
    log,
    count: (call) => log.filter((entry) => entry.call === call).length,
    misbehave: (call, fault, times = 1) => faults.add(call, fault, times),
    behave: () => faults.clear(),
    advance: (seconds) => {
      clock.aheadMs += seconds * 1000;
    },
    stop: () => close(server),
    get behaviour() {
      return state.behaviour;
    },
    get capabilities() {
      return capabilitiesOf(state.behaviour);
    },
  };
}

function createWorld(
  behaviour: Behaviour,
  origin: string,
  now: () => number,
  clientId: string | undefined,
): ServerState {
  const secrets = new Set<string>();
  return {
    behaviour,
    origin,
    issuer: origin + behaviour.paths.issuer,
    credentials: makeCredentials(behaviour, (secret) => secrets.add(secret), clientId),
    trusted: {},
    clients: new Map(),
    deleted: new Set(),
    grants: new Map(),
    assertions: new Set(),
    secrets,
    counters: { registrations: 0, countedTokenUses: 0 },
    now,
  };
}

async function answer(
  base: ServerState,
  faults: Faults,
  log: LoggedRequest[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { state, message: given } = tenantOf(base, await receive(request));
  const { message, isNative } = readForm(state, given);
  const target = targetOf(state, message);
  const entry = logEntry(state, target, message);
  log.push(entry);
  const fault = faults.take(target.call);
  if (fault?.undone === true) {
    return sendFaulty(response, fault.answer, { status: 200, headers: {}, body: '' });
  }
  const proper = inForm(state, await serve(state, target, message), { isNative, id: target.id });
  entry.status = proper.status;
  return fault === undefined ? send(response, proper) : sendFaulty(response, fault.answer, proper);
}

function described(state: ServerState) {
  const { origin, issuer, credentials, secrets } = state;
  const tokenEndpoint = origin + state.behaviour.paths.token;
  return {
    issuer,
    registrationEndpoint: origin + state.behaviour.paths.registration,
    tokenEndpoint,
    credentials,
    secrets,
    requestToken: (request: TokenRequest) => requestToken(tokenEndpoint, request, state.now),
  };
}

/** What a test may see and do behind the server's back. */
function oracle(state: ServerState) {
  const { clients, credentials } = state;
  return {
    clients: () => [...clients.values()].map((record) => clientOf(state, record)),
    client: (clientId: string) => {
      const record = clients.get(clientId);
      return record === undefined ? undefined : clientOf(state, record);
    },
    deleteClient: (clientId: string) => {
      clients.delete(clientId);
      state.deleted.add(clientId);
    },
    forgetToken: (clientId: string) => {
      const record = clients.get(clientId);
      if (record !== undefined) {
        record.token = undefined;
      }
    },
    issueToken: ({ scope, uses }: { readonly scope?: string; readonly uses?: number } = {}) =>
      issueGrant(state, {
        clientId: credentials.client.clientId,
        scopes: words(scope ?? state.behaviour.gate.scope),
        ...(uses === undefined ? {} : { uses }),
      }),
    signStatement: (claims: JsonObject, options: StatementOptions = {}) =>
      signStatement(state, claims, options),
    trust: (trusted: Trusted) => {
      state.trusted = { ...state.trusted, ...trusted };
    },
    change: (departures: Departures) => {
      state.behaviour = withDepartures(state.behaviour, departures);
    },
  };
}

const clientOf = (state: ServerState, record: ClientRecord): Client => ({
  clientId: record.id,
  metadata: record.metadata,
  clientSecret: record.secret,
  registrationAccessToken: record.token,
  configurationUri: trueConfigurationUri(state, record.id),
  generated: record.generated,
  issuedAt: record.issuedAt,
  secretExpiresAt: record.secretExpiresAt,
});
