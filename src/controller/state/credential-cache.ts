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
  /** A registration Secret never serves as a credential, whoever labels it as one: it is never read. */
  readonly isRegistration: boolean;
  /** Kept though its namespace has no room, since somebody refers to it. */
  readonly isOverShare?: boolean;
}

interface Held {
  readonly secret: CredentialSecret;
  /** Of what was read: `uid/resourceVersion`. `undefined` where nothing was, or not the version that is there now. */
  readonly version: string | undefined;
  /** Of the values: what they take of the namespace's share of memory, or would where there is no room for them. */
  readonly bytes: number;
}

/**
 * The values of credential Secrets: read when an object that refers to one is looked at and its version isn't known, kept
 * as long as somebody refers to it, and never more than {@link SHARES.credentialBytes} of one Secret.
 *
 * The Secrets themselves are watched by their metadata alone, so that those which nobody refers to cost next to nothing,
 * and a change of one wakes those who do.
 */
export class CredentialCache {
  readonly #api: KubernetesApi;
  readonly #watched: (key: string) => CredentialObject | undefined;
  /** By `namespace/name` of the Secret. */
  readonly #held = new Map<string, Held>();
  /** By `namespace/name` of the Secret; within, by `textOf` who refers to it. */
  readonly #users = new Map<string, Map<string, ReconciledKey>>();
  readonly #references = new Map<string, readonly string[]>();
  readonly #reads = new Map<string, Promise<void>>();
  readonly #memory: NamespaceMemory;
  /** By `textOf` who refers to Secrets: bytes that it keeps besides the values of Secrets, and in which namespace. */
  readonly #counted = new Map<string, { readonly namespace: string; readonly bytes: number }>();

  /** @param watched metadata of a labelled Secret, by its `namespace/name` */
  constructor(
    api: KubernetesApi,
    memory: NamespaceMemory,
    watched: (key: string) => CredentialObject | undefined,
  ) {
    this.#api = api;
    this.#memory = memory;
    this.#watched = watched;
  }

  /**
   * From now on `who` refers to just these Secrets of the namespace. Resolves when their values are read, as far as they can
   * be and weren't. A server object is told, by one more call, whether a Secret that isn't watched lacks the label.
   */
  async refer(who: ReconciledKey, namespace: string, names: readonly string[]): Promise<void> {
    const keys = names.map((name) => keyOf({ namespace, name }));
    this.#note(who, keys);
    for (const key of keys) {
      await this.#read(key, who.kind === 'Server');
    }
  }

  /** It refers to nothing any more. */
  forget(who: ReconciledKey): void {
    this.#note(who, []);
    this.count(who, '', 0);
  }

  /** It keeps so much besides: text of a CA bundle. False where its namespace has no room for that. */
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

  /** As it was last read for those who refer to it; makes no call. */
  get(namespace: string, name: string): CredentialSecret {
    return this.#held.get(keyOf({ namespace, name }))?.secret ?? { kind: 'NotFound' };
  }

  /** Whether a Secret that it refers to could not be read in its present version: it makes sense to look again soon. */
  isIncomplete(who: ReconciledKey): boolean {
    return (this.#references.get(reconciledText(who)) ?? []).some((key) => {
      const held = this.#held.get(key);
      const isMissing = held?.secret.kind === 'NotRead' || held?.secret.kind === 'ShareReached';
      return isMissing || (this.#watched(key) !== undefined && !this.#isKnown(key));
    });
  }

  /** Who refers to this Secret, whether or not it exists. */
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
      const secret = { kind: 'Found', values: {}, version: '' } as const;
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
    // Many clients may bring the same statement: one call serves all that come meanwhile.
    const underWay = this.#reads.get(key) ?? this.#ask(key).finally(() => this.#reads.delete(key));
    this.#reads.set(key, underWay);
    await underWay;
  }

  async #ask(key: string): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const answer = await this.#api.get<Secret>(RESOURCES.secret, { namespace, name });
    if (answer.ok) {
      const secret = toCredentialSecret(answer.object);
      const bytes = secret.kind === 'Found' ? sizeOf(answer.object) : 0;
      this.#keep(key, { secret, version: versionOf(answer.object), bytes });
    } else if (answer.status === 404) {
      this.#keep(key, { secret: { kind: 'NotFound' }, version: undefined, bytes: 0 });
    } else if (this.#held.get(key)?.secret.kind !== 'Found') {
      const secret = { kind: 'NotRead', why: answer.message } as const;
      this.#keep(key, { secret, version: undefined, bytes: 0 });
    }
  }

  /** Whoever referred to it may be gone by the time it is read. */
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

/** The label may have been taken off, or the other one put on, since the watch told of it. Values are wrapped at once. */
function toCredentialSecret(secret: Secret): CredentialSecret {
  const { labels = {} } = secret.metadata;
  if (labels[LABELS.credential] !== 'true') {
    return { kind: 'NotLabelled' };
  }
  const { data = {} } = labels[LABELS.registration] === undefined ? secret : {};
  const bytes = sizeOf({ ...secret, data });
  if (bytes > SHARES.credentialBytes.most) {
    return { kind: 'TooLarge', bytes };
  }
  const values = Object.entries(data).map(([key, value]) => [
    key,
    new Sensitive(Buffer.from(value, 'base64').toString().trim()),
  ]);
  return { kind: 'Found', values: Object.fromEntries(values), version: versionOf(secret) };
}
