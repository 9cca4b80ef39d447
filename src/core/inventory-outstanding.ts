import { storedTime } from '../api/time.ts';
import { type SuspectedOrphan, suspectsIn } from './orphan-entry.ts';
import type { ServerKey } from './server-key.ts';
import { type UnremovedClient, unremovedIn } from './unremoved-client.ts';

/**
 * A client that may exist at a server though no OAuthClient has it:
 *
 * - `Owed`: its object is gone, and the operator still tries to deregister it
 * - `LeftBehind`: the operator could not deregister it, and a person has to
 * - `Suspected`: a registration whose answer was lost; the client may exist
 *
 * Long texts are cut, as the lists have them.
 */
export interface OutstandingClient {
  readonly kind: OutstandingKind;
  /** Of the OAuthClient. */
  readonly namespace: string;
  readonly name: string;
  readonly server: ServerKey;
  /** Unknown of a suspected one. */
  readonly clientId: string | undefined;
  /** `client_name`, where it is known. */
  readonly clientName: string | undefined;
  /** Of the registration: what `spec.attemptMarker` of the server object sends along. */
  readonly attempt: string;
  /** When it was sent or left behind, in milliseconds since the epoch. */
  readonly since: number | undefined;
  /** Why the answer of a suspected one is unknown. */
  readonly why: string | undefined;
}

export const OUTSTANDING_KINDS = ['Owed', 'LeftBehind', 'Suspected'] as const;
export type OutstandingKind = (typeof OUTSTANDING_KINDS)[number];

/** Data of a ConfigMap; `undefined`: it is not there, or may not be read. */
type ListData = Readonly<Record<string, string>> | undefined;

/** Data of the ConfigMaps `UNREMOVED`, and `SUSPECTS` with `OWN_SUSPECTS`, in this order. */
export interface InventoryLists {
  readonly unremoved: ListData;
  readonly suspects: readonly ListData[];
}

/** What the operator's lists name, the oldest first. */
export function outstandingClients(lists: InventoryLists): readonly OutstandingClient[] {
  const unremoved = unremovedIn(lists.unremoved).clients.map(ofUnremoved);
  const suspected = lists.suspects.flatMap((data) => suspectsIn(data).map(ofSuspected));
  return [...unremoved, ...suspected].toSorted((one, other) => (one.since ?? 0) - (other.since ?? 0));
}

const ofUnremoved = (listed: UnremovedClient): OutstandingClient => ({
  kind: listed.role === 'owed' ? 'Owed' : 'LeftBehind',
  ...objectNamed(listed.client),
  server: listed.server,
  clientId: listed.clientId,
  clientName: listed.clientName,
  attempt: listed.attempt,
  since: timeIn(listed.leftAt ?? listed.registeredAt),
  why: undefined,
});

const ofSuspected = (listed: SuspectedOrphan): OutstandingClient => ({
  kind: 'Suspected',
  ...objectNamed(listed.client),
  server: listed.server,
  clientId: undefined,
  clientName: listed.clientName,
  attempt: listed.attempt,
  since: timeIn(listed.startedAt),
  why: listed.why,
});

function objectNamed(client: string): Pick<OutstandingClient, 'namespace' | 'name'> {
  const slash = client.indexOf('/');
  return { namespace: client.slice(0, Math.max(slash, 0)), name: client.slice(slash + 1) };
}

function timeIn(text: string): number | undefined {
  const time = storedTime(text);
  return Number.isNaN(time) ? undefined : time;
}
