import { createHmac, randomBytes } from 'node:crypto';
import { RESOURCES, type Secret } from '../../api/kubernetes.ts';
import { LABELS } from '../../api/names.ts';
import type { Clock, KubernetesApi, Log } from '../ports.ts';

/** In the operator's namespace. */
export const HASH_KEY_NAME = 'oauth-registrar-hash-key';

const MEMBER = 'key';
const KEY_BYTES = 32;
const RETRY_MS = 2_000;
const MAX_TRIES = 10;
/** As in the names of attempts: enough that two values never have one hash by chance. */
const HASH_CHARACTERS = 22;

/**
 * Hashes values of credential Secrets, so that it is known later whether a value changed. The key is random and lives in
 * one Secret, which is created once: without it nobody can try values that they guess against a hash.
 */
export class HashKey {
  readonly #options: HashKeyOptions;
  /** Until the Secret is read, a key of this process alone. */
  #key: Buffer = randomBytes(KEY_BYTES);

  constructor(options: HashKeyOptions) {
    this.#options = options;
  }

  /** The hash of a value, in base64url. */
  readonly hashOf = (value: string): string =>
    createHmac('sha256', this.#key).update(value).digest('base64url').slice(0, HASH_CHARACTERS);

  /**
   * Reads the key, and creates it the first time. Where that fails again and again, the key of this process is used: then
   * a refused client is tried again after the next start.
   */
  async load(): Promise<void> {
    const { clock, log } = this.#options;
    for (let tries = 1; ; tries += 1) {
      const found = await this.#find();
      if (found.ok) {
        this.#key = found.key;
        return;
      }
      if (found.isRefused || tries === MAX_TRIES) {
        const what = 'the hash key can not be kept: after each start, refused clients are tried again';
        log.warn(what, { why: found.why });
        return;
      }
      await clock.sleep(RETRY_MS);
    }
  }

  async #find(): Promise<Lookup> {
    const { api, namespace } = this.#options;
    const metadata = { name: HASH_KEY_NAME, namespace };
    const read = await api.get<Secret>(RESOURCES.secret, metadata);
    const key = read.ok ? keyIn(read.object) : undefined;
    if (key !== undefined) {
      return { ok: true, key };
    }
    if (read.ok) {
      const why = `Secret ${namespace}/${HASH_KEY_NAME} has no key of ${KEY_BYTES} bytes. Delete it: it is created again`;
      return { ok: false, isRefused: true, why };
    }
    if (read.status !== 404) {
      return { ok: false, isRefused: read.status === 401 || read.status === 403, why: read.message };
    }
    const made = randomBytes(KEY_BYTES);
    const created = await api.create<Secret>(RESOURCES.secret, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { ...metadata, labels: { [LABELS.hashKey]: 'true' } },
      type: 'Opaque',
      immutable: true,
      data: { [MEMBER]: made.toString('base64') },
    });
    if (created.ok) {
      return { ok: true, key: made };
    }
    const { status, reason, message } = created;
    const isRefused = status >= 400 && status < 500 && status !== 429 && reason !== 'AlreadyExists';
    return { ok: false, isRefused, why: message };
  }
}

interface HashKeyOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create'>;
  readonly namespace: string;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly log: Pick<Log, 'warn'>;
}

type Lookup =
  | { readonly ok: true; readonly key: Buffer }
  | { readonly ok: false; readonly isRefused: boolean; readonly why: string };

function keyIn({ data = {} }: Secret): Buffer | undefined {
  const key = Buffer.from(data[MEMBER] ?? '', 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}
