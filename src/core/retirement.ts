import { rfc3339, storedTime } from '../api/time.ts';
import { currentRecord, surplusRecords } from './current-record.ts';
import { newCredential, usableSince } from './given-credential.ts';
import type { FormerUsers, Observation } from './observation.ts';
import { overlapEnd, overlapFor, overlapStart, secretEnd } from './overlap.ts';
import type { RegistrationRecord } from './record.ts';

/**
 * `replacement.retire: WhenUnused`: after its overlap, a former client or key ends only when no Pod that uses the Secret has
 * been running since before the new credential.
 */

/** A former client, or a former key, whose overlap is over. */
export interface Retirement {
  /** Names it among those of the object. */
  readonly id: string;
  /** What it is, for people. */
  readonly what: string;
  /** Pods that started before have what is former, in milliseconds since the epoch. */
  readonly since: number;
  /** When it ends whoever uses it, in milliseconds since the epoch. */
  readonly until: number;
}

/** From the new credential on. */
const LONGEST_MS = 720 * 3_600_000;
/** How long an answer about Pods counts: while some use what is former, and while none does. */
const AGAIN_MS = 300_000;
const FRESH_MS = 60_000;

const isAsked = ({ object }: Observation): boolean =>
  object?.desired.valid === true && object.desired.spec.replacement.retire === 'WhenUnused';

/**
 * The retirement of a client that was replaced; `undefined`: its overlap decides alone, or is not over, or the Secret still shows
 * that client.
 */
export function clientRetirement(o: Observation, surplus: RegistrationRecord): Retirement | undefined {
  const turn = overlapStart(o, surplus);
  const isOver = overlapEnd(o, surplus) <= o.now;
  if (!isAsked(o) || turn === undefined || !isOver || overlapFor(o, surplus) === 0) {
    return undefined;
  }
  const end = secretEnd(surplus) ?? Number.POSITIVE_INFINITY;
  const until = Math.min(turn + LONGEST_MS, end);
  return o.now < until && secretsShowing(o, surplus).length === 0
    ? {
        id: surplus.registrationSecret,
        what: `Client ${surplus.clientId}`,
        since: startedSince(o, currentRecord(o), turn),
        until,
      }
    : undefined;
}

/** The Secrets of the object that show a client. */
export const secretsShowing = (
  { secrets, object }: Observation,
  { registrationSecret }: RegistrationRecord,
): Observation['secrets'] =>
  secrets.filter(({ ownerUid, shows }) => ownerUid === object?.uid && shows === registrationSecret);

/** Pods have the present credential if they started since the Secret shows it, which is later than the turn. */
function startedSince(o: Observation, current: RegistrationRecord | undefined, turn: number): number {
  const credential = current && newCredential(o, current);
  return current === undefined || credential === undefined
    ? turn
    : Math.max(turn, usableSince(o, current, credential));
}

/** The retirement of the key before the current one; `undefined`: its overlap decides alone, or is not over. */
export function keyRetirement(o: Observation, record: RegistrationRecord): Retirement | undefined {
  const { keyCreatedAt, keyRetiresAt, registrationSecret, clientId } = record;
  if (!isAsked(o) || keyCreatedAt === undefined || keyRetiresAt === undefined || keyRetiresAt > o.now) {
    return undefined;
  }
  const turn = storedTime(keyCreatedAt);
  const until = turn + LONGEST_MS;
  const since = startedSince(o, record, turn);
  const what = `The former key of client ${clientId}`;
  return o.now < until ? { id: `${registrationSecret} ${keyCreatedAt}`, what, since, until } : undefined;
}

const retirements = (o: Observation): readonly Retirement[] => {
  const current = currentRecord(o);
  return [
    ...surplusRecords(o, current).map((surplus) => clientRetirement(o, surplus)),
    ...(current === undefined ? [] : [keyRetirement(o, current)]),
  ].filter((retirement) => retirement !== undefined);
};

const usersOf = (o: Observation, { id }: Retirement): FormerUsers | undefined =>
  o.users?.find((users) => users.of === id);

/** A person who asks for a retry is answered by a new list. */
const isFresh = (o: Observation, { pods, at, request }: FormerUsers): boolean =>
  o.now - at < (pods.length === 0 ? FRESH_MS : AGAIN_MS) && request === o.object?.reconcileRequestedAt;

/** A retirement for which Pods are to be listed now; `undefined`: none. */
export const retirementToCheck = (o: Observation): Retirement | undefined =>
  retirements(o).find((retirement) => {
    const users = usersOf(o, retirement);
    return users === undefined || !isFresh(o, users);
  });

/** Whether it must not end yet: some Pod uses what is former, or it isn't known that none does. */
export function isHeldByUsers(o: Observation, retirement: Retirement | undefined): boolean {
  const users = retirement && usersOf(o, retirement);
  return retirement !== undefined && (users === undefined || !isFresh(o, users) || users.pods.length > 0);
}

/** When Pods are listed again, in milliseconds since the epoch. */
export const usersCheckedAgain = (o: Observation): readonly number[] =>
  retirements(o).flatMap((retirement) => {
    const users = usersOf(o, retirement);
    return users === undefined ? [] : [Math.min(users.at + AGAIN_MS, retirement.until)];
  });

/**
 * For people: a former client is past its overlap, and the Secret still shows it, so that it can't end; begins with a space where
 * there is something to say.
 */
export function shownNotice(o: Observation): string {
  return surplusRecords(o, currentRecord(o))
    .filter((surplus) => surplus.role === 'current' && overlapEnd(o, surplus) > 0)
    .filter((surplus) => overlapEnd(o, surplus) <= o.now)
    .flatMap((surplus) =>
      secretsShowing(o, surplus).map(
        ({ name }) =>
          ` Client ${surplus.clientId} is past its overlap, and stays registered until Secret ${name} no longer shows it.`,
      ),
    )
    .join('');
}

const SHOWN = 3;

/** For people: what is kept for which Pods; begins with a space where there is something to say. */
export function retirementNotice(o: Observation): string {
  return retirements(o)
    .map((retirement) => ({ ...retirement, pods: usersOf(o, retirement)?.pods ?? [] }))
    .filter(({ pods }) => pods.length > 0)
    .map(({ what, pods, until }) => {
      const more = pods.length > SHOWN ? ` and ${pods.length - SHOWN} more` : '';
      const named = `${pods.slice(0, SHOWN).join(', ')}${more}`;
      return ` ${what} is kept while Pods that started before the new credential run: ${named}. Restart them; it ends at ${rfc3339(until)} at the latest.`;
    })
    .join('');
}
