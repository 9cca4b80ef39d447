import type { Failure } from '../../src/core/classify.ts';
import { gateOf } from '../../src/core/health-gate.ts';
import type { CallKind, Gate } from '../../src/core/observation.ts';
import type { Waiting } from '../../src/core/scope.ts';
import {
  callBegins,
  callEnds,
  type HealthCall,
  type ServerHealth,
  type Surroundings,
} from '../../src/core/server-health.ts';

/** Calls to a server, of one client if nothing else is said. */

export const NOW = Date.parse('2026-05-01T12:00:00Z');

export const made = (kind: CallKind, more: Partial<HealthCall> = {}): HealthCall => ({
  kind,
  version: 'v1',
  begunAt: NOW,
  namespace: 'shop',
  client: 'shop/storefront',
  document: 'd1',
  isAdopted: false,
  ...more,
});

/** Calls of a client `namespace/name`, which declares what no other does. */
export const by = (client: string, more: Partial<HealthCall> = {}): Partial<HealthCall> => ({
  client,
  namespace: client.split('/')[0] ?? '',
  document: client,
  ...more,
});

export const begins = (health: ServerHealth, kind: CallKind, more: Partial<HealthCall> = {}): ServerHealth =>
  callBegins(health, made(kind, more));

/** A call that began just before, or when `more` says. */
export function ends(
  health: ServerHealth,
  kind: CallKind,
  failure: Failure | undefined,
  now: number,
  more: Partial<HealthCall> = {},
  around?: Surroundings,
): ServerHealth {
  const call = made(kind, { begunAt: now, ...more });
  return callEnds(callBegins(health, call), call, failure, now, around);
}

export const gate = (
  health: ServerHealth,
  kind: CallKind,
  version: string,
  now: number,
  intervalMs?: number,
  more: Partial<HealthCall> = {},
  waiting?: Waiting,
): Gate => gateOf(health, made(kind, { version, ...more }), now, intervalMs, waiting);
