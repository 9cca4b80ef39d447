import { EFFECTS, type Effect, FURTHER_EFFECTS } from './effects.ts';
import type { Failpoint, Place } from './failpoints.ts';
import { furtherLoad } from './further-load.ts';
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

/** One replica reaches one failpoint, or its successor another, while there are documents, moves and restarts. */
const further = (signal: Failpoint['signal'], ...places: readonly [Place] | readonly [Place, Place]) => {
  const [first, second] = places;
  return {
    name: places.join(', then '),
    load: furtherLoad,
    leader: at(first, signal, 1),
    ...(second === undefined ? {} : { successor: at(second, signal, 1) }),
  };
};

/** The effects of clients at which something else follows here. */
const SHARED: readonly Effect[] = [
  'register-call',
  'record-create',
  'workload-secret-replace',
  'status-put',
  'update-call',
  'delete-call',
  'record-mark',
  'record-delete',
  'finalizer-remove',
];

const FOLLOWING: readonly (readonly [Place, Place])[] = [
  ['document-create:after', 'record-create:before'],
  ['document-replace:before', 'document-replace:after'],
  ['document-replace:after', 'record-mark:before'],
  ['document-delete:after', 'record-delete:before'],
  ['workload-secret-replace:after', 'workload-restart:before'],
  ['workload-restart:before', 'workload-restart:after'],
  ['workload-restart:after', 'status-put:before'],
  ['register-call:after', 'delete-call:before'],
  ['token-call:after', 'delete-call:after'],
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
  {
    title: 'The leader is killed while documents are served, clients move, and workloads follow (`kill -9`)',
    cases: [
      ...around([...FURTHER_EFFECTS, ...SHARED]).map((place) => further('SIGKILL', place)),
      ...FOLLOWING.map((places) => further('SIGKILL', ...places)),
    ],
  },
  {
    title: 'The leader is stopped at the same work (SIGTERM)',
    cases: around(FURTHER_EFFECTS).map((place) => further('SIGTERM', place)),
  },
  {
    title: 'The leader is frozen at the same work until another leads (SIGSTOP, SIGCONT)',
    cases: (
      [
        'document-create:before',
        'document-replace:before',
        'document-delete:before',
        'workload-restart:before',
        'token-call:after',
        'delete-call:before',
      ] as const
    ).map((place) => further('SIGSTOP', place)),
  },
];
