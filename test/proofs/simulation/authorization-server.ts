import type { HttpOutcome, HttpRequest } from '../../../src/oauth/http-message.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { readJws } from '../../kit/fakes/fake-ports.ts';
import type { Restore } from './scheduler.ts';
import { keptMap, keptSet } from './snapshot.ts';

/** Part of every secret that the server gives: it may be only in Secrets and in calls. */
const CANARY = 'canary';
/** In plain text, and in base64 at any offset. */
export const SHOWS_SECRET = /canary|Y2FuYXJ5|NhbmFye|jYW5hcn/;
/** Part of a secret that serves nothing. */
export const NEEDLESS = 'canary-needless';
export const ISSUER = 'https://sso.example.com';
export const MARKER = 'x_attempt';

export interface Behaviour {
  /** A PUT gives another registration access token, and the former one becomes invalid. */
  readonly rotatesToken: boolean;
  readonly rotatesSecret: boolean;
  readonly readRotates: boolean;
  /** How long, in milliseconds of the life, secrets end two seconds after they are given. Default: no secret ends. */
  readonly hastyForMs?: number;
  /** How long, in milliseconds of the life, every registration is refused. Default: none is. */
  readonly refusesForMs?: number;
  /** When the server loses its clients, in milliseconds of the life, once. Default: never. */
  readonly forgetsAtMs?: number;
  /** Publishes a token endpoint, which says whether it accepts a credential. Default: has none. */
  readonly hasTokens?: boolean;
  /** Its clients manage themselves, with access tokens that they obtain. Default: by registration access tokens. */
  readonly managesItself?: boolean;
  /** Reads and answers clients in Keycloak's own form. Default: as RFC 7591 says. */
  readonly isKeycloak?: boolean;
}

export interface RegisteredClient {
  readonly id: string;
  readonly attempt: string;
  readonly secret: string;
  readonly token: string;
  readonly metadata: JsonObject;
}

const answer = (status: number, body: JsonObject = {}): HttpOutcome => ({
  kind: 'answered',
  status,
  headers: {},
  body: new Sensitive(status === 204 ? '' : JSON.stringify(body)),
});

/** An authorization server (RFC 7591, RFC 7592) without network faults. */
export class AuthorizationServer {
  readonly clients = new Map<string, RegisteredClient>();
  /** Attempt id → number of its POSTs. */
  readonly posts = new Map<string, number>();
  /** `client_id client_secret` of all that were ever given together. */
  readonly issued = new Set<string>();
  /** Path → what is served there as a document of a client, or as its keys. */
  readonly documents = new Map<string, string>();
  /** The same, as the public URL answers it. */
  readonly answered = new Map<string, string>();
  /** Access token → the client that obtained it. */
  readonly #tokens = new Map<string, string>();
  readonly behaviour: Behaviour;
  /** Answer → the client of the answer. */
  readonly #about = new WeakMap<HttpOutcome, string>();
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #forgotten = new Set<string>();
  #made = 0;
  #hasForgotten = false;

  /** @param now milliseconds since the epoch */
  constructor(behaviour: Behaviour, now: () => number) {
    this.behaviour = behaviour;
    this.#now = now;
    this.#startedAt = now();
  }

  save(): Restore {
    const made = this.#made;
    const hasForgotten = this.#hasForgotten;
    const kept = [
      keptMap(this.documents),
      keptMap(this.answered),
      keptMap(this.#tokens),
      keptMap(this.clients),
      keptMap(this.posts),
      keptSet(this.issued),
      keptSet(this.#forgotten),
    ];
    return () => {
      this.#made = made;
      this.#hasForgotten = hasForgotten;
      kept.forEach((restore) => {
        restore();
      });
    };
  }

  handle({ method, url, headers, body }: HttpRequest): HttpOutcome {
    const pathname = pathOf(url);
    if (pathname.startsWith('/.well-known/')) {
      const tokens = this.behaviour.hasTokens === true ? { token_endpoint: `${ISSUER}${TOKEN_PATH}` } : {};
      const published =
        this.behaviour.isKeycloak === true ? '/clients-registrations/openid-connect' : '/register';
      return answer(200, { issuer: ISSUER, registration_endpoint: `${ISSUER}${published}`, ...tokens });
    }
    if (pathname === TOKEN_PATH) {
      return this.#token(plain(headers['authorization'] ?? ''), new URLSearchParams(plain(body ?? '')));
    }
    if (pathname.startsWith('/clients/')) {
      const document = this.answered.get(pathname);
      return {
        ...answer(document === undefined ? 410 : 200),
        body: new Sensitive(document ?? ''),
      } as HttpOutcome;
    }
    const document = parseJsonObject(plain(body ?? '')) ?? {};
    const registration = this.behaviour.isKeycloak === true ? KEYCLOAK_PATH : '/register';
    if (method === 'POST' && pathname === registration) {
      return this.#register(document);
    }
    this.#forget();
    const id = pathname.slice(registration.length + 1);
    if (this.#forgotten.has(id)) {
      return answer(401, { error: 'invalid_client', error_description: 'The client does not exist' });
    }
    const client = this.clients.get(id);
    const shown = plain(headers['authorization'] ?? '').slice('Bearer '.length);
    const isOwn =
      this.behaviour.managesItself === true ? this.#tokens.get(shown) === id : shown === client?.token;
    if (client === undefined || !isOwn) {
      return answer(401, { error: 'invalid_token' });
    }
    switch (method) {
      case 'DELETE':
        this.clients.delete(client.id);
        return answer(204);
      case 'PUT':
        return this.#given({ ...client, metadata: document }, this.behaviour);
      default: {
        const { readRotates } = this.behaviour;
        return this.#given(client, { rotatesToken: readRotates, rotatesSecret: readRotates });
      }
    }
  }

  /** The client_id in a complete answer. */
  clientIdIn(given: HttpOutcome): string | undefined {
    return this.#about.get(given);
  }

  /** What is offered to it is made up: it refuses the credential, or only what is offered. */
  #token(authorization: string, form: URLSearchParams): HttpOutcome {
    this.#forget();
    if (this.behaviour.managesItself === true) {
      return this.#ownToken(form);
    }
    const isAccepted = [...this.clients.values()].some((client) => authorization === basicOf(client));
    return isAccepted ? answer(400, { error: 'invalid_grant' }) : answer(401, { error: 'invalid_client' });
  }

  /** By an assertion with a key of the client (RFC 7523). */
  #ownToken(form: URLSearchParams): HttpOutcome {
    const client = this.clients.get(form.get('client_id') ?? '');
    const [, , signer] = readJws(form.get('client_assertion') ?? '');
    const { kid } = parseJsonObject(String(signer?.['by'])) ?? {};
    if (client === undefined || !keysOf(client).includes(String(kid))) {
      return answer(401, { error: 'invalid_client' });
    }
    this.#made += 1;
    const token = `${CANARY}-own-${client.id}-${this.#made}`;
    this.#tokens.set(token, client.id);
    return answer(200, { access_token: token, token_type: 'Bearer', expires_in: 300 });
  }

