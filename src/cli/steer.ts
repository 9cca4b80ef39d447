import type { ClusterContext, CommandResult } from './command.ts';
import { conditionOf } from './conditions.ts';
import { confirm } from './confirm.ts';
import { type CommandFailure, commandFailure } from './failure.ts';
import { followObject } from './follow.ts';
import { type Steered, type SteerTarget, steerTarget } from './target.ts';
import { waitMs } from './wait-flags.ts';

/** One thing that a person asks of the operator: a write, and how one sees that it is done. */
interface Steering {
  /** The merge patch (RFC 7386). */
  readonly patchOf: (object: Steered) => object;
  /** Why it is not to be asked of this object, in one sentence. */
  readonly refusalOf?: (object: Steered) => string | undefined;
  /** Asked before the write, where it ends something. */
  readonly questionOf?: (object: Steered) => string;
  /** @param before as it was before the write; `now`: `undefined` where it is gone */
  readonly isDone: (now: Steered | undefined, before: Steered) => boolean;
  /** What to say of the object when it is done. */
  readonly doneText: (now: Steered | undefined, before: Steered) => string;
  /** Whether the exit code says if the object is ready then. */
  readonly endsReady: boolean;
}

/** What to say of an object that is gone. */
export const GONE = 'is gone';

/** A value of an annotation that requests something: no earlier one is the same. */
export const requestValue = (now: number): string => new Date(now).toISOString();

interface Targeted extends Steering {
  readonly target: SteerTarget;
}

/**
 * Reads the operand, asks, writes once, and shows what the operator does until it is done.
 *
 * @param steeringOf for the object that the operand names; a failure where a flag is wrong
 */
export async function steer(
  permitted: 'Clients' | 'Any',
  steeringOf: (target: SteerTarget) => Steering | CommandFailure,
  context: ClusterContext,
): Promise<CommandResult> {
  const target = steerTarget(context.operands[0] ?? '', context.cluster, permitted);
  if ('sentence' in target) {
    return target;
  }
  const steering = steeringOf(target);
  return 'sentence' in steering ? steering : carryOut({ ...steering, target }, context);
}

async function carryOut(steering: Targeted, context: ClusterContext): Promise<CommandResult> {
  const { target, refusalOf, questionOf } = steering;
  const { resource, key } = target;
  const timeoutMs = waitMs(context);
  if (typeof timeoutMs !== 'number') {
    return timeoutMs;
  }
  const found = await context.cluster.api.get<Steered>(resource, key);
  if (!found.ok) {
    return commandFailure(found, { verb: 'get', resource, ...key });
  }
  const before = found.object;
  const refusal = refusalOf?.(before);
  if (refusal !== undefined) {
    return { exit: 'found', sentence: refusal };
  }
  const question = questionOf?.(before);
  const refused =
    (question === undefined ? undefined : await confirm(question, context)) ??
    (await write(steering, before, context));
  return refused ?? (timeoutMs === 0 ? asked(context) : waitFor(steering, before, timeoutMs, context));
}

/** The write fails if somebody changed the object since it was read: the question was about what was read. */
async function write(
  { target, patchOf }: Targeted,
  before: Steered,
  { cluster, terminal }: Pick<ClusterContext, 'cluster' | 'terminal'>,
): Promise<CommandFailure | undefined> {
  const { resource, key } = target;
  if (terminal.signal.aborted) {
    return {
      exit: 'interrupted',
      sentence: `Nothing was done: the command ended before it wrote ${target.text}.`,
    };
  }
  const patch = patchOf(before) as { readonly metadata?: object };
  const { uid, resourceVersion } = before.metadata;
  const precise = { ...patch, metadata: { ...patch.metadata, uid, resourceVersion } };
  const written = await cluster.api.patch(resource, key, precise);
  if (written.ok) {
    return undefined;
  }
  return written.reason === 'Conflict'
    ? {
        exit: 'found',
        sentence: `Nothing was done: somebody else changed ${target.text} at the same time. Run the command again.`,
      }
    : commandFailure(written, { verb: 'patch', resource, ...key });
}

const GOES_ON = 'The operator goes on with it; kubectl oauthclient status shows how far it is.';

function asked({ print }: Pick<ClusterContext, 'print'>): CommandResult {
  print.note(`Asked. ${GOES_ON}`);
  return 'done';
}

async function waitFor(
  { target, isDone, doneText, endsReady }: Targeted,
  before: Steered,
  timeoutMs: number,
  { cluster, print, terminal }: ClusterContext,
): Promise<CommandResult> {
  let shown = stateOf(before);
  let last: Steered | undefined = before;
  const look = (object: Steered | undefined): boolean => {
    last = object;
    const state = stateOf(object);
    if (state !== shown) {
      shown = state;
      print.note(state);
    }
    return isDone(object, before);
  };
  const followed = await followObject<Steered>({ target, timeoutMs, signal: terminal.signal, look }, cluster);
  switch (followed) {
    case 'Done':
      print.line(`${target.text} ${doneText(last, before)}.`);
      return !endsReady || conditionOf(last?.status, 'Ready')?.status === 'True' ? 'done' : 'found';
    case 'Over':
      return { exit: 'found', sentence: `${target.text} is not done in the time of --timeout. ${GOES_ON}` };
    case 'Interrupted':
      print.note(GOES_ON);
      return 'interrupted';
    default:
      return commandFailure(followed, { verb: 'get', resource: target.resource, ...target.key });
  }
}

/** How the object stands, as one line. The other conditions refer to Ready for what they have in common with it. */
function stateOf(object: Steered | undefined): string {
  if (object === undefined) {
    return 'The object is gone.';
  }
  const shown = conditionOf(object.status, 'Ready');
  return shown === undefined ? 'Not yet seen by the operator.' : `${shown.reason}: ${shown.message}`;
}
