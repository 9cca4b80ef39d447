import type { Observation, ObservedClient, PendingCall, Setback } from '../../src/core/observation.ts';
import { metadataHash, type RegistrationRecord } from '../../src/core/record.ts';
import {
  inputsHash,
  type ObservedSecret,
  projectionOf,
  wantedSecret,
} from '../../src/core/workload-secret.ts';
import type { JsonObject } from '../../src/oauth/json.ts';

/** One base observation, of a client that is registered and published, and the parts to change about it. */

export const NOW = Date.parse('2026-05-01T12:00:00Z');
export const document: JsonObject = { client_name: 'Storefront' };
export const hash = metadataHash(document);
export const endpoints = {
  registration: 'https://sso.example.com/register',
  token: 'https://sso.example.com/token',
};

const ref = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;

export const connection = {
  issuer: 'https://sso.example.com',
  registrationEndpoint: endpoints.registration,
  endpoints,
  initialAccessToken: undefined,
  allowedOrigins: [],
  timeoutMs: 30_000,
  maxInFlight: 16,
  version: 'v1',
};

export const available = { available: true, ref, connection, gate: { open: true } } as const;
export const closed = (reason: 'AuthorizationServerPaused', message: string) => ({
  ...available,
  gate: { open: false, reason, message } as const,
});
export const unavailable = {
  available: false,
  reason: 'DiscoveryFailed',
  message: 'https://sso.example.com/.well-known/x: 404',
  endpoints: undefined,
} as const;

export function record(overrides: Partial<RegistrationRecord> = {}): RegistrationRecord {
  const attempt = overrides.attempt ?? 'a1';
  const client = overrides.client ?? { namespace: 'shop', name: 'storefront', uid: 'uid-1' };
  return {
    secretName: `oac-${client.uid}-${attempt}`,
    resourceVersion: '10',
    role: 'current',
    attempt,
    client,
    namespaceUid: 'ns-1',
    installation: 'main',
    server: ref,
    issuer: 'https://sso.example.com',
    clientId: 'c1',
    metadataHash: hash,
    revision: 1,
    registeredAt: '2026-05-01T11:00:00Z',
    managed: true,
    ...overrides,
  };
}

/** A record of an earlier object of the same name. */
export const departed = (overrides: Partial<RegistrationRecord> = {}): RegistrationRecord =>
  record({ client: { namespace: 'shop', name: 'storefront', uid: 'uid-0' }, clientId: 'c0', ...overrides });

export function object(overrides: Partial<ObservedClient> = {}): ObservedClient {
  return {
    uid: 'uid-1',
    generation: 3,
    resourceVersion: '100',
    deleting: false,
    deletingSince: undefined,
    hasFinalizer: true,
    finalizers: ['oauth-registrar.dev/registration'],
    desired: {
      valid: true,
      spec: {
        authorizationServerRef: ref,
        client: { clientName: 'Storefront' },
        secret: { name: 'storefront-oauth' },
      },
      document,
      hash,
    },
    status: { clientId: 'c1', installation: 'main' },
    reconcileRequestedAt: undefined,
    ...overrides,
  };
}

/** Never registered, never seen. */
export const fresh = (overrides: Partial<ObservedClient> = {}): ObservedClient =>
  object({ status: {}, ...overrides });

/** An object that is registered, published, and whose spec was edited since. */
export const edited = (overrides: Partial<ObservedClient> = {}): ObservedClient => {
  const base = object();
  const changed = { client_name: 'Edited' };
  return object({
    desired: { ...base.desired, document: changed, hash: metadataHash(changed) } as ObservedClient['desired'],
    ...overrides,
  });
};

export const deleting = (overrides: Partial<ObservedClient> = {}): ObservedClient =>
  object({ deleting: true, deletingSince: NOW - 1_000, ...overrides });

/** The workload Secret as it is after publishing `shown`. */
export function secret(overrides: Partial<ObservedSecret> = {}, shown = record()): ObservedSecret {
  const { desired } = object();
  const spec = desired.valid ? desired.spec : undefined;
  const wanted = wantedSecret(shown.client, spec ?? { authorizationServerRef: ref, client: {} });
  return {
    name: 'storefront-oauth',
    namespace: 'shop',
    uid: 'secret-uid',
    resourceVersion: '50',
    ownerUid: 'uid-1',
    shows: shown.secretName,
    projection: projectionOf(inputsHash({ record: shown, keys: {}, endpoints }), ['client_id']),
    labels: wanted.labels,
    annotations: wanted.annotations,
    ...overrides,
  };
}

export const call = (overrides: Partial<PendingCall> = {}): PendingCall => ({
  attempt: 'a9',
  kind: 'Register',
  startedAt: '2026-05-01T11:59:58Z',
  state: 'underWay',
  record: 'oac-uid-1-a9',
  ...overrides,
});

export const setback = (overrides: Partial<Setback> = {}): Setback => ({
  action: 'Deregister',
  kind: 'Transient',
  reason: 'AuthorizationServerUnavailable',
  message: 'No answer in time',
  attempts: 1,
  since: NOW - 10_000,
  retryAt: NOW + 5_000,
  basis: 'oac-uid-1-a1',
  ambiguous: false,
  ...overrides,
});

/** Registered and published: nothing is left to do. */
export const settled: Observation = {
  now: NOW,
  namespace: 'shop',
  name: 'storefront',
  installation: 'main',
  object: object(),
  absence: { since: NOW, proven: false },
  namespaceTerminating: false,
  calls: [],
  records: [record()],
  server: available,
  secrets: [secret()],
  setbacks: [],
};

export const observation = (overrides: Partial<Observation> = {}): Observation => ({
  ...settled,
  ...overrides,
});

/** Before the first registration. */
export const unregistered = (overrides: Partial<Observation> = {}): Observation =>
  observation({ object: fresh(), records: [], secrets: [], ...overrides });

/** The object is gone from the watch; its record is not. */
export const absent = (overrides: Partial<Observation> = {}): Observation =>
  observation({
    object: undefined,
    secrets: [],
    absence: { since: NOW - 61_000, proven: true },
    ...overrides,
  });
