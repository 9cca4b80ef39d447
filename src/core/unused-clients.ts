import type { InventoryRow } from './inventory.ts';
import { type PodSpecOfUser, secretsNamedBy } from './secret-uses.ts';

/**
 * Which clients nobody uses, as far as Pods, workload templates and ServiceAccounts say. A program that reads its Secret
 * by the API is not seen.
 */

/** The parts of a Pod, a workload with a template, or a ServiceAccount that name Secrets or say when it ended. */
export interface SecretUserObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a Pod: its PodSpec. Of a workload: it has the template. */
  readonly spec?: PodSpecOfUser & WorkloadSpec;
  /** Of a PodTemplate. */
  readonly template?: WorkloadSpec['template'];
  readonly status?: EndedStatus;
  /** Of a ServiceAccount. */
  readonly secrets?: readonly Named[];
  readonly imagePullSecrets?: readonly Named[];
}

interface WorkloadSpec {
  readonly template?: { readonly spec?: PodSpecOfUser };
  /** Of a CronJob. */
  readonly jobTemplate?: { readonly spec?: { readonly template?: { readonly spec?: PodSpecOfUser } } };
}

interface EndedStatus {
  /** Of a Pod. */
  readonly phase?: string;
  readonly containerStatuses?: readonly {
    readonly state?: { readonly terminated?: { readonly finishedAt?: string } };
  }[];
  /** Of a Job. */
  readonly completionTime?: string;
}

interface Named {
  readonly name?: string;
}

/** A client without a user. */
export interface UnusedClient {
  readonly row: InventoryRow;
  /** The Pod or Job that used the Secret last and has ended. `undefined`: none is there any more, or there was none. */
  readonly last?: { readonly by: string; readonly endedAt: string };
}

/** What one object says about Secrets of its namespace. */
interface Usage {
  readonly secrets: ReadonlySet<string>;
  /** RFC 3339: when it ended. `undefined`: it goes on. */
  readonly endedAt: string | undefined;
}

/** By `namespace/secret`. */
export class SecretUsers {
  readonly #used = new Set<string>();
  readonly #ended = new Map<string, NonNullable<UnusedClient['last']>>();

  add(object: SecretUserObject): void {
    const { secrets, endedAt } = usageOf(object);
    for (const secret of secrets) {
      const key = `${object.namespace}/${secret}`;
      if (endedAt === undefined) {
        this.#used.add(key);
      } else if (endedAt > (this.#ended.get(key)?.endedAt ?? '')) {
        this.#ended.set(key, { by: `${object.kind} ${object.name}`, endedAt });
      }
    }
  }

  /** The clients that are registered and that nobody uses. */
  unused(rows: readonly InventoryRow[]): readonly UnusedClient[] {
    return rows.flatMap((row) => {
      const { secretName, clientId, namespace, deleting } = row;
      const key = `${namespace}/${secretName}`;
      if (secretName === undefined || clientId === undefined || deleting || this.#used.has(key)) {
        return [];
      }
      const last = this.#ended.get(key);
      return [last === undefined ? { row } : { row, last }];
    });
  }
}

function usageOf({
  kind,
  spec = {},
  template: ownTemplate,
  status = {},
  secrets = [],
  imagePullSecrets = [],
}: SecretUserObject): Usage {
  const template = spec.jobTemplate?.spec?.template?.spec ?? spec.template?.spec ?? ownTemplate?.spec ?? spec;
  const named = [...secrets, ...imagePullSecrets].flatMap(({ name }) => name ?? []);
  return {
    secrets: new Set([...named, ...secretsNamedBy(template)]),
    endedAt: kind === 'Pod' ? podEnd(status) : status.completionTime,
  };
}

/** A Pod that has ended mounts nothing; where its containers do not say when that was, it ended at an unknown time. */
function podEnd({ phase, containerStatuses = [] }: EndedStatus): string | undefined {
  if (phase !== 'Succeeded' && phase !== 'Failed') {
    return undefined;
  }
  const times = containerStatuses.flatMap(({ state }) => state?.terminated?.finishedAt ?? []);
  return times.toSorted().at(-1) ?? 'an unknown time';
}

/** What is known about since when nobody uses the client, in words. */
export function unusedSince({ row, last }: UnusedClient): string {
  if (last !== undefined) {
    return `${last.by} used it until ${last.endedAt}`;
  }
  return row.registeredAt === undefined
    ? 'no user is known'
    : `no user is known since it was registered at ${new Date(row.registeredAt).toISOString()}`;
}
