import type { ClientInformation } from '../oauth/client-information.ts';
import { ENDPOINTS, type Endpoints } from '../oauth/discovery.ts';
import type { Json, JsonObject } from '../oauth/json.ts';

/** What a workload may know of its client. */
export interface PublishedClient {
  readonly information: ClientInformation;
  /** The document last sent: what was asked for, where the answer is silent. */
  readonly sent: JsonObject;
  readonly issuer: string;
  readonly endpoints: Endpoints;
}

/** Endpoints that workloads use. The registration endpoint is the operator's business. */
const PUBLISHED_ENDPOINTS = ['authorization', 'token', 'userinfo', 'jwks', 'endSession'] as const;

/**
 * The data of an `Opaque` Secret: wire name (or the key that `keys` gives it) → value. What isn't known has no key;
 * a key of `""` leaves its value out. The registration access token is never among them.
 */
export function opaque(
  client: PublishedClient,
  keys: Readonly<Record<string, string>>,
): Record<string, string> {
  const data = new Map<string, string>();
  for (const [wireName, value] of Object.entries(valuesOf(client))) {
    const key = Object.hasOwn(keys, wireName) ? (keys[wireName] ?? '') : wireName;
    if (value !== undefined && key !== '') {
      data.set(key, value);
    }
  }
  return Object.fromEntries(data);
}

function valuesOf({
  information,
  sent,
  issuer,
  endpoints,
}: PublishedClient): Record<string, string | undefined> {
  const answered = (member: string) => text(information.metadata[member]) ?? text(sent[member]);
  return {
    client_id: information.clientId,
    client_secret: information.clientSecret?.reveal(),
    token_endpoint_auth_method: answered('token_endpoint_auth_method'),
    scope: answered('scope'),
    issuer,
    ...Object.fromEntries(PUBLISHED_ENDPOINTS.map((name) => [ENDPOINTS[name], endpoints[name]])),
  };
}

const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
