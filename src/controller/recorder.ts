import { RESOURCES, type Secret } from '../api/kubernetes.ts';
import { ANNOTATIONS } from '../api/names.ts';
import { parseJsonObject } from '../oauth/json.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import type { ApiResult, Clock, Journal, KubernetesApi, Log } from './ports.ts';

/**
 * Records answers, before anything else is done with them: journal first, then the registration Secret, tried again
 * for minutes. Neither a signal to stop nor a lost lease ends it: an answer that isn't recorded is a client that
 * nobody can manage.
 */
export interface Recorder {
  /** The Secret of an answered registration. `undefined` when it couldn't be written: the journal still has it. */
  create(attempt: string, secret: Secret): Promise<Secret | undefined>;
  /** The Secret with what a later answer brought; wins over whatever else was written meanwhile. */
  update(attempt: string, secret: Secret): Promise<Secret | undefined>;
  /**
   * Writes what an earlier process read and didn't record. Adds what is missing; of what is there only data that no
   * later answer has written, whoever changed labels and annotations since.
   */
  replay(): Promise<void>;
}

const PATIENCE_MS = 600_000;
const LONGEST_PAUSE_MS = 5_000;

interface Options {
  readonly api: KubernetesApi;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
}

type Attempt = (secret: Secret) => Promise<ApiResult<Secret>>;

export function createRecorder(options: Options): Recorder {
  const { api, journal, log } = options;
  const record = async (attempt: string, entry: Entry, write: Attempt) => {
    const { secret } = entry;
    journal.append({ id: attempt, payload: new Sensitive(JSON.stringify(entry)) });
    const written = await insist(options, secret, write);
    if (written !== undefined) {
      journal.settle(attempt);
    }
    return written;
  };
  return {
    create: (attempt, secret) =>
      record(attempt, { kind: 'create', secret }, (wanted) => createOnce(api, wanted)),
    update: (attempt, secret) =>
      record(attempt, asUpdate(attempt, secret), (wanted) => overwrite(api, wanted)),
    async replay() {
      for (const { id, payload } of journal.unsettled()) {
        const entry = parseJsonObject(payload.reveal()) as Entry | undefined;
        const written =
          entry &&
          (await insist(options, entry.secret, (secret) => addMissing(api, id, { ...entry, secret })));
        if (written !== undefined) {
          journal.settle(id);
          log.info('answer of an earlier process recorded', { attempt: id, secret: written.metadata.name });
        }
      }
    },
  };
}

/** What the journal holds of an answer. `follows`: whose data an update's is made of, as the Secret names it. */
type Entry = { readonly secret: Secret } & (
  | { readonly kind: 'create' }
  | { readonly kind: 'update'; readonly follows: string }
);

const writerOf = ({ metadata }: Secret): string => metadata.annotations?.[ANNOTATIONS.writtenBy] ?? '';

function asUpdate(attempt: string, secret: Secret): Entry {
  const annotations = { ...secret.metadata.annotations, [ANNOTATIONS.writtenBy]: attempt };
  return {
    kind: 'update',
    follows: writerOf(secret),
    secret: { ...secret, metadata: { ...secret.metadata, annotations } },
  };
}

async function insist(options: Options, secret: Secret, write: Attempt): Promise<Secret | undefined> {
  const { clock, log } = options;
  const deadline = clock.monotonic() + PATIENCE_MS;
  let wanted = secret;
  for (let tries = 0; clock.monotonic() < deadline; tries += 1) {
    const result = await write(wanted);
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
    if (status === 413 || status === 422) {
      wanted = essential(secret);
    }
    await clock.sleep(Math.min(100 * 2 ** tries, LONGEST_PAUSE_MS));
  }
  return undefined;
}

/** Without the documents: what it takes to manage the client is small. */
function essential(secret: Secret): Secret {
  const { 'registered.json': _registered, 'sent.json': _sent, ...data } = secret.data ?? {};
  return { ...secret, data };
}

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
  const { resourceVersion: _, ...metadata } = secret.metadata;
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
  const { resourceVersion: _, ...metadata } = secret.metadata;
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
