import { namespaceOf, RESOURCES, type Secret } from '../../api/kubernetes.ts';
import { ANNOTATIONS } from '../../api/names.ts';
import { SHARES } from '../../api/shares.ts';
import { backoff } from '../../core/backoff.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { minimalRecord } from '../../core/minimal-record.ts';
import { clientOfRecord } from '../../core/record.ts';
import { parseJsonObject } from '../../oauth/json.ts';
import { omit } from '../../oauth/objects.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { ApiResult, Clock, Journal, KubernetesApi, Log } from '../ports.ts';
import { isRefusal } from '../state/refused-writes.ts';
import { type Unrecorded, UnrecordedAnswers } from './unrecorded-answers.ts';

/**
 * Records answers before anything uses them: first in the journal, then in the registration Secret, retried until it is
 * written. Neither a signal to stop nor a lost lease ends the retries: without a record nobody can manage the client.
 *
 * Whoever hands an answer over waits some seconds at most: what isn't written by then is written later, and
 * {@link RecordListener.recorded} says so. What the API server refuses isn't sent again unchanged: a minimal record follows, and
 * where that is refused, too, another try after a pause that grows. A try that throws is a defect of ours, and another
 * follows it as well.
 */
export interface Recorder {
  /** The Secret of an answered registration. `undefined`: it isn't written yet. */
  create(attempt: string, secret: Secret, told: RecordListener): Promise<Secret | undefined>;
  /** The Secret with what a later answer brought; wins over whatever else was written meanwhile. */
  update(attempt: string, secret: Secret, told: RecordListener): Promise<Secret | undefined>;
  /**
   * Writes what an earlier process read and didn't record. Adds what is missing; of what is there only data that no
   * later answer has written, whoever changed labels and annotations since. Resolves when all is written.
   *
   * @param toldOf the listener for this answer of this client (`namespace/name`)
   */
  replay(toldOf: (attempt: string, client: ClientKey) => RecordListener): Promise<void>;
  /** What was read of this client (`namespace/name`) and isn't written yet: nothing else may happen to it. */
  pendingOf(client: ClientKey): Unrecorded | undefined;
  /**
   * Resolves when another registration may be sent: few answers wait to be written, see {@link SHARES}. So at most as many
   * clients as that, and those whose calls are under way, come to be while the API server takes no record. After 5 s it
   * resolves in any case: an API server that is slow to all stops nothing.
   */
  room(): Promise<void>;
  /** Resolves when nothing waits to be written. */
  idle(): Promise<void>;
}

/** Callbacks for an answer that wasn't written at once. */
export interface RecordListener {
  /** The API server refuses the write for what is in it, or for where it goes; `message` is what it says. */
  refused(form: RecordForm, message: string): void;
  /** It is written, after its round had ended. */
  recorded(written: Secret): void;
}

/** `Minimal`: only what is needed to find and manage the client. */
type RecordForm = 'Whole' | 'Minimal';

/** How long a round waits for a write, since it delays others of the same server. */
const ROUND_PATIENCE_MS = 5_000;
const PAUSES = { firstMs: 100, longestMs: 5_000 };
const PAUSES_AFTER_REFUSAL = { firstMs: 1_000, longestMs: 300_000 };

interface Options {
  readonly api: KubernetesApi;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
}

