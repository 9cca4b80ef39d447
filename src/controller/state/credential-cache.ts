import { type KubernetesObject, keyOf, namespaceOf, RESOURCES, type Secret } from '../../api/kubernetes.ts';
import { LABELS } from '../../api/names.ts';
import { SHARES } from '../../api/shares.ts';
import type { CredentialSecret } from '../../core/credential.ts';
import { type ReconciledKey, reconciledText } from '../../core/reconciled-key.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import type { KubernetesApi } from '../ports.ts';
import type { NamespaceMemory } from './namespace-memory.ts';

/** Metadata of a Secret that carries the credential label. */
export interface CredentialObject extends KubernetesObject {
  /** A registration Secret never serves as a credential, even if somebody labels it as one: it is never read. */
  readonly isRegistration: boolean;
  /** Kept although its namespace has no room, because an object references it. */
  readonly isOverShare?: boolean;
}

interface Held {
  readonly secret: CredentialSecret;
  /** `uid/resourceVersion` of the values that were read. `undefined` if none were, or not those of the present version. */
  readonly version: string | undefined;
  /** Bytes that the values take from the namespace's share of memory, or would take if there were room. */
  readonly bytes: number;
}

/**
 * The values of credential Secrets. A Secret is read when an object that references it is reconciled and its present
 * version isn't cached. Values are kept as long as an object references them, at most {@link SHARES.credentialBytes} per
 * Secret.
 *
 * The Secrets are watched by their metadata only: unreferenced ones take almost no memory, and a change of one requeues
 * the objects that reference it.
 */
export class CredentialCache {
  readonly #api: KubernetesApi;
  readonly #watched: (key: string) => CredentialObject | undefined;
  /** By `namespace/name` of the Secret. */
  readonly #held = new Map<string, Held>();
  /** `namespace/name` of the Secret → `textOf` the referencing object. */
  readonly #users = new Map<string, Map<string, ReconciledKey>>();
  readonly #references = new Map<string, readonly string[]>();
  readonly #reads = new Map<string, Promise<void>>();
  readonly #memory: NamespaceMemory;
  readonly #hashOf: (value: string) => string;
  /** `textOf` the referencing object → bytes that it keeps besides the values of Secrets, and their namespace. */
  readonly #counted = new Map<string, { readonly namespace: string; readonly bytes: number }>();

  /**
   * @param watched metadata of a labelled Secret, by its `namespace/name`
   * @param hashOf hashes a value with the key of this installation
   */
  constructor(
    api: KubernetesApi,
    memory: NamespaceMemory,
    watched: (key: string) => CredentialObject | undefined,
    hashOf: (value: string) => string,
  ) {
    this.#hashOf = hashOf;
    this.#api = api;
    this.#memory = memory;
    this.#watched = watched;
  }

  /**
   * Sets the Secrets of the namespace that `who` references. Resolves when all values that were missing and can be read
   * are read. For server objects one more call finds out whether a Secret that isn't watched lacks the label.
   */
  async refer(who: ReconciledKey, namespace: string, names: readonly string[]): Promise<void> {
    const keys = names.map((name) => keyOf({ namespace, name }));
    this.#note(who, keys);
    for (const key of keys) {
      await this.#read(key, who.kind === 'Server');
    }
  }

  /** Removes all references of an object. */
  forget(who: ReconciledKey): void {
    this.#note(who, []);
    this.count(who, '', 0);
  }

  /** Counts bytes of other content, the text of a CA bundle. False if the namespace has no room for it. */
  count(who: ReconciledKey, namespace: string, bytes: number): boolean {
    const text = reconciledText(who);
    const before = this.#counted.get(text) ?? { namespace, bytes: 0 };
    if (!this.#memory.exchange(before.namespace, before.bytes, bytes)) {
      return false;
    }
    if (bytes === 0) {
      this.#counted.delete(text);
    } else {
      this.#counted.set(text, { namespace: before.namespace, bytes });
    }
    return true;
  }

  /** The Secret as it was last read; makes no call. */
  get(namespace: string, name: string): CredentialSecret {
    return this.#held.get(keyOf({ namespace, name }))?.secret ?? { kind: 'NotFound' };
  }

  /** Whether the present version of a referenced Secret could not be read: then a retry soon makes sense. */
  isIncomplete(who: ReconciledKey): boolean {
    return (this.#references.get(reconciledText(who)) ?? []).some((key) => {
      const held = this.#held.get(key);
      const isMissing = held?.secret.kind === 'NotRead' || held?.secret.kind === 'ShareReached';
      return isMissing || (this.#watched(key) !== undefined && !this.#isKnown(key));
    });
  }

