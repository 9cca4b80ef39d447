import { rfc3339, storedTime } from '../api/time.ts';
import { currentRecord, surplusRecords } from './current-record.ts';
import type { FormerUsers, Observation } from './observation.ts';
import { overlapEnd, overlapOf, overlapStart, secretEnd } from './overlap.ts';
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
  /** When the new credential was given, in milliseconds since the epoch. */
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

/** The retirement of a client that was replaced; `undefined`: its overlap decides alone, or is not over. */
export function clientRetirement(o: Observation, surplus: RegistrationRecord): Retirement | undefined {
  const since = overlapStart(o, surplus);
  if (!isAsked(o) || since === undefined || overlapOf(o) === 0 || overlapEnd(o, surplus) > o.now) {
    return undefined;
  }
  const end = secretEnd(surplus) ?? Number.POSITIVE_INFINITY;
  const until = Math.min(since + LONGEST_MS, end);
  return o.now < until
    ? { id: surplus.registrationSecret, what: `Client ${surplus.clientId}`, since, until }
    : undefined;
}

/** The retirement of the key before the current one; `undefined`: its overlap decides alone, or is not over. */
export function keyRetirement(o: Observation, record: RegistrationRecord): Retirement | undefined {
  const { keyCreatedAt, keyRetiresAt, registrationSecret, clientId } = record;
  if (!isAsked(o) || keyCreatedAt === undefined || keyRetiresAt === undefined || keyRetiresAt > o.now) {
    return undefined;
  }
  const since = storedTime(keyCreatedAt);
  const until = since + LONGEST_MS;
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
