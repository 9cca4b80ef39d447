import * as z from 'zod';
import { type ClientKey, storedClientKey } from '../../core/client-key.ts';
import { isNewerFormat } from '../../core/newer-version.ts';
import type { CallKind } from '../../core/observation.ts';
import { type ClientIdentity, recordName } from '../../core/record.ts';
import { type ServerKey, serverKey, serverNamed, storedServerKey } from '../../core/server-key.ts';
import { shortKey, shortName } from '../../core/short-name.ts';
import { parseJsonObject } from '../../oauth/json.ts';
import { sha256 } from '../../oauth/sha256.ts';

/** One call with an effect, as stored in the ledger. No secrets. */
export interface LedgerEntry {
  readonly attempt: string;
  readonly kind: CallKind;
  /** Read from the ledger, a long name is cut: see `short-name.ts`. */
  readonly client: ClientIdentity;
  /** A key of `serverKey`; read from the ledger, a long name is cut. */
  readonly server: ServerKey;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Longest duration of the call, in milliseconds: after that, and some time for recording, no process works on it. */
  readonly timeoutMs: number;
  /** Name of the registration Secret that the call is about or will make. */
  readonly registrationSecret: string;
  /** Hash of the pod whose process began it, see `podOf`; set by the ledger. */
  readonly pod?: string | undefined;
  /** A registration at the operator itself: what it may have left is a document, and no server has a client of it. */
  readonly isOwn?: true | undefined;
}

const PREFIX = 'entry.';

/**
 * Data of the ledger's ConfigMap: `entry.<attempt>` → JSON of at most 410 bytes for any names, and about 200 for usual
 * ones. The bound of the whole ledger depends on that: see `ledger-shares.ts`.
 */
export function encodeEntries(entries: Iterable<LedgerEntry>): Record<string, string> {
  return Object.fromEntries([...entries].map((entry) => [`${PREFIX}${entry.attempt}`, encode(entry)]));
}

function encode({
  attempt,
  kind,
  client,
  server,
  startedAt,
  timeoutMs,
  registrationSecret,
  pod,
  isOwn,
}: LedgerEntry): string {
  const { namespace, name, uid } = client;
  return JSON.stringify({
    kind,
    client: `${namespace}/${shortName(name)}`,
    uid,
    server: withoutNamespace(server, namespace),
    startedAt,
    timeoutMs,
    record: registrationSecret === recordName(uid, attempt) ? undefined : withoutUid(registrationSecret, uid),
    pod,
    own: kind === 'Register' ? isOwn : undefined,
  });
}

/** A client's own server is in its namespace. */
function withoutNamespace(server: ServerKey, namespace: string): string {
  const { kind, name, namespace: home = namespace } = serverNamed(server);
  return home === namespace ? `${kind}/${shortName(name)}` : shortKey(server);
}

function withNamespace(server: ServerKey, namespace: string): ServerKey {
  const [kind, name = '', ...others] = server.split('/');
  return kind === 'AuthorizationServer' && others.length === 0
    ? serverKey({ kind, name }, namespace)
    : server;
}

/** The record is named after the client; another name stands whole, after a slash. */
function withoutUid(record: string, uid: string): string {
  const start = recordName(uid, '');
  return record.startsWith(start) ? record.slice(start.length) : `/${record}`;
}

const withUid = (record: string, uid: string): string =>
  record.startsWith('/') ? record.slice(1) : recordName(uid, record);

/** The entries among the data of the ledger's ConfigMap, except those of a newer version. */
export function decodeEntries(data: Readonly<Record<string, string>>): readonly LedgerEntry[] {
  return Object.entries(data).flatMap(([key, text]) =>
    key.startsWith(PREFIX) && !isNewerEntry(text) ? (toEntry(key.slice(PREFIX.length), text) ?? []) : [],
  );
}

/** The entries that a newer version wrote, by its format or by a kind of call that this version doesn't know: as they are. */
export function newerEntries(data: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).filter(([key, text]) => key.startsWith(PREFIX) && isNewerEntry(text)),
  );
}

function isNewerEntry(text: string): boolean {
  const entry = parseJsonObject(text);
  const kind = entry?.['kind'];
  return (
    entry !== undefined &&
    (isNewerFormat(entry['format']) || (typeof kind === 'string' && !KINDS.some((known) => known === kind)))
  );
}

/** The OAuthClient of an entry of any version; a long name is cut. `undefined`: it names none. */
export function clientOfEntry(text: string): ClientKey | undefined {
  const client = parseJsonObject(text)?.['client'];
  return typeof client === 'string' && /^[^/]+\/[^/]+$/.test(client) ? storedClientKey(client) : undefined;
}

/**
 * The holder that has taken the lead from this holder and epoch, by the ledger's data. `undefined`: none. A new leader
 * writes both; if they are damaged, a person edited them, and the next write repairs them.
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

/** Hash of the pod of a holder `pod_process`: eight characters. */
export const podOf = (holder: string): string => standsFor(holder.split('_', 1)[0] ?? '');

const standsFor = (pod: string): string => sha256(pod).slice(0, 8);

/** Parses an entry of an earlier process or a person. `undefined` if it is invalid. */
function toEntry(attempt: string, text: string): LedgerEntry | undefined {
  const parsed = parseJsonObject(text);
  const entry = entrySchema.safeParse(parsed);
  if (entry.success && attempt !== '') {
    const { kind, client, uid, server, startedAt, timeoutMs, record, pod, own } = entry.data;
    const [namespace = '', name = ''] = client.split('/', 2);
    return {
      attempt,
      kind,
      client: { namespace, name, uid },
      server: withNamespace(server, namespace),
      startedAt,
      timeoutMs,
      registrationSecret: record === undefined ? recordName(uid, attempt) : withUid(record, uid),
      pod,
      ...(own ? { isOwn: true } : {}),
    };
  }
  const earlier = earlierSchema.safeParse(parsed);
  if (!earlier.success) {
    return undefined;
  }
  const { record: registrationSecret, pod, ...rest } = earlier.data;
  return { ...rest, registrationSecret, pod: pod === undefined ? undefined : standsFor(pod) };
}

/** Longer than any name in Kubernetes: what is longer wasn't written by an operator. */
const MAX_WORD = 400;
const word = z.string().min(1).max(MAX_WORD);

const MAX_TIMEOUT_MS = 120_000;

const KINDS = ['Register', 'Update', 'Read', 'Deregister'] as const satisfies readonly CallKind[];

const call = {
  kind: z.enum(KINDS),
  server: word.transform(storedServerKey),
  startedAt: word,
  timeoutMs: z.int().min(0).max(MAX_TIMEOUT_MS).default(MAX_TIMEOUT_MS),
  pod: word.optional(),
};

const entrySchema = z.object({
  ...call,
  client: word.regex(/^[^/]+\/[^/]+$/),
  uid: word,
  record: word.optional(),
  own: z.literal(true).optional(),
});

/** As earlier versions of the operator wrote them, with whole names. */
const earlierSchema = z.object({
  ...call,
  attempt: word,
  client: z.object({ namespace: word, name: word, uid: word }),
  record: word,
});
