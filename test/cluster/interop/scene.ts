import { importPKCS8, SignJWT } from 'jose';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
import type { TokenAnswer, TokenRequest } from '../../kit/testbed/token-request.ts';
import {
  conditionOf,
  credential,
  eventually,
  namespace,
  namespacedServer,
  oauthClient,
} from '../behaviour/objects.ts';
import { teamIn } from '../behaviour/team.ts';

/** The operator in a cluster with a real server: what its users do and see, by names only. */
export interface InteropScene {
  readonly testbed: Testbed;
  /** A labelled Secret. */
  credential(name: string, data: Readonly<Record<string, string>>): Promise<void>;
  /** Applies a server object and waits until it is ready. `spec` is merged into issuer and open admission. */
  server(name: string, issuer: string, spec: object): Promise<void>;
  /** An OAuthClient of `server` whose `spec.client` is `client`. */
  client(name: string, server: string, client: object, spec?: object): Promise<void>;
  /** Changes members of `spec.client`; `null` removes one. */
  edit(name: string, client: object): Promise<void>;
  /** Waits for Ready to have this reason. */
  until(name: string, reason: string): Promise<OAuthClient>;
  /** Waits for the condition Verified, as {@link verifiedOf} has it. */
  untilVerified(name: string, isRight: (verified: string) => boolean): Promise<OAuthClient>;
  /** Requests a reconciliation of a client, and waits until it is done. */
  lookAgain(name: string): Promise<OAuthClient>;
  /** Content of the workload Secret; fails if there is none. */
  secret(name: string): Promise<Readonly<Record<string, string>>>;
  /** Deletes the OAuthClient and waits until it is gone. */
  remove(name: string): Promise<void>;
  stop(): Promise<void>;
}

const NAMESPACE = 'shop';
/** A server that has just started may be slow on two processors. */
const WAIT_MS = 30_000;

export async function startInterop(): Promise<InteropScene> {
  const testbed = await startTestbed();
  await testbed.apply(namespace(NAMESPACE));
  const team = teamIn(testbed, NAMESPACE, { waitMs: WAIT_MS });
  let looks = 0;
  return {
    testbed,
    until: (name, reason) => team.until(name, reason),
    credential: (name, data) => testbed.apply(withData(name, data)),
    server: async (name, issuer, spec) => {
      await testbed.apply(namespacedServer(issuer, NAMESPACE, name, spec));
      await team.untilServer(name, { reason: 'Available' });
    },
    client: (name, server, client, spec = {}) =>
      testbed.apply(
        oauthClient(NAMESPACE, name, {
          client,
          server: { kind: 'AuthorizationServer', name: server },
          ...spec,
        }),
      ),
    edit: async (name, client) => void (await team.edit(name, client)),
    untilVerified: (name, isRight) =>
      eventually(
        () => team.client(name),
        (client) => isRight(verifiedOf(client)),
        WAIT_MS,
      ),
    lookAgain: async (name) => {
      const requestedAt = `look-${++looks}`;
      const annotations = { 'oauth-registrar.dev/reconcile-requested-at': requestedAt };
      await team.patch('oac', name, { metadata: { annotations } });
      return eventually(
        () => team.client(name),
        ({ status }) => status?.lastHandledReconcileAt === requestedAt,
        WAIT_MS,
      );
    },
    secret: async (name) => {
      const data = await team.secret(name);
      if (data === undefined) {
        throw new Error(`no Secret ${NAMESPACE}/${name}`);
      }
      return data;
    },
    remove: async (name) => {
      await team.kubectl('delete', 'oac', name, '--timeout=30s');
    },
    stop: () => testbed.stop(),
  };
}

function withData(name: string, data: Readonly<Record<string, string>>): string {
  const secret = JSON.parse(credential('', { namespace: NAMESPACE, name })) as object;
  return JSON.stringify({ ...secret, stringData: data });
}

export const readyMessage = (client: OAuthClient): string => conditionOf(client, 'Ready')?.message ?? '';

/** Status, reason and message of the condition Verified. */
export function verifiedOf(client: OAuthClient): string {
  const { status, reason, message } = conditionOf(client, 'Verified') ?? {};
  return `${status} ${reason}: ${message}`;
}

/** Whether there is an answer in what {@link verifiedOf} shows. */
export const isTried = (verified: string): boolean =>
  /^(True|False|Unknown VerificationInconclusive: It is not known)/.test(verified);

/** The token request of a workload that mounts the Secret. */
export function tokenRequest(secret: Readonly<Record<string, string>>, scope?: string): TokenRequest {
  const { client_id: clientId = '', client_secret: clientSecret = '' } = secret;
  return { clientId, clientSecret, ...(scope === undefined ? {} : { scope }) };
}

/**
 * Requests a token by client credentials with the private key of the Secret (RFC 7523), like a workload. The audience
 * is the issuer, unless the server needs another one.
 */
export async function requestTokenWithKey(
  secret: Readonly<Record<string, string>>,
  algorithm: string,
  audience = secret['issuer'] ?? '',
): Promise<TokenAnswer> {
  const { client_id: id = '', token_endpoint: endpoint = '', kid = '' } = secret;
  const key = await importPKCS8(secret['private_key.pem'] ?? '', algorithm);
  const assertion = await new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: algorithm, kid })
    .setIssuer(id)
    .setSubject(id)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(key);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: id,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  });
  const answer = await fetch(endpoint, { method: 'POST', body });
  return { status: answer.status, body: (await answer.json()) as TokenAnswer['body'] };
}
