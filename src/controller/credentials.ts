import { type KubernetesObject, keyOf, RESOURCES, type Secret } from '../api/kubernetes.ts';
import { LABELS } from '../api/names.ts';
import { SHARES } from '../api/shares.ts';
import type { CredentialSecret } from '../core/credential.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import type { KubernetesApi } from './ports.ts';

/** Metadata of a Secret that carries the credential label. */
export interface CredentialObject extends KubernetesObject {
  /** A registration Secret never serves as a credential, whoever labels it as one: it is never read. */
  readonly isRegistration: boolean;
}

/** Who refers to Secrets: an OAuthClient by `client:namespace/name`, a server object by `server:` and its key. */
export type Referrer = `client:${string}` | `server:${string}`;

interface Held {
  readonly secret: CredentialSecret;
  /** Of what was read: `uid/resourceVersion`. `undefined` where nothing was, or not the version that is there now. */
  readonly version: string | undefined;
}

/**
 * The values of credential Secrets: read when an object that refers to one is looked at and its version isn't known, kept
 * as long as somebody refers to it, and never more than {@link SHARES.credentialBytes} of one Secret.
 *
 * The Secrets themselves are watched by their metadata alone, so that those which nobody refers to cost next to nothing,
 * and a change of one wakes those who do.
 */
export class Credentials {
  readonly #api: KubernetesApi;
  readonly #watched: (key: string) => CredentialObject | undefined;
  /** By `namespace/name` of the Secret. */
  readonly #held = new Map<string, Held>();
  readonly #users = new Map<string, Set<Referrer>>();
  readonly #references = new Map<Referrer, readonly string[]>();
  readonly #reads = new Map<string, Promise<void>>();

  /** @param watched metadata of a labelled Secret, by its `namespace/name` */
  constructor(api: KubernetesApi, watched: (key: string) => CredentialObject | undefined) {
    this.#api = api;
    this.#watched = watched;
  }

  /**
   * From now on `who` refers to just these Secrets of the namespace. Resolves when their values are read, as far as they can
   * be and weren't. A server object is told, by one more call, whether a Secret that isn't watched lacks the label.
   */
  async refer(who: Referrer, namespace: string, names: readonly string[]): Promise<void> {
    const keys = names.map((name) => keyOf({ namespace, name }));
    this.#note(who, keys);
    for (const key of keys) {
      await this.#read(key, who.startsWith('server:'));
    }
  }

  /** It refers to nothing any more. */
  forget(who: Referrer): void {
    this.#note(who, []);
  }

  /** As it was last read for those who refer to it; makes no call. */
  get(namespace: string, name: string): CredentialSecret {
    return this.#held.get(keyOf({ namespace, name }))?.secret ?? { kind: 'NotFound' };
  }

  /** Whether a Secret that it refers to could not be read in its present version: it makes sense to look again soon. */
  isIncomplete(who: Referrer): boolean {
    return (this.#references.get(who) ?? []).some((key) => {
      const held = this.#held.get(key);
      return held?.secret.kind === 'NotRead' || (this.#watched(key) !== undefined && !this.#isKnown(key));
    });
  }

  /** Who refers to this Secret, whether or not it exists. */
  usersOf(key: string): readonly Referrer[] {
    return [...(this.#users.get(key) ?? [])];
  }

  #note(who: Referrer, keys: readonly string[]): void {
    const before = this.#references.get(who) ?? [];
    for (const key of before.filter((known) => !keys.includes(known))) {
      const users = this.#users.get(key);
      users?.delete(who);
      if (users?.size === 0) {
        this.#users.delete(key);
        this.#held.delete(key);
      }
    }
    if (keys.length === 0) {
      this.#references.delete(who);
      return;
    }
    this.#references.set(who, keys);
    for (const key of keys) {
      this.#users.set(key, (this.#users.get(key) ?? new Set()).add(who));
    }
  }

  #isKnown(key: string): boolean {
    const watched = this.#watched(key);
    return watched !== undefined && this.#held.get(key)?.version === versionOf(watched);
  }

  async #read(key: string, askWhy: boolean): Promise<void> {
    const watched = this.#watched(key);
    if (watched?.isRegistration) {
      this.#keep(key, { secret: { kind: 'Found', values: {}, version: '' }, version: versionOf(watched) });
      return;
    }
    if (watched === undefined && !askWhy) {
      this.#keep(key, { secret: { kind: 'NotFound' }, version: undefined });
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
      this.#keep(key, { secret: toCredential(answer.object), version: versionOf(answer.object) });
    } else if (answer.status === 404) {
      this.#keep(key, { secret: { kind: 'NotFound' }, version: undefined });
    } else if (this.#held.get(key)?.secret.kind !== 'Found') {
      this.#keep(key, { secret: { kind: 'NotRead', why: answer.message }, version: undefined });
    }
  }

  /** Whoever referred to it may be gone by the time it is read. */
  #keep(key: string, held: Held): void {
    if (this.#users.has(key)) {
      this.#held.set(key, held);
    }
  }
}

const versionOf = ({ metadata: { uid = '', resourceVersion = '' } }: KubernetesObject): string =>
  `${uid}/${resourceVersion}`;

/** The label may have been taken off, or the other one put on, since the watch told of it. Values are wrapped at once. */
function toCredential(secret: Secret): CredentialSecret {
  const { labels = {} } = secret.metadata;
  if (labels[LABELS.credential] !== 'true') {
    return { kind: 'NotLabelled' };
  }
  const { data = {} } = labels[LABELS.registration] === undefined ? secret : {};
  const bytes = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, 'base64'), 0);
  if (bytes > SHARES.credentialBytes.most) {
    return { kind: 'TooLarge', bytes };
  }
  const values = Object.entries(data).map(([key, value]) => [
    key,
    new Sensitive(Buffer.from(value, 'base64').toString().trim()),
  ]);
  return { kind: 'Found', values: Object.fromEntries(values), version: versionOf(secret) };
}
