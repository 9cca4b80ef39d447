import { LABELS } from '../../../src/api/names.ts';
import { decodeEntries, type LedgerEntry } from '../../../src/controller/durable/ledger-entry.ts';
import { type RegistrationRecord, toRecord } from '../../../src/core/record.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../../../src/core/suspects.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { OPERATOR_NAMESPACE } from './process.ts';
import type { World } from './world.ts';

/** Records and reports in the cluster. */

export const decoded = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();

export const suspects = ({ cluster }: World): readonly string[] =>
  [SUSPECTS, OWN_SUSPECTS].flatMap((name) =>
    Object.keys(cluster.find('ConfigMap', `${OPERATOR_NAMESPACE}/${name}`)?.data ?? {}),
  );

export const records = ({ cluster }: World): readonly RegistrationRecord[] =>
  cluster
    .all('Secret')
    .filter(isRecord)
    .flatMap((secret) => recordIn(secret) ?? []);

const read = new WeakMap<Stored, RegistrationRecord | undefined>();

/** Objects are never changed in place, so each is read once. */
export function recordIn(secret: Stored): RegistrationRecord | undefined {
  if (!read.has(secret)) {
    read.set(secret, toRecord(secret));
  }
  return read.get(secret);
}

export const entries = (world: World): readonly LedgerEntry[] => decodeEntries(world.ledger());

/**
 * When the credential of a client was given, or the client began to serve again since its replacement was undone; in
 * milliseconds since the epoch.
 */
export const credentialTime = (world: World, record: RegistrationRecord): number =>
  lastTimeOf(record.registrationSecret, records(world));

function lastTimeOf(name: string, versions: readonly RegistrationRecord[]): number {
  const times = versions.flatMap((record) => {
    const { registrationSecret, replaces, registeredAt, secretIssuedAt, keyCreatedAt } = record;
    const own = [registeredAt, secretIssuedAt, keyCreatedAt, record.replacementMadeAt];
    return [
      ...(registrationSecret === name ? own : []),
      ...(replaces === name ? [record.replacementUndoneAt] : []),
    ];
  });
  return Math.max(...times.flatMap((time) => (time === undefined ? [] : Date.parse(time))));
}

const isRecord = (object: Stored | undefined): object is Stored =>
  object?.metadata.labels?.[LABELS.registration] === 'true';

/** The credential for which a workload was restarted last, by its time. */
export function restartedAt(workload: Stored | undefined): string | undefined {
  const { template } = (workload?.spec ?? {}) as {
    readonly template?: { readonly metadata: { readonly annotations: Readonly<Record<string, string>> } };
  };
  return template?.metadata.annotations['kubectl.kubernetes.io/restartedAt'];
}
