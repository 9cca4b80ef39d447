import { namespaceOf, RESOURCES, type Secret } from '../../api/kubernetes.ts';
import { ANNOTATIONS } from '../../api/names.ts';
import { SHARES } from '../../api/shares.ts';
import { backoff } from '../../core/backoff.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { minimalRecord } from '../../core/minimal-record.ts';
import { clientOfRecord } from '../../core/record.ts';
import { recordPatch } from '../../core/record-patch.ts';
import { parseJsonObject } from '../../oauth/json.ts';
import { omit } from '../../oauth/objects.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { ApiResult, Clock, Journal, KubernetesApi, Log } from '../ports.ts';
import { isRefusal } from '../state/refused-writes.ts';
import { type Unrecorded, UnrecordedAnswers } from './unrecorded-answers.ts';

/**
 * Records answers before anything uses them: first in the journal, then in the registration Secret. A write that
 * fails is retried until it succeeds. Neither a stop signal nor a lost lease ends the retries, because nobody can
 * manage a client without its record.
 *
 * The caller waits at most five seconds. If the Secret is written later, {@link RecordListener.recorded} is called.
 * If the API server refuses the Secret, a minimal record is sent at once; if that is refused too, the next try
 * follows after a pause that grows. A try that throws is a defect of the operator, and is retried like any other.
 */
export interface Recorder {
  /** Records the answer to a registration. Returns the Secret, or `undefined` if it is not written yet. */
  create(attempt: string, secret: Secret, listener: RecordListener): Promise<Secret | undefined>;
  /** Records a later answer. It overwrites the operator's own fields; what others put on the Secret stays. */
  update(attempt: string, secret: Secret, listener: RecordListener): Promise<Secret | undefined>;
  /**
   * Records the answers that an earlier process read and did not record. It creates a Secret that is missing. In one
   * that exists, it writes the data unless a later answer did, and keeps labels and the annotations of {@link MARKS}.
   * Resolves when all is written.
   *
   * @param listenerOf the listener for this answer of this client (`namespace/name`)
   */
  replay(listenerOf: (attempt: string, client: ClientKey) => RecordListener): Promise<void>;
  /**
   * An answer of this client (`namespace/name`) that is not recorded yet. Until it is, nothing else may be done for
   * the client.
   */
  pendingOf(client: ClientKey): Unrecorded | undefined;
  /**
   * Resolves when another registration may be sent, because few answers wait to be written (see {@link SHARES}). This
   * limits how many clients are created while the API server accepts no record. It resolves after 5 s in any case, so
   * that a slow API server stops nothing.
   */
  room(): Promise<void>;
  /** Resolves when nothing waits to be written. */
  idle(): Promise<void>;
}

/** Callbacks for an answer that was not written at once. */
export interface RecordListener {
  /** The API server refuses the write because of its content or its place; `message` quotes the API server. */
  refused(form: RecordForm, message: string): void;
  /** The Secret was written after the caller had stopped waiting. */
  recorded(written: Secret): void;
}

/** `Minimal`: only what is needed to find and manage the client. */
type RecordForm = 'Whole' | 'Minimal';

