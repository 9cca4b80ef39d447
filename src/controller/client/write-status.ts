import type { EventReason } from '../../api/events.ts';
import { namespaceOf, RESOURCES } from '../../api/kubernetes.ts';
import type { Idle } from '../../core/action.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { withContact } from '../../core/contact.ts';
import { toClientObject } from '../../core/desired.ts';
import type { Observation, ObservedClient } from '../../core/observation.ts';
import { serverKey, serverNamed } from '../../core/server-key.ts';
import { summarize } from '../../core/summarize.ts';
import { isSameJson } from '../../oauth/json.ts';
import { isRefusal } from '../state/refused-writes.ts';
import { noteIn, tellNotOffered } from './not-offered.ts';
import { DONE, notDone, type StepResult } from './round.ts';
import type { StepContext } from './step-context.ts';
import { subjectOf } from './steps/report.ts';

/**
 * Writes the status that follows from an observation and the reason to be idle, if it differs.
 *
 * @returns `DONE`, or why it is not written
 */
export async function writeStatus(
  o: Observation,
  idle: Idle,
  key: ClientKey,
  context: StepContext,
): Promise<StepResult> {
  const { api, caches, clock, events, log, memory, statusWrites } = context;
  const action = withContact(o, idle);
  const object = o.object;
  const known = caches.clients.get(key);
  if (object === undefined || known === undefined) {
    return DONE;
  }
  const status = summarize(o, object, action, memory.learned(key), memory.secretNote(key));
  if (isSameJson(status, object.status)) {
    memory.statusWritten(key);
    return DONE;
  }
  const { apiVersion, kind, metadata } = known;
  const body = { apiVersion, kind, metadata, status } as unknown as typeof known;
  const written = await statusWrites.write(key, () => api.replace(RESOURCES.oauthClient, body, 'status'));
  if (written === undefined) {
    return DONE;
  }
  if (!written.ok) {
    if (written.status === 0 || written.status >= 500) {
      memory.statusUnanswered(key, clock.now());
    }
    const { reason, message } = written;
    const tell = isRefusal(written) && written.status !== 404 ? log.warn : log.debug;
    tell.call(log, 'status not written', { client: key, status: written.status, reason, message });
    return written.status === 404 ? DONE : { ...notDone('Status is not written', written), isStatus: true };
  }
  memory.statusWritten(key);
  caches.clients.learn(toClientObject(written.object, known));
  countFirstReady(object, status, key, context);
  tellRefusal(o, object, action, events);
  tellRecovery(o, object, status, action, events);
  tellNotOffered(o, key, noteIn(status), { events, memory });
  return DONE;
}

/** Closes the story of a Warning: without it, a person who reads Events alone takes the object for Stalled. */
function tellRecovery(
  o: Observation,
  { status: before }: ObservedClient,
  after: ObservedClient['status'],
  { state, message }: Idle,
  events: StepContext['events'],
): void {
  if (state === 'Ready' && isTrue(before, 'Stalled') && isTrue(after, 'Ready')) {
    events.record({
      reason: 'Recovered',
      action: 'Reconcile',
      message: `Nothing stands in the way any more. ${message}`,
      regarding: subjectOf(o, undefined),
    });
  }
}

const isTrue = ({ conditions }: ObservedClient['status'], wanted: string): boolean =>
  conditions?.some(({ type, status }) => type === wanted && status === 'True') === true;

/** An object that was Ready before names its Secret, or its client where it has no Secret. */
function countFirstReady(
  { status: before, createdAt }: ObservedClient,
  after: ObservedClient['status'],
  key: ClientKey,
  { clock, counters }: StepContext,
): void {
  const { authorizationServerRef: ref } = after;
  if (
    isTrue(after, 'Ready') &&
    before.secretName === undefined &&
    (after.secretName !== undefined || before.clientId === undefined) &&
    ref !== undefined &&
    !Number.isNaN(createdAt)
  ) {
    const server = serverNamed(serverKey(ref, namespaceOf(key)));
    counters.firstReady(server, Math.max(0, clock.now() - createdAt) / 1000);
  }
}

/** Refusals that no step reports, since none was taken. */
const REFUSALS: readonly EventReason[] = [
  'AuthorizationServerNotAvailable',
  'InvalidSpec',
  'PolicyRefused',
  'QuotaExceeded',
  'ReplacementLimitReached',
  'ClientSecretMissing',
  'ReplacementPending',
  'ClientExpired',
];

/** One Event for each refusal: when status begins to say it, and again for another edition of the spec. */
function tellRefusal(
  o: Observation,
  { generation, status }: ObservedClient,
  { reason: found, message }: Idle,
  events: StepContext['events'],
): void {
  const before = status.conditions?.find(({ type }) => type === 'Ready');
  const isTold = before?.reason === found && before.observedGeneration === generation;
  const reason = REFUSALS.find((refusal) => refusal === found);
  if (!isTold && reason !== undefined) {
    const regarding = subjectOf(o, undefined);
    events.record({ reason, action: 'Reconcile', message, regarding });
  }
}
