import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { conditionOf, isReady, machineClient, type SeenObject } from './objects.ts';
import type { Target, Tenant } from './target.ts';

/**
 * A tenant of another namespace with clients at the cluster server `corporate`. It creates, edits, rotates and
 * deletes: first undisturbed, then during an attack, then after it. Each action is timed until its effect is visible.
 */
export interface Bystander {
  readonly tenant: Tenant;
  /** Acts until the attack resolves, and at least once in each way. Returns the attack's result. */
  during<T>(attack: () => Promise<T>): Promise<T>;
  /**
   * Acts once more. Fails unless each action since {@link startBystander} took at most 5 s or twice the longest
   * undisturbed one, no client is lost, and the operator never died.
   */
  judge(): Promise<void>;
}

export type Action = 'create' | 'edit' | 'rotate' | 'delete';
type Phase = 'undisturbed' | 'during' | 'after';

interface Timing {
  readonly phase: Phase;
  readonly action: Action;
  readonly ms: number;
  /** The last state, if the effect didn't appear. */
  readonly missing?: string;
}

const BOUND_MS = 5_000;
/** Longest wait for an effect. */
const GIVE_UP_MS = 15_000;
const POLL_MS = 25;
const PAUSE_MS = 150;
/** Rounds before and after. */
const ROUNDS = 3;
/** Fewer than the registrations and updates of one client that follow each other at once. */
const ACTIONS_PER_CLIENT = 8;
const ROTATE = 'oauth-registrar.dev/rotate-requested-at';

export async function startBystander(target: Target): Promise<Bystander> {
  const tenant = await target.tenant('edit');
  const prefix = `bystander of ${tenant.namespace}`;
  const timings: Timing[] = [];
  const count = { created: 0, edited: 0, rotated: 0 };
  let phase: Phase = 'undisturbed';

  const client = (name: string) =>
    machineClient(name, {
      client: { clientName: `${prefix}: ${name}` },
      replacement: { onEdit: 'Automatic', overlap: '0s' },
    });
  /** After so many actions of a kind on one client, calls for it are paced: another one follows. */
  const inTurn = async (verb: 'edited' | 'rotated'): Promise<string> => {
    const name = `${verb}-${Math.floor(count[verb] / ACTIONS_PER_CLIENT)}`;
    if (count[verb] % ACTIONS_PER_CLIENT === 0) {
      await tenant.ready(client(name));
    }
    count[verb] += 1;
    return name;
  };

  /** Does something, and waits for its effect. */
  const time = async (
    action: Action,
    name: string,
    act: () => Promise<unknown>,
    effect: () => Promise<boolean>,
  ) => {
    const begun = { phase, at: performance.now() };
    await act();
    while (!(await effect())) {
      if (performance.now() - begun.at > GIVE_UP_MS) {
        const missing = describe(await tenant.get('OAuthClient', name));
        timings.push({ phase: begun.phase, action, ms: Number.POSITIVE_INFINITY, missing });
        return;
      }
      await sleep(POLL_MS);
    }
    timings.push({ phase: begun.phase, action, ms: performance.now() - begun.at });
  };
  const clientIdIn = async (secret: string) => {
    const data = (await tenant.get('Secret', secret))?.['data'] as
      | Readonly<Record<string, string>>
      | undefined;
    return data?.['client_id'];
  };

  const createAndDelete = async () => {
    count.created += 1;
    const name = `life-${count.created}`;
    const ids: string[] = [];
    const isRegistered = async () => {
      const seen = await tenant.get('OAuthClient', name);
      if (isReady(seen)) {
        ids.push(seen?.['status'].clientId as string);
      }
      return ids.length > 0;
    };
    await time('create', name, () => tenant.createOrFail(client(name)), isRegistered);
    const isGone = async () =>
      (await tenant.get('OAuthClient', name)) === undefined &&
      !ids.some((id) => target.corporate.clients.has(id));
    await time('delete', name, () => tenant.remove('OAuthClient', name), isGone);
  };
  const edit = async () => {
    const name = await inTurn('edited');
    const clientName = `${prefix}: edit ${count.edited}`;
    const isSent = async () =>
      [...target.corporate.clients.values()].some((known) => known['client_name'] === clientName);
    await time(
      'edit',
      name,
      () => tenant.patchOrFail('OAuthClient', name, { spec: { client: { clientName } } }),
      isSent,
    );
  };
  const rotate = async () => {
    const name = await inTurn('rotated');
    const before = await clientIdIn(name);
    const annotations = { [ROTATE]: `${count.rotated}` };
    const isNew = async () => {
      const now = await clientIdIn(name);
      return now !== undefined && now !== before;
    };
    await time(
      'rotate',
      name,
      () => tenant.patchOrFail('OAuthClient', name, { metadata: { annotations } }),
      isNew,
    );
  };
  const ways = [createAndDelete, edit, rotate];
  /** Ends early if an effect doesn't appear. */
  const act = async (rounds: number) => {
    const begun = timings.length;
    for (let round = 0; round < rounds; round++) {
      await Promise.all(ways.map((way) => way()));
      if (timings.slice(begun).some(({ missing }) => missing !== undefined)) {
        return;
      }
    }
  };

  await act(ROUNDS);
  return {
    tenant,
    async during(attack) {
      phase = 'during';
      const attacking = { done: false };
      const loops = ways.map(async (way) => {
        do {
          await way();
          await sleep(PAUSE_MS);
        } while (!attacking.done);
      });
      try {
        return await attack();
      } finally {
        attacking.done = true;
        await Promise.all(loops);
      }
    },
    async judge() {
      phase = 'after';
      await act(ROUNDS);
      const lost = await lostClients(target, tenant, prefix);
      const table = tableOf(timings);
      console.log(`${table}\noperator: at most ${target.pod.peakMiB()} MiB`);
      expect.soft(target.pod.deaths, 'the operator died').toEqual([]);
      expect.soft(lost, 'clients at the server that no object of the bystander names').toEqual([]);
      expect
        .soft(tooLate(timings), `later than 5 s and than twice the undisturbed time\n${table}`)
        .toEqual([]);
    },
  };
}