type Attempt = (secret: Secret) => Promise<ApiResult<Secret>>;

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: journal, write and listener of one answer share their state
export function createRecorder(options: Options): Recorder {
  const { api, journal, clock, log } = options;
  const waiting = new UnrecordedAnswers(SHARES.unrecordedAnswers.most);
  const write = async (attempt: string, { secret }: Entry, attemptTo: Attempt, told: RecordListener) => {
    const client = clientOfRecord(secret);
    waiting.add(client, attempt);
    const written = await insist(options, secret, attemptTo, (form, message) => {
      if (form === 'Minimal') {
        waiting.refused(client, attempt, message);
      }
      told.refused(form, message);
    });
    waiting.remove(client, attempt);
    journal.settle(attempt);
    return written;
  };
  const record = (attempt: string, entry: Entry, attemptTo: Attempt, told: RecordListener) => {
    const { secret } = entry;
    journal.append({
      id: attempt,
      namespace: namespaceOf(clientOfRecord(secret)),
      payload: new Sensitive(JSON.stringify(entry)),
      minimal: () => new Sensitive(JSON.stringify({ ...entry, secret: minimalRecord(secret) })),
    });
    const isOver = new AbortController();
    let isLate = false;
    const refused: RecordListener['refused'] = (form, message) => {
      told.refused(form, message);
      if (form === 'Minimal') {
        isOver.abort('refused');
      }
    };
    const writing = write(attempt, { ...entry, secret }, attemptTo, { ...told, refused }).then((written) => {
      isOver.abort('written');
      if (isLate) {
        told.recorded(written);
      }
      return written;
    });
    const waited = clock.sleep(ROUND_PATIENCE_MS, isOver.signal).then(() => {
      isLate = true;
      return undefined;
    });
    return Promise.race([writing, waited]);
  };
  const replayOne = async ({ id, entry }: Unsettled, toldOf: Parameters<Recorder['replay']>[0]) => {
    const told = toldOf(id, clientOfRecord(entry.secret));
    const written = await write(id, entry, (secret) => addMissing(api, id, { ...entry, secret }), told);
    log.info('answer of an earlier process recorded', { attempt: id, secret: written.metadata.name });
    told.recorded(written);
  };
  return {
    create: (attempt, secret, told) =>
      record(attempt, { kind: 'create', secret }, (wanted) => createOnce(api, wanted), told),
    update: (attempt, secret, told) =>
      record(attempt, asUpdate(attempt, secret), (wanted) => overwrite(api, wanted), told),
    async replay(toldOf) {
      const unsettled = journal.unsettled().flatMap(({ id, payload }): Unsettled[] => {
        const entry = parseJsonObject(payload.reveal()) as Entry | undefined;
        return entry === undefined ? [] : [{ id, entry }];
      });
      for (const { id, entry } of unsettled) {
        waiting.add(clientOfRecord(entry.secret), id);
      }
      const byRecord = Map.groupBy(unsettled, ({ entry }) => entry.secret.metadata.name);
      // Answers of one record are written in order; a record that can't be written doesn't delay others.
      await Promise.all(
        [...byRecord.values()].map(async (entries) => {
          for (const unwritten of entries) {
            await replayOne(unwritten, toldOf);
          }
        }),
      );
    },
    pendingOf: (client) => waiting.of(client),
    async room() {
      if (waiting.hasRoom) {
        return;
      }
      const isThere = new AbortController();
      const there = waiting.room().then(() => isThere.abort('there is room'));
      await Promise.race([there, clock.sleep(ROUND_PATIENCE_MS, isThere.signal)]);
    },
    idle: () => waiting.idle(),
  };
}

interface Unsettled {
  readonly id: string;
  readonly entry: Entry;
}

/** What the journal holds of an answer. `follows`: whose data an update's is made of, as the Secret names it. */
type Entry = { readonly secret: Secret } & (
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly follows: string }
);

/** `namespace/name` of the OAuthClient that a registration Secret is of. */

const writerOf = ({ metadata }: Secret): string => metadata.annotations?.[ANNOTATIONS.writtenBy] ?? '';

function asUpdate(attempt: string, secret: Secret): Entry {
  const annotations = { ...secret.metadata.annotations, [ANNOTATIONS.writtenBy]: attempt };
  return {
    kind: 'update',
    follows: writerOf(secret),
    secret: { ...secret, metadata: { ...secret.metadata, annotations } },
  };
}

