import type { Testbed } from '../../kit/testbed/testbed.ts';
import { OPERATOR_NAMESPACE } from './objects.ts';
import { teamIn } from './team.ts';

/** Backups of namespaces as a tool such as Velero makes them: objects without the fields that the API server sets. */

interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: object;
}

export type Backup = readonly Stored[];

/** In the order of the restore: referenced objects come first. */
const KINDS = ['secrets', 'oas', 'oac'] as const;

export async function backUp(testbed: Testbed, namespace: string): Promise<Backup> {
  const lists = await Promise.all(
    KINDS.map((kind) => teamIn(testbed, namespace).kubectl('get', kind, '-o', 'json')),
  );
  return lists.flatMap((list) => (JSON.parse(list) as { items: Stored[] }).items);
}

/** The registration Secrets of the clients of a namespace. */
export async function backUpRecords(testbed: Testbed, namespace: string): Promise<Backup> {
  const objects = await backUp(testbed, OPERATOR_NAMESPACE);
  return objects.filter(
    ({ metadata }) => metadata.labels?.['oauth-registrar.dev/client-namespace'] === namespace,
  );
}

/** The restored objects have new uids, no owners and no finalizers; they have their status only on request. */
export async function restore(testbed: Testbed, backup: Backup, withStatus = false): Promise<void> {
  for (const object of backup) {
    const { name, namespace, labels = {}, annotations = {} } = object.metadata;
    const { status, ...rest } = object;
    await testbed.apply(JSON.stringify({ ...rest, metadata: { name, namespace, labels, annotations } }));
    if (withStatus && status !== undefined && object.kind === 'OAuthClient') {
      await testbed.kubectl(
        ...['-n', namespace, 'patch', 'oac', name, '--subresource=status', '--type=merge'],
        ...['-p', JSON.stringify({ status })],
      );
    }
  }
}

/** Deletes the namespace without deregistrations: the operator must not run. */
export async function loseNamespace(testbed: Testbed, namespace: string): Promise<void> {
  const names = await teamIn(testbed, namespace).kubectl('get', 'oac', '-o', 'name');
  for (const name of names.split('\n').filter(Boolean)) {
    await testbed.kubectl(
      ...['-n', namespace, 'patch', name, '--type=merge', '-p', '{"metadata":{"finalizers":[]}}'],
    );
  }
  await testbed.kubectl('delete', 'namespace', namespace, '--timeout=60s');
}

export async function loseRecords(testbed: Testbed, records: Backup): Promise<void> {
  const names = records.map(({ metadata }) => metadata.name);
  const inPlace = ['-n', OPERATOR_NAMESPACE, 'secrets', ...names];
  const [flag, place, kind, ...rest] = inPlace as [string, string, string, ...string[]];
  await testbed.kubectl(flag, place, 'annotate', kind, ...rest, 'oauth-registrar.dev/allow-deletion=true');
  await testbed.kubectl(flag, place, 'delete', kind, ...rest);
}