  #forget(): void {
    const { forgetsAtMs = Number.POSITIVE_INFINITY } = this.behaviour;
    if (this.#hasForgotten || this.#now() - this.#startedAt < forgetsAtMs) {
      return;
    }
    this.#hasForgotten = true;
    for (const id of this.clients.keys()) {
      this.#forgotten.add(id);
    }
    this.clients.clear();
  }

  #register(document: JsonObject): HttpOutcome {
    const { refusesForMs = 0 } = this.behaviour;
    if (this.#now() - this.#startedAt < refusesForMs) {
      return answer(400, { error: 'invalid_client_metadata' });
    }
    const attempt = String(document[this.behaviour.isKeycloak === true ? 'name' : MARKER]);
    this.posts.set(attempt, (this.posts.get(attempt) ?? 0) + 1);
    this.#made += 1;
    const client = { id: `c${this.#made}`, attempt, secret: '', token: '', metadata: document };
    return this.#given(client, { rotatesToken: true, rotatesSecret: true }, 201);
  }

  /** Seconds since the epoch; 0: never. */
  #secretEnd(): number {
    const { hastyForMs = 0 } = this.behaviour;
    const now = this.#now();
    return now - this.#startedAt < hastyForMs ? Math.ceil(now / 1000) + 2 : 0;
  }

  /** A client that manages itself gets nothing to manage it with. */
  #self(client: RegisteredClient, status: number): HttpOutcome {
    this.clients.set(client.id, client);
    this.issued.add(`${client.id} `);
    const given = answer(status, { ...client.metadata, client_id: client.id });
    this.#about.set(given, client.id);
    return given;
  }

  /** Stores the client and answers everything about it. */
  #given(
    client: RegisteredClient,
    { rotatesToken, rotatesSecret }: Pick<Behaviour, 'rotatesToken' | 'rotatesSecret'>,
    status = 200,
  ): HttpOutcome {
    this.#made += 1;
    const { id, metadata, attempt } = client;
    if (this.behaviour.managesItself === true) {
      return this.#self({ ...client, secret: '' }, status);
    }
    const made = rotatesSecret ? `${CANARY}-secret-${id}-${this.#made}` : client.secret;
    const secret = this.behaviour.isKeycloak === true ? '' : made;
    const token = rotatesToken ? `${CANARY}-token-${id}-${this.#made}` : client.token;
    this.clients.set(id, { id, attempt, secret, token, metadata });
    this.issued.add(`${id} ${secret}`);
    const given = answer(
      status,
      this.behaviour.isKeycloak === true
        ? { ...metadata, clientId: id, registrationAccessToken: token, secret: `${NEEDLESS}-${id}` }
        : {
            client_id: id,
            ...metadata,
            client_secret: secret,
            client_secret_expires_at: this.#secretEnd(),
            registration_access_token: token,
            registration_client_uri: `${ISSUER}/register/${id}`,
          },
    );
    this.#about.set(given, id);
    return given;
  }
}

export const TOKEN_PATH = '/token';
const KEYCLOAK_PATH = '/clients-registrations/default';

/** Ids of the keys that a client published. */
export function keysOf({ metadata }: RegisteredClient): readonly string[] {
  const { keys = [] } = (metadata['jwks'] ?? {}) as { readonly keys?: readonly { readonly kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/** The ServiceAccount of a client, in Keycloak's form. */
export const subjectIn = ({ attributes }: JsonObject): unknown =>
  isJsonObject(attributes) ? attributes['jwt.credential.sub'] : undefined;

export const documentOf = ({ body }: HttpRequest): JsonObject => parseJsonObject(plain(body ?? '')) ?? {};

const basicOf = ({ id, secret }: RegisteredClient): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/** Every called URL belongs to this issuer. */
export const pathOf = (url: string): string => url.slice(ISSUER.length);

export const plain = (value: string | Sensitive): string =>
  typeof value === 'string' ? value : value.reveal();

/** The attempt id, from the document that was sent. */
export function attemptOf({ body }: HttpRequest): string {
  const document = parseJsonObject(plain(body ?? ''));
  return isJsonObject(document) ? String(document[MARKER] ?? document['name']) : '';
}
