import { EFFECTS, type Effect } from './effects.ts';
import type { Failpoint, Place } from './failpoints.ts';
import type { KillCase } from './kill-world.ts';

/** The kill matrix: which replica is killed at which place. */

export interface KillGroup {
  readonly title: string;
  readonly cases: readonly (KillCase & { readonly name: string })[];
}

/** Only a process that takes over from an ended one reaches these. */
const BY_SUCCESSORS: readonly Effect[] = ['lead-write', 'orphan-list'];

/** These are reached once per server object. */
const BY_SERVERS: readonly Effect[] = ['server-record-write'];

/** In the order of a client's life. */
const around = (effects: readonly Effect[]): readonly Place[] =>
  effects.flatMap((effect): Place[] => [`${effect}:before`, `${effect}:after`]);

const PLACES = around(EFFECTS.filter((effect) => ![...BY_SUCCESSORS, ...BY_SERVERS].includes(effect)));
const ALL = around(EFFECTS.filter((effect) => !BY_SUCCESSORS.includes(effect)));

/** The second time, if the place is reached again: then others of its kind are under way. */
const at = (
  place: Place,
  signal: Failpoint['signal'],
  nth = /^(ledger-tidy|server-record)/.test(place) ? 1 : 2,
): Failpoint => ({ place, nth, signal });

/** One replica reaches one failpoint. */
export const single = (place: Place, signal: Failpoint['signal']) => ({
  name: place,
  leader: at(place, signal),
});

const pair = (first: Place, second: Place) => ({
  name: `${first}, then ${second}`,
  leader: at(first, 'SIGKILL'),
  successor: at(second, 'SIGKILL', 1),
});

const neighbours = PLACES.flatMap((place, index) => {
  const next = PLACES[index + 1];
  return next === undefined ? [] : pair(place, next);
});

const takingOver = (['register-call:after', 'update-call:after'] as const).flatMap((place) => [
  pair(place, 'lead-write:before'),
  pair(place, 'lead-write:after'),
]);

const reporting = [
  pair('register-call:after', 'orphan-list:before'),
  pair('register-call:after', 'orphan-list:after'),
];

const STOPPED: readonly Place[] = [
  'ledger-write:after',
  'register-call:before',
  'register-call:after',
  'record-create:before',
  'workload-secret-create:before',
  'status-put:before',
  'update-call:before',
  'update-call:after',
  'record-update:before',
  'delete-call:before',
  'finalizer-remove:before',
  'record-delete:before',
];

/** A process that is killed there leaves an answer in its journal. */
export const JOURNALED: readonly Place[] = [
  'journal-registration:after',
  'record-create:before',
  'record-create:after',
  'journal-settle:before',
  'journal-update:after',
  'record-update:before',
  'record-update:after',
];

export const KILL_GROUPS: readonly KillGroup[] = [
  {
    title: 'The leader is killed (`kill -9`)',
    cases: ALL.map((place) => single(place, 'SIGKILL')),
  },
  {
    title: 'The leader is killed, and then its successor (`kill -9`)',
    cases: [...neighbours, ...takingOver, ...reporting],
  },
  {
    title: 'The leader is stopped (SIGTERM)',
    cases: ALL.map((place) => single(place, 'SIGTERM')),
  },
  {
    title: 'The leader is frozen until another leads, and then goes on (SIGSTOP, SIGCONT)',
    cases: STOPPED.map((place) => single(place, 'SIGSTOP')),
  },
];
