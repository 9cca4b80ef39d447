import type { PublishedClient } from './published-client.ts';

/** The data of a Secret, key → text; or why there is none, as the end of a sentence that begins with its name. */
export type Rendering =
  | { readonly ok: true; readonly data: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly problem: string };

/** How the Secret of a workload holds its client: a row of `FORMATS`, which `spec.secret.format` names. */
export interface SecretFormat {
  /** As `spec.secret.format` has it. */
  readonly name: string;
  /** What it gives, for people, as a part of the field's description. */
  readonly about: string;
  /**
   * `type` of the Secret. It can't change while a Secret exists. The policy for the operator's account permits the types
   * of this table and no other; none is below `kubernetes.io`, whose types mean something to Kubernetes.
   */
  readonly secretType: string;
  /** What a value is called where `spec.secret.keys` gives it no name; `''`: it is left out. */
  readonly nameOf: (wireName: string, client: Pick<PublishedClient, 'name' | 'provider'>) => string;
  /** Whether a value may be called so, where that is more than what a key of a Secret may be. Default: it may. */
  readonly isName?: (name: string) => boolean;
  /**
   * The data of the Secret. A value never breaks the form: it is escaped, or there is no data.
   *
   * @param keys `spec.secret.keys`: wire name → name, where a person wants another than the format's own; `""` leaves the
   *   value out
   */
  readonly render: (client: PublishedClient, keys: Readonly<Record<string, string>>) => Rendering;
  /** The client_id in data that {@link SecretFormat.render} made, by the same `keys`; `undefined` where it is left out. */
  readonly clientIdIn: (
    data: Readonly<Record<string, string>>,
    keys: Readonly<Record<string, string>>,
  ) => string | undefined;
}
