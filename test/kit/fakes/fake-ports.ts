import type { StepContext } from '../../../src/controller/client/step-context.ts';
import type { Context } from '../../../src/controller/context.ts';
import type {
  ApiResult,
  AuthorizationServerHttp,
  Counters,
  HttpOutcome,
  HttpRequest,
  JsonWebTokens,
  KubernetesApi,
} from '../../../src/controller/ports.ts';
import { NamespaceMemory } from '../../../src/controller/state/namespace-memory.ts';
import { HEALTHY } from '../../../src/core/server-health.ts';
import type { Transport } from '../../../src/oauth/http-message.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import type { GeneratedKey, SigningKey } from '../../../src/oauth/signing-key.ts';

/** The ports that a controller function needs, in memory. */

/** That of steps, and that of everything else. */
type AnyContext = Context & StepContext;

/** A context of just these parts, in which Secrets are watched: whatever else is used fails the test. */
export function contextOf(parts: Partial<AnyContext>): AnyContext {
  const given = { whySecretsUnwatched: () => undefined, ...parts };
  return new Proxy(given as AnyContext, {
    get(target, name) {
      if (!Object.hasOwn(target, name)) {
        throw new Error(`the test gives no ${String(name)}`);
      }
      return target[name as keyof AnyContext];
    },
  });
}

/** Knows every server, but no facts about any. */
export const anyServers = { state: () => ({}), health: () => HEALTHY } as unknown as Context['servers'];

export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
  readonly transport: Transport | undefined;
}

export interface FakeHttp extends AuthorizationServerHttp {
  /** In plain text. */
  readonly sent: readonly SentRequest[];
}

const plain = (value: string | Sensitive): string => (typeof value === 'string' ? value : value.reveal());

/** Gives the outcomes in turn, the last one for good. */
export function createFakeHttp(...outcomes: readonly HttpOutcome[]): FakeHttp {
  const sent: SentRequest[] = [];
  return {
    sent,
    async send({ method, url, headers, body }: HttpRequest, { timeoutMs, transport }) {
      const revealed = Object.entries(headers).map(([name, value]) => [name, plain(value)]);
      sent.push({
        method,
        url,
        headers: Object.fromEntries(revealed),
        body: body === undefined ? undefined : plain(body),
        timeoutMs,
        transport,
      });
      const outcome = outcomes[Math.min(sent.length, outcomes.length) - 1];
      if (outcome === undefined) {
        throw new Error(`nobody expected a ${method} of ${url}`);
      }
      return outcome;
    },
  };
}

export const answered = (
  status: number,
  body: string | object = '',
  headers: Readonly<Record<string, string>> = {},
): HttpOutcome => ({
  kind: 'answered',
  status,
  headers,
  body: new Sensitive(typeof body === 'string' ? body : JSON.stringify(body)),
});

const part = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');

/** Signs with the text of the key, so that everything can be read back; `fails` replaces a method. */
export function createFakeJwt(fails: Partial<JsonWebTokens> = {}): JsonWebTokens {
  let made = 0;
  return {
    sign: async (claims, { algorithm, keyId, material }) =>
      new Sensitive(
        `${part({ alg: algorithm, kid: keyId })}.${part(claims)}.${part({ by: material.reveal() })}`,
      ),
    encrypt: async (jwt, { key, algorithm, encoding }) =>
      new Sensitive(`${algorithm} ${encoding} ${key.reveal()} (${jwt.reveal()})`),
    publicJwk: async ({ algorithm, keyId, material }) =>
      algorithm.startsWith('HS') ? undefined : { kty: 'EC', alg: algorithm, kid: keyId ?? material.reveal() },
    async generate(algorithm): Promise<GeneratedKey> {
      made += 1;
      const kid = `generated-${made}`;
      return {
        kid,
        privateJwk: new Sensitive(`{"kid":"${kid}","d":"canary"}`),
        privatePem: new Sensitive(`-----BEGIN PRIVATE KEY----- ${kid}`),
        publicJwk: { kty: 'EC', alg: algorithm, kid },
      };
    },
    ...fails,
  };
}

/** Header, claims and signer of a JWS that {@link createFakeJwt} made. */
export function readJws(jws: string): readonly JsonObject[] {
  return jws.split('.').map((text) => JSON.parse(Buffer.from(text, 'base64url').toString()) as JsonObject);
}

export const signingKey = (material: string, more: Partial<SigningKey> = {}): SigningKey => ({
  material: new Sensitive(material),
  format: 'Pem',
  algorithm: 'ES256',
  ...more,
});

/** Counts nothing. */
export const UNCOUNTED: Counters = {
  orphanSuspected: () => undefined,
  clientChanged: () => undefined,
  tokenLost: () => undefined,
  firstReady: () => undefined,
  verified: () => undefined,
  serverGone: () => undefined,
};

/** Room for everything. */
export const unbounded = (): NamespaceMemory =>
  new NamespaceMemory({ most: Number.POSITIVE_INFINITY, exempt: '', onRoom: () => undefined });

/** Objects by `Kind namespace/name`; everything else is not found. Nothing but reading is possible. */
export function createReadOnlyApi(objects: Readonly<Record<string, object>>): KubernetesApi & {
  readonly reads: readonly string[];
} {
  const reads: string[] = [];
  const refused = () => Promise.reject(new Error('nothing but reading is expected'));
  return {
    reads,
    async get<T>(
      { kind }: { readonly kind: string },
      { namespace, name }: { namespace?: string; name: string },
    ) {
      const key = `${kind} ${namespace}/${name}`;
      reads.push(key);
      const object = objects[key] as T | undefined;
      const missing = { ok: false, status: 404, reason: 'NotFound', message: `${key} not found` } as const;
      return (object === undefined ? missing : { ok: true, object }) as ApiResult<T>;
    },
    create: refused,
    dryRun: refused,
    replace: refused,
    patch: refused,
    delete: refused,
  };
}

/** Uniform numbers that never repeat within a test. */
export function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
