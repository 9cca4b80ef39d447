import { ISSUER } from './authorization-server.ts';
import type { Conditions, Crash } from './conditions.ts';
import { OTHER_ISSUER } from './other-server.ts';
import { seeded } from './scheduler.ts';
import { ALL_SERVERS } from './servers.ts';
import { type Deed, deeds } from './users.ts';

const NAMES = ['storefront', 'basket', 'search'];
const TEXTS = ['One', 'Two', 'Three'];

/** The seed decides everything about the life. */
export function randomLife(seed: number): {
  readonly conditions: Conditions;
  readonly script: readonly Deed[];
} {
  const random = seeded(seed ^ 0x5eed);
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const pick = <T>(list: readonly T[]): T => list[upTo(list.length - 1)] as T;
  const clients = NAMES.slice(0, 1 + upTo(2));
  const most = 30 * clients.length;
  const clockJumps = clockJumpsOf(seed, most);
  const crash = (): Crash => ({
    at: 1 + upTo(most),
    when: pick(['before', 'after']),
    journal: pick(['kept', 'lost']),
  });
  const life = {
    conditions: {
      seed,
      ...pick(ALL_SERVERS),
      weather: {
        latencyMs: pick([0, 20, 2_000]),
        apiFaults: pick([0, 0, 0.05, 0.2]),
        serverFaults: pick([0, 0.1, 0.3]),
        lateMs: pick([1_000, 60_000]),
        lagMs: pick([0, 100, 30_000]),
        relists: pick([0, 0.1]),
      },
      crashes: Array.from({ length: upTo(3) }, crash),
      throws: throwsOf(seed, most),
      leadChanges: Array.from({ length: upTo(2) }, () => 1 + upTo(most)),
      strictLease: random() < 0.5,
      clockJumps,
    },
    script: randomScript(clients, random, {
      ...(clockJumps.length > 0 ? LIFETIME : {}),
      follows: seeded(seed ^ 0xf0110)() < 0.25,
      ...retirementOf(seed),
    }),
  };
  return isWithoutSecrets(seed) ? { ...life, conditions: withoutSecrets(life.conditions) } : life;
}

/** Every sixteenth life. */
const isWithoutSecrets = (seed: number): boolean => seeded(seed ^ 0x5ec2)() < 1 / 16;

/** Nothing else fails, so that each object must say what it waits for. */
const withoutSecrets = (conditions: Conditions): Conditions => ({
  ...conditions,
  weather: { ...conditions.weather, apiFaults: 0, serverFaults: 0 },
  crashes: [],
  throws: [],
  leadChanges: [],
  clockJumps: [],
  withoutSecretsMs: 240_000,
});

/** In every fourth life, former clients end when no Pod uses them any more. */
const retirementOf = (seed: number) =>
  seeded(seed ^ 0x9e7172)() < 0.25 ? ({ retire: 'WhenUnused' } as const) : {};

/** Longer than any life. */
const LIFETIME = { lifetime: { expiresAfter: '48h', onExpiry: 'DeleteObject' } };

/** Only in every fourth life. The machine may be wrong by days before it asks for the time. */
function clockJumpsOf(seed: number, most: number): Conditions['clockJumps'] {
  const random = seeded(seed ^ 0xc10c);
  const count = random() < 0.25 ? 1 + Math.floor(random() * 4) : 0;
  return Array.from({ length: count }, () => ({
    at: 1 + Math.floor(random() * most),
    aheadMs: Math.floor((random() - 0.5) * 20) * 24 * 3_600_000,
  }));
}

/** Only in every fourth life. */
function throwsOf(seed: number, most: number): readonly number[] {
  const random = seeded(seed ^ 0x7420);
  const count = random() < 0.25 ? 1 + Math.floor(random() * 4) : 0;
  return Array.from({ length: count }, () => 1 + Math.floor(random() * most));
}

function randomScript(
  clients: readonly string[],
  random: () => number,
  more: { readonly follows: boolean; readonly retire?: 'WhenUnused' },
): readonly Deed[] {
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const pick = <T>(list: readonly T[]): T => list[upTo(list.length - 1)] as T;
  const script: Deed[] = clients.map((name) => ({
    name: `create ${name}`,
    afterMs: upTo(2_000),
    act: deeds.create(name, 'One', more),
  }));
  const isWandering = random() < 0.5;
  for (let left = 2 + upTo(4 * clients.length); left > 0; left -= 1) {
    const name = pick(clients);
    const due = random() < 0.4 ? { whenReady: name } : { afterMs: pick([0, 5, 100, 3_000, 60_000]) };
    const value = String(left);
    const wanderings: readonly (readonly [string, Deed['act']])[] = isWandering
      ? [
          ['refer to the other server', deeds.refer(name, 'other')],
          ['refer to none', deeds.refer(name, undefined)],
          ['refer to the first server', deeds.refer(name, 'corporate')],
          ['move the clients of the first server, not only of', deeds.migrate('other')],
          ['take that back, not only for', deeds.migrate(undefined)],
          ['suspend that, not only for', deeds.migrate('other', true)],
          ['replace the server object', deeds.replaceServer('corporate', pick([ISSUER, OTHER_ISSUER]))],
        ]
      : [];
    const [verb, act] = pick<readonly [string, Deed['act']]>([
      ['edit', deeds.edit(name, pick(TEXTS))],
      ['edit', deeds.edit(name, pick(TEXTS))],
      ['rotate', deeds.rotate(name, value)],
      ['reconcile', deeds.reconcile(name, value)],
      ['remove', deeds.remove(name)],
      ['create again', deeds.create(name, pick(TEXTS), more)],
      ['force', deeds.force(name)],
      ['remove Secret', deeds.removeSecret(name)],
      ['edit Secret', deeds.editSecret(name)],
      ...wanderings,
      ...(more.retire === undefined ? [] : pods(name)),
    ]);
    script.push({ name: `${verb} ${name}`, ...due, act });
  }
  return [
    ...script,
    ...(isWandering ? home(clients) : []),
    ...(more.retire === undefined ? [] : lastPods(clients)),
  ];
}

const pods = (name: string): readonly (readonly [string, Deed['act']])[] => [
  ['start a Pod of', deeds.startPod(name)],
  ['start a Pod of', deeds.startPod(name)],
  ['stop the Pods of', deeds.stopPods(name)],
];

const lastPods = (clients: readonly string[]): readonly Deed[] =>
  clients.map((name) => ({ name: `stop the Pods of ${name}`, afterMs: 60_000, act: deeds.stopPods(name) }));

/** At the end all clients are at the first server, so that the final checks can read them. */
const home = (clients: readonly string[]): readonly Deed[] => [
  {
    name: 'the first server is back under its name',
    afterMs: 1_000,
    act: deeds.replaceServer('corporate', ISSUER),
  },
  ...clients.map((name) => ({
    name: `refer ${name} to it`,
    afterMs: 1_000,
    act: deeds.refer(name, 'corporate'),
  })),
];
