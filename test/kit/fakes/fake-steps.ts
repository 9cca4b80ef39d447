import type { KubernetesObject, Secret } from '../../../src/api/kubernetes.ts';
import { createCalls } from '../../../src/controller/calls/calls.ts';
import { execute } from '../../../src/controller/client/execute.ts';
import type { Round } from '../../../src/controller/client/round.ts';
import type { EventInput } from '../../../src/controller/durable/events.ts';
import type { LedgerEntry } from '../../../src/controller/durable/ledger-entry.ts';
import type { HttpOutcome } from '../../../src/controller/ports.ts';
import { Memory } from '../../../src/controller/state/client-memory.ts';
import { RefusedWrites } from '../../../src/controller/state/refused-writes.ts';
import { ReusableTokens } from '../../../src/controller/state/reusable-tokens.ts';
import { Slots } from '../../../src/controller/state/slots.ts';
import { StatusWrites } from '../../../src/controller/state/status-writes.ts';
import { clientKey } from '../../../src/core/client-key.ts';
import type { RegistrationContent } from '../../../src/core/content.ts';
import type { Failure } from '../../../src/core/failure.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { HEALTHY, type HealthCall } from '../../../src/core/server-health.ts';
import { INSTALLATION } from '../fixtures/observations.ts';
import { createFakeClock } from './fake-clock.ts';
import { contextOf, createFakeHttp, createFakeJwt, createRandom, UNCOUNTED } from './fake-ports.ts';

export interface StepScene {
  /** What the authorization server answers, in turn. Default: nothing is sent. */
  readonly answers?: readonly HttpOutcome[];
  /** What the registration Secrets hold, by their names. */
  readonly contents?: Readonly<Record<string, RegistrationContent>>;
  /** Whether the API server takes the record at once. Default: true. */
  readonly isRecorded?: boolean;
}

/** One line of the log. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Takes the step that is planned for an observation, between ports in memory: the API server takes every write, and the
 * server's state permits every call.
 */
export async function takeStep(o: Observation, scene: StepScene = {}) {
  const { answers = [], contents = {}, isRecorded = true } = scene;
  const step = plan(o);
  if (step.type === 'Idle') {
    throw new Error(`there is nothing to do: ${step.reason}: ${step.message}`);
  }
  const lines: Line[] = [];
  const events: EventInput[] = [];
  const recorded: Secret[] = [];
  const shown: (Failure | 'Nothing' | undefined)[] = [];
  const entries = new Map<string, LedgerEntry | 'Interrupted'>();
  const log = (level: string) => (message: string, fields: object) =>
    void lines.push({ level, message, fields: { ...fields } });
  const write = async (_: string, secret: Secret) => {
    recorded.push(secret);
    return isRecorded ? { ...secret, metadata: { ...secret.metadata, resourceVersion: '11' } } : undefined;
  };
  const taken = async (_: unknown, { namespace, name }: { namespace?: string; name: string }) => ({
    ok: true as const,
    object: { metadata: { namespace, name, resourceVersion: '12' } } as KubernetesObject,
  });
  const cache = { learn: () => {}, forget: () => {}, find: () => [], get: () => undefined, count: () => 0 };
  const clock = createFakeClock();
  const parts = {
    clock,
    random: createRandom(),
    jwt: createFakeJwt(),
    http: createFakeHttp(...answers),
    lead: { held: () => true },
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    api: { patch: taken, delete: taken, get: async () => ({ ok: false, status: 404 }) } as never,
    caches: { registrations: cache, clients: cache, secrets: cache } as never,
    counters: UNCOUNTED,
    events: { record: (event: EventInput) => void events.push(event) },
    ledger: {
      entry: (attempt: string) => entries.get(attempt),
      begin: async (entry: LedgerEntry) => entries.set(entry.attempt, entry) !== undefined,
      answered: () => {},
      settle: (attempt: string) => entries.delete(attempt),
      interrupt: (attempt: string) => entries.set(attempt, 'Interrupted'),
      callsOf: () => o.calls,
    } as never,
    memory: new Memory(),
    statusWrites: new StatusWrites({ held: () => true }),
    orphans: { report: async () => 'Listed', inUse: () => undefined } as never,
    recorder: { create: write, update: write, room: async () => {}, pendingOf: () => undefined } as never,
    refusedWrites: new RefusedWrites(clock),
    servers: {
      enter: (_: string, asking: HealthCall) => asking,
      leave: (_: string, __: HealthCall, failure: Failure | undefined) => void shown.push(failure),
      abandon: () => void shown.push('Nothing'),
      health: () => HEALTHY,
      isAdmissionRefused: () => false,
      learn: () => {},
      state: () => ({}),
    } as never,
    settings: { operatorNamespace: 'op', installation: INSTALLATION } as never,
    slots: new Slots(),
    tokens: new ReusableTokens(clock),
    wake: () => {},
  };
  const round: Round = {
    key: clientKey(o),
    contents: new Map(Object.entries(contents)),
  };
  const context = contextOf({ ...parts, calls: createCalls(contextOf(parts)) });
  const result = await execute(step, { o, round, context });
  return { step, result, lines, events, recorded, shown, entries, memory: parts.memory };
}