  /** The objects that reference this Secret, which need not exist. */
  usersOf(key: string): readonly ReconciledKey[] {
    return [...(this.#users.get(key)?.values() ?? [])];
  }

  #note(who: ReconciledKey, keys: readonly string[]): void {
    const text = reconciledText(who);
    const before = this.#references.get(text) ?? [];
    for (const key of before.filter((known) => !keys.includes(known))) {
      const users = this.#users.get(key);
      users?.delete(text);
      if (users?.size === 0) {
        this.#users.delete(key);
        this.#drop(key);
      }
    }
    if (keys.length === 0) {
      this.#references.delete(text);
      return;
    }
    this.#references.set(text, keys);
    for (const key of keys) {
      this.#users.set(key, (this.#users.get(key) ?? new Map()).set(text, who));
    }
  }

  #isKnown(key: string): boolean {
    const watched = this.#watched(key);
    const held = this.#held.get(key);
    const hasRoomNow =
      held?.secret.kind === 'ShareReached' && this.#memory.hasRoom(namespaceOf(key), held.bytes);
    return watched !== undefined && held?.version === versionOf(watched) && !hasRoomNow;
  }

  async #read(key: string, askWhy: boolean): Promise<void> {
    const watched = this.#watched(key);
    if (watched?.isRegistration) {
      const secret = { kind: 'Found', values: {}, hashes: {} } as const;
      this.#keep(key, { secret, version: versionOf(watched), bytes: 0 });
      return;
    }
    if (watched === undefined && !askWhy) {
      this.#keep(key, { secret: { kind: 'NotFound' }, version: undefined, bytes: 0 });
      return;
    }
    if (this.#isKnown(key)) {
      return;
    }
    // Many clients may use the same statement: one call serves all that ask in the meantime.
    const underWay = this.#reads.get(key) ?? this.#ask(key).finally(() => this.#reads.delete(key));
    this.#reads.set(key, underWay);
    await underWay;
  }

  async #ask(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const answer = await this.#api.get<Secret>(RESOURCES.secret, { namespace, name });
    if (answer.ok) {
      const secret = toCredentialSecret(answer.object, this.#hashOf);
      const bytes = secret.kind === 'Found' ? sizeOf(answer.object) : 0;
      this.#keep(key, { secret, version: versionOf(answer.object), bytes });
    } else if (answer.status === 404) {
      this.#keep(key, { secret: { kind: 'NotFound' }, version: undefined, bytes: 0 });
    } else if (this.#held.get(key)?.secret.kind !== 'Found') {
      const secret = { kind: 'NotRead', why: answer.message } as const;
      this.#keep(key, { secret, version: undefined, bytes: 0 });
    }
  }

  /** The last reference may be gone by the time the Secret is read. */
  #keep(key: string, held: Held): void {
    if (!this.#users.has(key)) {
      return;
    }
    this.#drop(key);
    const fits = this.#memory.exchange(namespaceOf(key), 0, held.bytes);
    this.#held.set(key, fits ? held : { ...held, secret: { kind: 'ShareReached' } });
  }

  #drop(key: string): void {
    const held = this.#held.get(key);
    this.#held.delete(key);
    if (held !== undefined && held.secret.kind === 'Found') {
      this.#memory.exchange(namespaceOf(key), held.bytes, 0);
    }
  }
}

const versionOf = ({ metadata: { uid = '', resourceVersion = '' } }: KubernetesObject): string =>
  `${uid}/${resourceVersion}`;

const sizeOf = ({ data = {} }: Secret): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);

/** The labels may have changed since the watch event, so they are checked again. Values are wrapped at once. */
function toCredentialSecret(secret: Secret, hashOf: (value: string) => string): CredentialSecret {
  const { labels = {} } = secret.metadata;
  if (labels[LABELS.credential] !== 'true') {
    return { kind: 'NotLabelled' };
  }
  const { data = {} } = labels[LABELS.registration] === undefined ? secret : {};
  const bytes = sizeOf({ ...secret, data });
  if (bytes > SHARES.credentialBytes.most) {
    return { kind: 'TooLarge', bytes };
  }
  const texts = Object.entries(data).map(
    ([key, value]) => [key, Buffer.from(value, 'base64').toString().trim()] as const,
  );
  return {
    kind: 'Found',
    values: Object.fromEntries(texts.map(([key, text]) => [key, new Sensitive(text)])),
    hashes: Object.fromEntries(texts.map(([key, text]) => [key, hashOf(text)])),
  };
}
