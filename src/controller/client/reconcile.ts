import { namespaceOf } from '../../api/kubernetes.ts';
import type { Idle } from '../../core/action.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { earliest } from '../../core/earliest.ts';
import { isCopied } from '../../core/managing-installation.ts';
import { withMoveVerdict } from '../../core/migration.ts';
import type { Observation } from '../../core/observation.ts';
import { plan } from '../../core/plan.ts';
import { renewalOverdueAt } from '../../core/renewal-overdue.ts';
import { type ServerKey, serverKey } from '../../core/server-key.ts';
import { asSentence } from '../../oauth/text.ts';
import { serverObjectOf } from '../state/server-objects.ts';
import { readBroughtSecrets } from './brought-secrets.ts';
import { execute } from './execute.ts';
import { observe, serverRefOf } from './observe.ts';
import { reportMove } from './report-move.ts';
import { DONE, later, type Round, type Unfinished } from './round.ts';
import type { StepContext } from './step-context.ts';
import { takeUpClient } from './take-up.ts';
import { tellUnfinished } from './unfinished.ts';
import { writeStatus } from './write-status.ts';

/** The end of a round: when to requeue, in milliseconds since the epoch or from now. */
type RoundEnd = { readonly kind: 'rested'; readonly until: number | undefined } | Unfinished;

/** Retry delay after a referenced Secret could not be read. */
const READ_AGAIN_MS = 15_000;

/** A client that is queued for longer says so in status. */
const TELL_QUEUED_MS = 30_000;

/** More steps than any path through `plan` takes: a guard against an endless loop. */
const MAX_STEPS = 30;

/**
 * One round for one OAuthClient: observe, plan, execute one step, and repeat until nothing is left to do; then write
 * status once.
 */
export async function reconcileClient(key: ClientKey, context: StepContext): Promise<RoundEnd> {
  const end = await oneRound(key, context);
  if (end.kind === 'later') {
    await tellUnfinished(key, end, context);
  }
  return end;
}

async function oneRound(key: ClientKey, context: StepContext): Promise<RoundEnd> {
  if (!isServerKnown(key, context)) {
    const tellsAt = tellQueuedAt(key, context);
    if (context.clock.now() < tellsAt) {
      return { kind: 'rested', until: tellsAt };
    }
  }
  await takeUpClient(key, context);
  await readBroughtSecrets(key, context);
  const round: Round = { key, contents: new Map() };
  let last = '';
  for (let steps = 0; steps < MAX_STEPS; steps += 1) {
    const observation = observe(key, context);
    const action = plan(observation);
    if (action.type === 'Idle') {
      return endRound(withMoveVerdict(observation), action, round, context);
    }
    const { type: step, finding, message } = action;
    context.log.debug('step', { client: key, step, finding, message });
    const result = await execute(action, { o: observation, round, context });
    if (result.kind === 'later') {
      return result;
    }
    last = asSentence(message);
  }
  return later(
    `The operator took ${MAX_STEPS} steps and came to no end; the last one: ${last}`,
    'RoundFailed',
  );
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
  reportMove(o, action, context);
  const overdue = renewalOverdueAt(o);
  context.memory.renewalOverdue(round.key, overdue && serverKey(overdue, o.namespace));
  if (action.state === 'Gone' && action.until === undefined) {
    context.memory.forget(round.key);
  }
  // Two installations that both wrote status would overwrite each other forever.
  // A client that is queued for a moment would write what the CRD's default already says, and slow others down.
  const tellsAt = action.reason === 'Queued' ? tellQueuedAt(round.key, context) : undefined;
  const isQueued = tellsAt !== undefined && context.clock.now() < tellsAt;
  const isSilent = (action.reason === 'ManagedElsewhere' && !isCopied(o)) || isQueued;
  const isTold = action.reason === 'NamespaceShareReached' && o.object?.isTold === true;
  const isOurs = o.object !== undefined && action.state !== 'Gone' && !isSilent && !isTold;
  const written = isOurs ? await writeStatus(o, action, round.key, context) : DONE;
  if (written.kind === 'later') {
    return written;
  }
  if (tellsAt === undefined) {
    context.memory.waitOver(round.key);
  }
  const known = context.memory.statusKnownAt(round.key, context.clock.now());
  const isIncomplete = context.credentials.isIncomplete({ kind: 'Client', key: round.key });
  const readAgain = isIncomplete ? context.clock.now() + READ_AGAIN_MS : undefined;
  const tellAgain = isQueued ? tellsAt : undefined;
  return { kind: 'rested', until: earliest(action.until, known, readAgain, tellAgain) };
}

/** When status says that the client is queued, in milliseconds since the epoch. */
function tellQueuedAt(key: ClientKey, { clock, memory }: StepContext): number {
  return memory.waitsFor(key, 'Queued', clock.now()).since + TELL_QUEUED_MS;
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
  if (o.migration?.state === 'Waiting') {
    awaited.set(serverKey(o.migration.to, o.namespace), false);
  }
  return awaited;
}
