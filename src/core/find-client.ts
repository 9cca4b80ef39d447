import type { SuspectedOrphan } from './orphan-entry.ts';
import type { ServerKey } from './server-key.ts';
import type { UnremovedClient } from './unremoved-client.ts';

/** How a person finds the client of an entry at its server, in one sentence. */

/** @param marker `spec.attemptMarker` of the server object, where it is set and the reader may see it */
export function howToFindOrphan(orphan: SuspectedOrphan, marker?: string): string {
  const { server, issuer, startedAt, clientName, attempt } = orphan;
  const marked = marker === undefined ? '' : `, whose member ${marker} is ${attempt}`;
  const about = `look for a client that was registered at about ${startedAt}${named(clientName)}${marked}`;
  return `At ${place(server, issuer)}, ${about}.`;
}

export function howToFindUnremoved(client: UnremovedClient): string {
  const { server, issuer, clientId, clientName, registeredAt } = client;
  const about = `look for client_id ${clientId}${named(clientName)}, registered at ${registeredAt}`;
  return `At ${place(server, issuer)}, ${about}.`;
}

const place = (server: ServerKey, issuer: string | undefined): string =>
  issuer ? `${issuer} (${server})` : server;

const named = (name: string | undefined): string => (name === undefined ? '' : ` with client_name "${name}"`);
