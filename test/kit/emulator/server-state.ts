import { randomBytes, randomUUID } from 'node:crypto';
import type { Behaviour, JsonObject } from './behaviour.ts';
import { type Credentials, randomSecret } from './credentials.ts';
import type { Trusted } from './trusted.ts';

/** Everything that one emulated server is and knows. */
export interface ServerState {
  behaviour: Behaviour;
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** As configured by those who use the server; the published one may differ. */
  readonly issuer: string;
  readonly credentials: Credentials;
  trusted: Trusted;
  /** By client id. */
  readonly clients: Map<string, ClientRecord>;
  readonly deleted: Set<string>;
  /** By access token. */
  readonly grants: Map<string, Grant>;
  /** `jti` of every assertion that was accepted. */
  readonly assertions: Set<string>;
  /** Every secret, token and private key that was ever given out. */
  readonly secrets: Set<string>;
  readonly counters: { registrations: number; countedTokenUses: number };
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A registered client, as the server has it. */
export interface ClientRecord {
  readonly id: string;
  /** Wire names; `scope` is always the one string. */
  metadata: JsonObject;
  secret: string | undefined;
  /** Seconds since the epoch; 0: never. */
  secretExpiresAt: number;
  /** The one registration access token that is good. */
  token: string | undefined;
  /** Seconds since the epoch; 0: never. */
  tokenExpiresAt: number;
  /** Host name under which the token was given out. */
  tokenHost: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly generated: JsonObject;
  /** Reads that will still find nothing. */
  staleReads: number;
}

/** An access token from the token endpoint. */
export interface Grant {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Registrations that it is still good for. */
  uses: number;
}

export const seconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** A secret nobody had before. */
export function newSecret(state: ServerState, prefix = ''): string {
  const value = `${prefix}${randomSecret()}`;
  state.secrets.add(value);
  return value;
}

const CLIENT_IDS: Readonly<Record<Behaviour['answer']['clientIds'], () => string>> = {
  uuid: randomUUID,
  short: () => randomBytes(10).toString('hex').slice(0, 19),
  urlSafe: () => randomBytes(32).toString('base64url'),
  m2m: () => `m2m_${BigInt(`0x${randomBytes(7).toString('hex')}`)}`,
  awkward: () => `app/${randomBytes(6).toString('hex')} ü?&`,
};

export const newClientId = ({ behaviour }: ServerState): string => CLIENT_IDS[behaviour.answer.clientIds]();

/** A client secret; an awkward one means something else once it is form-decoded. */
export const newClientSecret = (state: ServerState): string =>
  newSecret(state, state.behaviour.answer.secrets === 'awkward' ? 'a%C3:+/=&"' : '');

/** Gives the client a registration access token in place of the one it had. */
export function rotateToken(state: ServerState, record: ClientRecord, host: string, token?: string): void {
  const { tokenLifetimeSeconds } = state.behaviour.management;
  record.token = token ?? newSecret(state, 'rat-');
  record.tokenExpiresAt = tokenLifetimeSeconds === 0 ? 0 : seconds(state.now()) + tokenLifetimeSeconds;
  record.tokenHost = host;
}

/** The moment at which a secret given out now dies. */
export function secretExpiry({ behaviour, now }: ServerState): number {
  const { secretLifetimeSeconds } = behaviour.answer;
  return secretLifetimeSeconds === 0 ? 0 : seconds(now()) + secretLifetimeSeconds;
}

/** Removes the clients whose time is over. */
export function expireClients({ behaviour, clients, deleted, now }: ServerState): void {
  if (!behaviour.answer.clientDiesWithSecret) {
    return;
  }
  for (const { id, secretExpiresAt } of clients.values()) {
    if (secretExpiresAt !== 0 && secretExpiresAt <= seconds(now())) {
      clients.delete(id);
      deleted.add(id);
    }
  }
}

const SECRET_METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'];

/** Whether a client authenticates by a shared secret. */
export const usesSecret = (metadata: JsonObject): boolean =>
  SECRET_METHODS.includes(String(metadata['token_endpoint_auth_method']));

export const words = (scope: unknown): readonly string[] =>
  typeof scope === 'string' ? scope.split(' ').filter((word) => word !== '') : [];

/** The strings in a list, or none. */
export const strings = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string') : [];