/** How long a caller waits for a write: its wait delays other clients of the same server. */
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
  const write = async (attempt: string, { secret }: Entry, attemptTo: Attempt, listener: RecordListener) => {
    const client = clientOfRecord(secret);
    waiting.add(client, attempt);
    const written = await insist(options, secret, attemptTo, (form, message) => {
      if (form === 'Minimal') {
        waiting.refused(client, attempt, message);
      }
      listener.refused(form, message);
    });
    waiting.remove(client, attempt);
    journal.settle(attempt);
    return written;
  };
  const record = (attempt: string, entry: Entry, attemptTo: Attempt, listener: RecordListener) => {
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
      listener.refused(form, message);
      if (form === 'Minimal') {
        isOver.abort('refused');
      }
    };
    const writing = write(attempt, { ...entry, secret }, attemptTo, { ...listener, refused }).then(
      (written) => {
        isOver.abort('written');
        if (isLate) {
          listener.recorded(written);
        }
        return written;
      },
    );
    const waited = clock.sleep(ROUND_PATIENCE_MS, isOver.signal).then(() => {
      isLate = true;
      return undefined;
    });
    return Promise.race([writing, waited]);
  };
  const replayOne = async ({ id, entry }: Unsettled, listenerOf: Parameters<Recorder['replay']>[0]) => {
    const listener = listenerOf(id, clientOfRecord(entry.secret));
    const written = await write(id, entry, (secret) => addMissing(api, id, { ...entry, secret }), listener);
    log.info('answer of an earlier process recorded', { attempt: id, secret: written.metadata.name });
    listener.recorded(written);
  };
  return {
    create: (attempt, secret, listener) =>
      record(attempt, { kind: 'create', secret }, (wanted) => createOnce(api, wanted), listener),
    update: (attempt, secret, listener) =>
      record(attempt, asUpdate(attempt, secret), (wanted) => overwrite(api, wanted), listener),
    async replay(listenerOf) {
      const unsettled = journal.unsettled().flatMap(({ id, payload }): Unsettled[] => {
        const entry = parseJsonObject(payload.reveal()) as Entry | undefined;
        return entry === undefined ? [] : [{ id, entry }];
      });
      for (const { id, entry } of unsettled) {
        waiting.add(clientOfRecord(entry.secret), id);
      }
      const byRecord = Map.groupBy(unsettled, ({ entry }) => entry.secret.metadata.name);
      // Answers of one record are written in order; a record that can't be written does not delay others.
      await Promise.all(
        [...byRecord.values()].map(async (entries) => {
          for (const unwritten of entries) {
            await replayOne(unwritten, listenerOf);
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

/**
 * An answer in the journal. `follows`: the attempt on whose data an update is based ({@link ANNOTATIONS.writtenBy}).
 */
type Entry = { readonly secret: Secret } & (
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly follows: string }
);

/** Attempt of the last update in the Secret; empty before the first one. */
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

/** The content of the Secret will be refused in every retry, independent of quotas and permissions. */
const isAboutContent = ({ status }: Failed): boolean => status === 400 || status === 413 || status === 422;

/** An existing Secret is from an earlier try of this write: its name contains the id of the attempt. */
async function createOnce(api: KubernetesApi, secret: Secret): Promise<ApiResult<Secret>> {
  const created = await api.create(RESOURCES.secret, secret);
  return !created.ok && created.reason === 'AlreadyExists'
    ? api.get<Secret>(RESOURCES.secret, secret.metadata)
    : created;
}

/** Each try names the version that it follows: one that reaches the API server late must overwrite no later answer. */
async function overwrite(api: KubernetesApi, secret: Secret): Promise<ApiResult<Secret>> {
  const patched = await patch(api, secret);
  if (!patched.ok && patched.status === 404) {
    return createOnce(api, { ...secret, metadata: omit(secret.metadata, 'resourceVersion') });
  }
  if (patched.ok || patched.reason !== 'Conflict') {
    return patched;
  }
  const found = await api.get<Secret>(RESOURCES.secret, secret.metadata);
  if (!found.ok) {
    return found;
  }
  const { resourceVersion = '' } = found.object.metadata;
  return patch(api, { ...secret, metadata: { ...secret.metadata, resourceVersion } });
}

const patch = (api: KubernetesApi, secret: Secret): Promise<ApiResult<Secret>> =>
  api.patch(RESOURCES.secret, secret.metadata, recordPatch(secret));

async function addMissing(api: KubernetesApi, attempt: string, entry: Entry): Promise<ApiResult<Secret>> {
  const { kind, secret } = entry;
  if (kind === 'create') {
    return createOnce(api, secret);
  }
  const found = await api.get<Secret>(RESOURCES.secret, secret.metadata);
  if (found.ok) {
    const isNewest = [entry.follows, attempt].includes(writerOf(found.object));
    return isNewest ? patch(api, withMarksOf(found.object, secret)) : found;
  }
  const metadata = omit(secret.metadata, 'resourceVersion');
  return found.status === 404 ? createOnce(api, { ...secret, metadata }) : found;
}

/** Annotations that are set independently of answers: the namespace of the record, and what happens to its client. */
const MARKS: readonly string[] = [ANNOTATIONS.namespaceUid, ANNOTATIONS.deletionPolicy];

function withMarksOf({ metadata: marked }: Secret, secret: Secret): Secret {
  const facts = Object.entries(secret.metadata.annotations ?? {}).filter(([name]) => !MARKS.includes(name));
  const marks = Object.entries(marked.annotations ?? {}).filter(([name]) => MARKS.includes(name));
  const { resourceVersion = '' } = marked;
  const labels = { ...secret.metadata.labels, ...marked.labels };
  const annotations = Object.fromEntries([...facts, ...marks]);
  return { ...secret, metadata: { ...secret.metadata, resourceVersion, labels, annotations } };
}
