import type { EventReason } from '../../api/events.ts';
import { namespaceOf, RESOURCES } from '../../api/kubernetes.ts';
import type { Idle } from '../../core/action.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { withContact } from '../../core/contact.ts';
import { toClientObject } from '../../core/desired.ts';
import { earliest } from '../../core/earliest.ts';
import { isCopied } from '../../core/managing-installation.ts';
import type { Observation, ObservedClient } from '../../core/observation.ts';
import { plan } from '../../core/plan.ts';
import { type ServerKey, serverKey } from '../../core/server-key.ts';
import { summarize } from '../../core/summarize.ts';
import { isSameJson } from '../../oauth/json.ts';
import { isRefusal } from '../state/refused-writes.ts';
import { serverObjectOf } from '../state/server-objects.ts';
import { readBroughtSecrets } from './brought-secrets.ts';
import { execute } from './execute.ts';
import { observe, serverRefOf } from './observe.ts';
import type { Round } from './round.ts';
import type { StepContext } from './step-context.ts';
import { subjectOf } from './steps/report.ts';
import { takeUpClient } from './take-up.ts';

/** The end of a round: when to requeue, in milliseconds since the epoch or from now. */
type RoundEnd =
  | { readonly kind: 'rested'; readonly until: number | undefined }
  | { readonly kind: 'later'; readonly why: string };

/** Retry delay after a referenced Secret could not be read. */
const READ_AGAIN_MS = 15_000;

/** More steps than any path through `plan` takes: a guard against an endless loop. */
const MAX_STEPS = 30;

/**
 * One round for one OAuthClient: observe, plan, execute one step, and repeat until nothing is left to do; then write
 * status once.
 */
export async function reconcileClient(key: ClientKey, context: StepContext): Promise<RoundEnd> {
  if (!isServerKnown(key, context)) {
    return { kind: 'rested', until: undefined };
  }
  await takeUpClient(key, context);
  await readBroughtSecrets(key, context);
  const round: Round = { key, contents: new Map() };
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const observation = observe(key, context);
    const action = plan(observation);
    if (action.type === 'Idle') {
      return endRound(observation, action, round, context);
    }
    const { type: step, finding, message } = action;
    context.log.debug('step', { client: key, step, finding, message });
    const result = await execute(action, { o: observation, round, context });
    if (result.kind === 'later') {
      return result;
    }
  }
  return { kind: 'later', why: `not idle after ${MAX_STEPS} steps` };
}

/** After a start, servers are reconciled first; that wakes the clients that wait for them. */
function isServerKnown(key: ClientKey, context: StepContext): boolean {
  const ref = serverRefOf(key, context);
  const namespace = namespaceOf(key);
  if (ref === undefined) {
    return true;
  }
  const name = serverKey(ref, namespace);
  const { caches, servers } = context;
  if (serverObjectOf(name, caches) === undefined || servers.state(name) !== undefined) {
    return true;
  }
  servers.waits(key, new Map([[name, false]]));
  return false;
}

async function endRound(o: Observation, action: Idle, round: Round, context: StepContext): Promise<RoundEnd> {
  context.servers.waits(round.key, serversAwaited(o, action, round.key, context));
  if (action.state === 'Gone' && action.until === undefined) {
    context.memory.forget(round.key);
  }
  // Two installations that both wrote status would overwrite each other forever.
  // A queued client would write what the CRD's default already says: the write would only slow others down.
  const isSilent = (action.reason === 'ManagedElsewhere' && !isCopied(o)) || action.reason === 'Queued';
  const isTold = action.reason === 'NamespaceShareReached' && o.object?.isTold === true;
  const isOurs = o.object !== undefined && action.state !== 'Gone' && !isSilent && !isTold;
  const written = !isOurs || (await writeStatus(o, action, round, context));
  const known = context.memory.statusKnownAt(round.key, context.clock.now());
  const isIncomplete = context.credentials.isIncomplete({ kind: 'Client', key: round.key });
  const readAgain = isIncomplete ? context.clock.now() + READ_AGAIN_MS : undefined;
  return written
    ? { kind: 'rested', until: earliest(action.until, known, readAgain) }
    : { kind: 'later', why: 'status not written' };
}

/** The servers for which the client waits; the value: whether it would call at once if permitted. */
function serversAwaited(
  o: Observation,
  { state, awaitsServer = false }: Idle,
  key: ClientKey,
  context: StepContext,
): ReadonlyMap<ServerKey, boolean> {
  const awaited = new Map<ServerKey, boolean>();
  for (const { server, client } of state === 'Ready' ? [] : o.records) {
    awaited.set(serverKey(server, client.namespace), awaitsServer);
  }
  const ref = serverRefOf(key, context);
  if (ref !== undefined && (state === 'Waiting' || state === 'Stalled')) {
    awaited.set(serverKey(ref, o.namespace), awaitsServer);
  }
  return awaited;
}

async function writeStatus(
  o: Observation,
  idle: Idle,
  round: Round,
  { api, caches, clock, events, log, memory, statusWrites }: StepContext,
): Promise<boolean> {
  const action = withContact(o, idle);
  const object = o.object;
  const { key } = round;
  const known = caches.clients.get(key);
  if (object === undefined || known === undefined) {
    return true;
  }
  const status = summarize(o, object, action, memory.learned(key), memory.secretNote(key));
  if (isSameJson(status, object.status)) {
    memory.statusWritten(key);
    return true;
  }
  const { apiVersion, kind, metadata } = known;
  const body = { apiVersion, kind, metadata, status } as unknown as typeof known;
  const written = await statusWrites.write(key, () => api.replace(RESOURCES.oauthClient, body, 'status'));
  if (written === undefined) {
    return true;
  }
  if (!written.ok) {
    if (written.status === 0 || written.status >= 500) {
      memory.statusUnanswered(key, clock.now());
    }
    const { reason, message } = written;
    const tell = isRefusal(written) && written.status !== 404 ? log.warn : log.debug;
    tell.call(log, 'status not written', { client: key, status: written.status, reason, message });
    return written.status === 404;
  }
  memory.statusWritten(key);
  caches.clients.learn(toClientObject(written.object, known));
  tellRefusal(o, object, action, events);
  return true;
}

/** Refusals that no step reports, since none was taken. */
const REFUSALS: readonly EventReason[] = [
  'AuthorizationServerNotAvailable',
  'InvalidSpec',
  'PolicyRefused',
  'QuotaExceeded',
  'ReplacementLimitReached',
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
