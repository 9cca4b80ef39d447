import { keycloakClient } from '../../../src/dialects/keycloak-client.ts';
import type { JsonObject as Metadata } from '../../../src/oauth/json.ts';
import type { JsonObject } from './behaviour.ts';
import { type Message, objectOf, type Reply } from './message.ts';
import type { ServerState } from './server-state.ts';

/**
 * A server that reads and answers clients in a form of its own. Inside, it is as all others; a test of the emulator that speaks
 * RFC 7591 is answered so.
 */

/** What a server of that form gives clients that do not ask for it, and that nobody wants. */
const DANGEROUS = { fullScopeAllowed: true, directAccessGrantsEnabled: true };

/** Clients that were registered in the server's own form, by their identifier. */
const native = new WeakMap<ServerState['clients'], Set<string>>();

/** The message in the words of RFC 7591; what it was written in. */
export function readForm(
  { behaviour }: ServerState,
  message: Message,
): { readonly message: Message; readonly isNative: boolean } {
  const body = behaviour.answer.form === 'keycloakClient' ? objectOf(message.text) : undefined;
  if (body?.['protocol'] === undefined) {
    return { message, isNative: false };
  }
  const { clientId } = body;
  const { client_id: id, ...metadata } = keycloakClient.decode({
    ...DANGEROUS,
    ...body,
    clientId: String(clientId ?? 'none'),
  } as Metadata);
  const translated = clientId === undefined ? metadata : { ...metadata, client_id: id };
  return { message: { ...message, text: JSON.stringify(translated) }, isNative: true };
}

/** @param id of the client that the URL names; empty: none */
export function inForm(
  { clients }: ServerState,
  reply: Reply,
  { isNative, id }: { readonly isNative: boolean; readonly id: string },
): Reply {
  const ids = native.get(clients) ?? new Set();
  native.set(clients, ids);
  const { body } = reply;
  if (typeof body === 'string' || typeof body['client_id'] !== 'string' || !(isNative || ids.has(id))) {
    return reply;
  }
  ids.add(body['client_id']);
  const { registration_access_token: token, client_secret: secret } = body;
  const answer: JsonObject = {
    ...keycloakClient.encode(body as Metadata),
    ...(token !== undefined && { registrationAccessToken: token }),
    ...(secret !== undefined && { secret }),
  };
  return { ...reply, body: answer };
}
