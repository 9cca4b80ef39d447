import { describe, expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import {
  conditionOf,
  credential,
  isReady,
  machineClient,
  pathOf,
  type SeenObject,
  type SentObject,
} from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

/** Memory is limited per namespace: objects of one tenant never take the memory that others need. */

const target = useTarget();

const many = (count: number, make: (index: number) => SentObject): readonly SentObject[] =>
  Array.from({ length: count }, (_, index) => make(index));
const MEGABYTE = 'a'.repeat(1_000_000);
/** The content of a spec that takes most memory. */
const dearest = { blob: Array.from({ length: 10_600 }, () => ({})) };

const reasonOf = (object: SeenObject | undefined): unknown => conditionOf(object, 'Ready')?.['reason'];
const statusesOf = (answers: readonly { readonly status: number }[]): readonly number[] => [
  ...new Set(answers.map(({ status }) => status)),
];

/** The next process lists everything at once. A normal end releases the Lease. */
async function startsAnew(): Promise<void> {
  await target.pod.kill('SIGTERM');
  await target.pod.working();
}

async function removeAll(of: Tenant): Promise<void> {
  for (const kind of ['OAuthClient', 'Secret']) {
    await of.request('DELETE', pathOf(kind, of.namespace));
  }
}

describe('H1: a tenant makes many large objects', () => {
  test('200 labelled Secrets of 1 MB to which nothing refers', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    await bystander.during(async () => {
      const made = await attacker.createAll(
        many(200, (at) => credential(`big-${at}`, { token: MEGABYTE })),
        2,
      );
      expect(statusesOf(made)).toEqual([201]);
    });
    await startsAnew();
    await bystander.judge();
    await removeAll(attacker);
  });

  test('760 workload Secrets with annotations of 256 KiB, that name a client of the tenant and one of the operator', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    const annotations = (at: number) => ({
      'oauth-registrar.dev/client': `${attacker.namespace}/none-${at}`,
      'oauth-registrar.dev/shows': `oac-none-${at}`,
      note: 'a'.repeat(261_000),
    });
    await bystander.during(async () => {
      const made = await attacker.createAll(
        many(760, (at) => ({
          kind: 'Secret',
          metadata: {
            name: `annotated-${at}`,
            labels: { 'oauth-registrar.dev/workload': 'true' },
            annotations: annotations(at),
          },
        })),
        2,
      );
      expect(statusesOf(made)).toEqual([201]);
    });
    await startsAnew();
    await bystander.judge();
    await removeAll(attacker);
  });

  test('200 OAuthClients of 1 MB: the status of each says that it is too large', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    await bystander.during(async () => {
      const client = (at: number) =>
        machineClient(`big-${at}`, { client: { additionalMetadata: { blob: MEGABYTE } } });
      expect(statusesOf(await attacker.createAll(many(200, client), 2))).toEqual([201]);
      const told = await attacker.until(
        'OAuthClient',
        'big-199',
        (object) => reasonOf(object) === 'InvalidSpec',
        40_000,
      );
      expect(conditionOf(told, 'Ready')?.['message']).toMatch(/^spec has 1000\d{3} bytes .* 32768/);
    });
    await startsAnew();
    await bystander.judge();
    await removeAll(attacker);
  });

  test('1,000 OAuthClients of 32 KiB, and 60 that take as much memory as a spec can: status reports those without room, and they are reconciled later', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    const large = (at: number) =>
      machineClient(`large-${String(at).padStart(3, '0')}`, {
        server: undefined,
        client: { additionalMetadata: at < 60 ? dearest : { blob: `${at}`.padEnd(32_000, 'a') } },
      });
    const objects = many(1_060, large);
    const lastOne = objects.at(-1)?.metadata.name ?? '';
    const isTold = (object: SeenObject | undefined) => reasonOf(object) === 'NamespaceShareReached';
    await bystander.during(async () => {
      expect(statusesOf(await attacker.createAll(objects, 4))).toEqual([201]);
      await attacker.until('OAuthClient', lastOne, isTold, 60_000);
    });
    await startsAnew();
    await attacker.createOrFail(machineClient('small'));
    await attacker.until('OAuthClient', 'small', (object) => reasonOf(object) !== undefined);
    await bystander.during(async () => {
      for (const { metadata } of objects.slice(0, 100)) {
        await attacker.remove('OAuthClient', metadata.name);
      }
      await attacker.until('OAuthClient', 'small', isReady, 30_000);
    });
    await bystander.judge();
  });
});
