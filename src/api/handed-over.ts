import { celText } from './schema.ts';

/**
 * Whether a client has something secret that the operator has to hand over to its workload. The one place that says so:
 * `spec.secret.mode: None` is for clients that have nothing.
 */

/** Methods of RFC 7591 and RFC 8705 by which a client proves itself with nothing, or with what its workload has already. */
const WITH_NOTHING_OF_THE_SERVER = [
  'none',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'private_key_jwt',
  'federated-jwt',
  'spiffe_jwt',
] as const;

/** CEL, on a spec: the client has nothing to hand over. A key that the operator makes is handed over. */
export const NOTHING_TO_HAND_OVER = `(has(self.credential) && (has(self.credential.serviceAccount) || has(self.credential.spiffe))) || has(self.client.tokenEndpointAuthMethod) && self.client.tokenEndpointAuthMethod in [${WITH_NOTHING_OF_THE_SERVER.map(celText).join(', ')}] && (!has(self.credential) || !has(self.credential.generatedKey))`;

/** Whether a client that authenticates so has nothing to hand over; the same as in CEL. */
export const hasNothingToHandOver = ({
  client: { tokenEndpointAuthMethod: method },
  credential,
}: {
  readonly client: { readonly tokenEndpointAuthMethod?: string | undefined };
  readonly credential?:
    | {
        readonly generatedKey?: object | undefined;
        readonly serviceAccount?: object | undefined;
        readonly spiffe?: object | undefined;
      }
    | undefined;
}): boolean =>
  credential?.serviceAccount !== undefined ||
  credential?.spiffe !== undefined ||
  (isWithNothingOfTheServer(method) && credential?.generatedKey === undefined);

/** Whether the workload needs nothing of the server's answer but its client_id. */
export const isWithNothingOfTheServer = (method: string | undefined): boolean =>
  WITH_NOTHING_OF_THE_SERVER.some((known) => known === method);

/** What to write in a spec that wants no Secret of a client that has something to hand over. */
export const NOTHING_WANTED =
  "secret.mode None is for a client that has no secret to hand over: set client.tokenEndpointAuthMethod to none, or to a method by a certificate or key of the workload's own; or remove secret.mode";