const describe = (seen: SeenObject | undefined): string => {
  const ready = conditionOf(seen, 'Ready');
  if (seen === undefined) {
    return 'no object';
  }
  return `${seen['metadata'].deletionTimestamp ? 'being deleted, ' : ''}${ready?.['reason']}: ${ready?.['message']}`;
};

const longest = (timings: readonly Timing[], phase: Phase, action: Action): number =>
  Math.max(...timings.filter((one) => one.phase === phase && one.action === action).map(({ ms }) => ms));

function tooLate(timings: readonly Timing[]): readonly string[] {
  return timings
    .filter(({ phase, action, ms }) => {
      if (phase === 'undisturbed') {
        return ms > BOUND_MS;
      }
      return ms > Math.max(BOUND_MS, 2 * longest(timings, 'undisturbed', action));
    })
    .map(({ phase, action, ms, missing }) => `${phase} ${action}: ${missing ?? `${Math.round(ms)} ms`}`);
}

/** `create: 0.2 s undisturbed, 0.4 s during (12), 0.2 s after`: the longest of each. */
function tableOf(timings: readonly Timing[]): string {
  const lines = (['create', 'edit', 'rotate', 'delete'] as const).map((action) => {
    const cells = (['undisturbed', 'during', 'after'] as const).map((phase) => {
      const of = timings.filter((one) => one.phase === phase && one.action === action);
      const most = longest(timings, phase, action);
      return `${of.length === 0 ? '-' : (most / 1_000).toFixed(1)} s ${phase} (${of.length})`;
    });
    return `${action}: ${cells.join(', ')}`;
  });
  return lines.join('\n');
}

/** Clients of this tenant at the server without an object, after the present work has ended. */
async function lostClients(target: Target, tenant: Tenant, prefix: string): Promise<readonly string[]> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (;;) {
    const objects = await tenant.list('OAuthClient');
    const named = new Set(objects.map((object) => object['status']?.clientId as string | undefined));
    const lost = [...target.corporate.clients.entries()]
      .filter(([id, { client_name: name }]) => String(name).startsWith(prefix) && !named.has(id))
      .map(([id, { client_name: name }]) => `${id} (${name})`);
    if (lost.length === 0 || performance.now() > deadline) {
      return lost;
    }
    await sleep(200);
  }
}
