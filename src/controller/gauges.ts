import { REASONS } from '../api/reasons.ts';
import { gateShown } from '../core/health-gate.ts';
import { limitsAt } from '../core/rate-limits.ts';
import type { ServerHealth } from '../core/server-health.ts';
import { keyOfServer, type ServerKey, serverNamed } from '../core/server-key.ts';
import type { ServerObject } from '../core/server-object.ts';
import { shortKey } from '../core/short-name.ts';
import type { Context } from './context.ts';
import type { ClientTally, Counted } from './state/client-tally.ts';
import { ofRoleAt } from './state/record-counts.ts';
import type { ServerState } from './state/server-registry.ts';

/** One sample: its labels, and its value. */
export type Sample<Label extends string> = Readonly<Record<Label, string>> & { readonly count: number };

/**
 * What `/metrics` shows of the present state. `server` is the name of a ClusterAuthorizationServer that is there,
 * `AuthorizationServer` for those of all namespaces together, and `None` for all others. Samples with the same labels
 * are added up.
 */
export interface Gauges {
  readonly clients: readonly Sample<'server' | 'ready' | 'condition' | 'reason'>[];
  readonly notReadyForLong: readonly Sample<'server' | 'reason'>[];
  readonly overdueRenewals: readonly Sample<'server'>[];
  readonly ends: readonly Sample<'what' | 'within'>[];
  readonly registrations: readonly Sample<'server' | 'role'>[];
  readonly orphans: readonly Sample<'server'>[];
  readonly servers: readonly Sample<'server' | 'ready' | 'reason'>[];
  readonly gates: readonly Sample<'server' | 'gate'>[];
  /** `count`: seconds until the pause ends. */
  readonly pauses: readonly Sample<'server' | 'calls'>[];
  readonly capabilities: readonly Sample<'server' | 'capability'>[];
  readonly ledger: readonly Sample<'state'>[];
}

type GaugeContext = Pick<Context, 'caches' | 'clock' | 'ledger' | 'memory' | 'orphans' | 'servers'> & {
  readonly tally: ClientTally;
};

/** What a server can do for clients, as far as it is known. */
export const CAPABILITIES = ['Registers', 'Updates', 'Deletes', 'Manages'] as const;

type Capability = (typeof CAPABILITIES)[number];

/** Reads counts that are kept, and walks server objects, which are few. Nothing here walks clients. */
export function gaugesOf({ caches, clock, ledger, memory, orphans, servers, tally }: GaugeContext): Gauges {
  const now = clock.now();
  const isThere = (name: string) => caches.clusterServers.get(name) !== undefined;
  const known = (server: string) => (server === OWN || isThere(server) ? server : NONE);
  const named = <T extends { readonly server: string }>(samples: readonly Counted<T>[]) =>
    samples.map((sample) => ({ ...sample, server: known(sample.server) }));
  const objects = [...caches.clusterServers.values(), ...caches.servers.values()].map((object) =>
    seen(object, servers),
  );
  const short = new Map([...caches.clusterServers.values()].map((one) => [shortKey(keyOfServer(one)), one]));
  const { underWay, interrupted } = ledger.sizes;
  return {
    clients: named(tally.states()),
    notReadyForLong: named(tally.notReadyForLong(now)),
    overdueRenewals: [...memory.overdue].map(([key, count]) => ({ server: known(labelOf(key)), count })),
    ends: tally.ends(now),
    registrations: [...caches.registrations.counted('roles')].map(([name, count]) => {
      const { server, role } = ofRoleAt(name);
      return { server: known(server), role, count };
    }),
    orphans: orphans.listed().map(([key, count]) => {
      const isOwn = serverNamed(key).kind === OWN;
      return { server: isOwn ? OWN : (short.get(key)?.metadata.name ?? NONE), count };
    }),
    servers: objects.map(readiness),
    gates: objects.map((one) => ({ server: one.server, gate: gateAt(one, now), count: 1 })),
    pauses: objects.flatMap(({ server, health }) =>
      limitsAt(health.rateLimits, now).map(({ calls, until }) => ({
        server,
        calls,
        count: (until - now) / 1_000,
      })),
    ),
    capabilities: objects.flatMap((one) =>
      Object.entries(capabilitiesOf(one)).map(([capability, has]) => ({
        server: one.server,
        capability,
        count: has ? 1 : 0,
      })),
    ),
    ledger: [
      { state: 'UnderWay', count: underWay },
      { state: 'Interrupted', count: interrupted },
    ],
  };
}

const OWN = 'AuthorizationServer';
const NONE = 'None';

function labelOf(key: ServerKey): string {
  const { kind, name } = serverNamed(key);
  return kind === OWN ? OWN : name;
}

/** A server object, with what this process knows of it. */
interface Seen {
  readonly server: string;
  readonly object: ServerObject;
  readonly state: ServerState | undefined;
  readonly health: ServerHealth;
  readonly lacking: readonly string[];
}

function seen(object: ServerObject, servers: Context['servers']): Seen {
  const key = keyOfServer(object);
  return {
    server: labelOf(key),
    object,
    state: servers.state(key),
    health: servers.health(key),
    lacking: servers.lackingCalls(key),
  };
}

function readiness({ server, object: { status } }: Seen): Gauges['servers'][number] {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const { status: value = 'Unknown', reason = 'Queued' } = ready ?? {};
  return { server, ready: value, reason: Object.hasOwn(REASONS, reason) ? reason : 'Other', count: 1 };
}

function gateAt({ state, health }: Seen, now: number): string {
  if (state?.suspended === true) {
    return 'Suspended';
  }
  return state?.connection === undefined ? 'Unavailable' : gateShown(health, now);
}

function capabilitiesOf({ state, lacking }: Seen): Readonly<Record<Capability, boolean>> {
  const { updateEffect, deleteEffect } = state?.connection?.dialect ?? {};
  return {
    Registers: state?.connection !== undefined,
    Updates: updateEffect?.supported === true && !lacking.includes('Update'),
    Deletes: deleteEffect?.supported === true && !lacking.includes('Deregister'),
    Manages: state !== undefined && state.management !== 'Unknown' && state.management !== 'None',
  };
}
