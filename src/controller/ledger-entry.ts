import * as z from 'zod';
import type { CallKind } from '../core/observation.ts';
import type { ClientIdentity } from '../core/record.ts';
import { parseJsonObject } from '../oauth/json.ts';

/** One call with an effect, as the ledger holds it. No secrets. */
export interface LedgerEntry {
  readonly attempt: string;
  readonly kind: CallKind;
  readonly client: ClientIdentity;
  /** `kind/name`. */
  readonly server: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Longest time that the call takes, in milliseconds: after it, and some for recording, nobody is at it any more. */
  readonly timeoutMs: number;
  /** Name of the registration Secret that the call is about or will make. */
  readonly record: string;
  /** Name of the pod whose process began it; the ledger puts it in. */
  readonly pod?: string | undefined;
}

const PREFIX = 'entry.';

/** As data of the ledger's ConfigMap. */
export function encodeEntries(entries: Iterable<LedgerEntry>): Record<string, string> {
  return Object.fromEntries(
    [...entries].map((entry) => [`${PREFIX}${entry.attempt}`, JSON.stringify(entry)]),
  );
}

/** The entries among the data of the ledger's ConfigMap. */
export function decodeEntries(data: Readonly<Record<string, string>>): readonly LedgerEntry[] {
  return Object.entries(data).flatMap(([key, text]) => (key.startsWith(PREFIX) ? (toEntry(text) ?? []) : []));
}

/**
 * Who has taken the lead from this holder of this epoch, by the ledger's data. `undefined`: nobody. Whoever takes it
 * writes both; where they are damaged, it was a person, and the next write repairs them.
 */
export function otherLeader(
  data: Readonly<Record<string, string>>,
  epoch: number,
  holder: string,
): string | undefined {
  const found = data['holder'] ?? '';
  const isTaken = found === '' ? Number(data['epoch']) > epoch : found !== holder;
  return isTaken ? found || 'another process' : undefined;
}

/** The pod of a holder, `pod_process`. */
export const podOf = (holder: string): string => holder.split('_', 1)[0] ?? '';

/** Reads an entry that an earlier process, or a person, left. `undefined` where it can't be understood. */
function toEntry(text: string): LedgerEntry | undefined {
  const parsed = entrySchema.safeParse(parseJsonObject(text));
  return parsed.success ? parsed.data : undefined;
}

const word = z.string().min(1);

const MAX_TIMEOUT_MS = 120_000;

const entrySchema = z.object({
  attempt: word,
  kind: z.enum(['Register', 'Update', 'Read', 'Deregister']),
  client: z.object({ namespace: word, name: word, uid: word }),
  server: word,
  startedAt: word,
  record: word,
  timeoutMs: z.int().min(0).max(MAX_TIMEOUT_MS).default(MAX_TIMEOUT_MS),
  pod: word.optional(),
});
