import type { PublishedClient } from './published-client.ts';

/** How the Secret of a workload holds its client: a row of `FORMATS`, which `spec.secret.format` names. */
export interface SecretFormat {
  /** As `spec.secret.format` has it. */
  readonly name: string;
  /**
   * `type` of the Secret. It can't change while a Secret exists. The policy for the operator's account
   * (`deploy/base/account-bounds.yaml`) has to permit it.
   */
  readonly secretType: string;
  /**
   * The data of the Secret: key → text.
   *
   * @param keys `spec.secret.keys`: wire name → key, where a person wants another than the format's own; `""` leaves
   *   the value out
   */
  readonly render: (
    client: PublishedClient,
    keys: Readonly<Record<string, string>>,
  ) => Readonly<Record<string, string>>;
  /** The client_id in data that {@link SecretFormat.render} made, by the same `keys`; `undefined` where it is left out. */
  readonly clientIdIn: (
    data: Readonly<Record<string, string>>,
    keys: Readonly<Record<string, string>>,
  ) => string | undefined;
}