async function insist(
  { clock, log }: Options,
  secret: Secret,
  write: Attempt,
  refused: RecordListener['refused'],
): Promise<Secret> {
  let wanted = secret;
  const tryOnce = async (): Promise<ApiResult<Secret>> => {
    const result = await write(wanted);
    if (result.ok || !isRefusal(result) || wanted !== secret) {
      return result;
    }
    refused('Whole', result.message);
    const minimal = minimalRecord(secret);
    wanted = isAboutContent(result) ? minimal : secret;
    const again = await write(minimal);
    if (!again.ok && isRefusal(again)) {
      refused('Minimal', again.message);
    }
    return again;
  };
  for (let tries = 0; ; tries += 1) {
    const result = await tryOnce().catch((error: unknown) => {
      log.error('the write of a registration Secret failed within the operator', { error });
      return THROWN;
    });
    if (result.ok) {
      return result.object;
    }
    const { status, reason, message } = result;
    log.error('registration Secret not written yet', {
      secret: secret.metadata.name,
      status,
      reason,
      message,
      tries,
    });
    await clock.sleep(pauseAfter(result, tries));
  }
}

type Failed = Extract<ApiResult<Secret>, { readonly ok: false }>;

const THROWN: Failed = { ok: false, status: 0, reason: 'InternalError', message: 'the write threw' };

const pauseAfter = (failed: Failed, tries: number): number =>
  backoff(isRefusal(failed) ? PAUSES_AFTER_REFUSAL : PAUSES, tries);

/** The Secret's content will be refused in every retry, independent of quotas and permissions. */
const isAboutContent = ({ status }: Failed): boolean => status === 400 || status === 413 || status === 422;

/** Found already there, it is this write's own earlier try: the name holds the attempt's id. */
async function createOnce(api: KubernetesApi, secret: Secret): Promise<ApiResult<Secret>> {
  const created = await api.create(RESOURCES.secret, secret);
  return !created.ok && created.reason === 'AlreadyExists'
    ? api.get<Secret>(RESOURCES.secret, secret.metadata)
    : created;
}

async function overwrite(api: KubernetesApi, secret: Secret): Promise<ApiResult<Secret>> {
  const replaced = await api.replace(RESOURCES.secret, secret);
  if (replaced.ok || (replaced.reason !== 'Conflict' && replaced.status !== 404)) {
    return replaced;
  }
  const metadata = omit(secret.metadata, 'resourceVersion');
  return replaced.status === 404
    ? createOnce(api, { ...secret, metadata })
    : api.replace(RESOURCES.secret, { ...secret, metadata });
}

async function addMissing(api: KubernetesApi, attempt: string, entry: Entry): Promise<ApiResult<Secret>> {
  const { kind, secret } = entry;
  if (kind === 'create') {
    return createOnce(api, secret);
  }
  const found = await api.get<Secret>(RESOURCES.secret, secret.metadata);
  if (found.ok) {
    const isNewest = [entry.follows, attempt].includes(writerOf(found.object));
    return isNewest ? api.replace(RESOURCES.secret, withMarksOf(found.object, secret)) : found;
  }
  const metadata = omit(secret.metadata, 'resourceVersion');
  return found.status === 404 ? createOnce(api, { ...secret, metadata }) : found;
}

/** What is marked by itself: to whom the record belongs, and what becomes of its client. */
const MARKS: readonly string[] = [ANNOTATIONS.namespaceUid, ANNOTATIONS.deletionPolicy];

function withMarksOf({ metadata: marked }: Secret, secret: Secret): Secret {
  const facts = Object.entries(secret.metadata.annotations ?? {}).filter(([name]) => !MARKS.includes(name));
  const marks = Object.entries(marked.annotations ?? {}).filter(([name]) => MARKS.includes(name));
  const { resourceVersion = '' } = marked;
  const labels = { ...secret.metadata.labels, ...marked.labels };
  const annotations = Object.fromEntries([...facts, ...marks]);
  return { ...secret, metadata: { ...secret.metadata, resourceVersion, labels, annotations } };
}
