import type { Json, JsonObject } from '../oauth/json.ts';

/**
 * Translates a client between the metadata of RFC 7591 and the form in which a server reads and answers it. Everything else
 * of the operator (policy, comparison, record, Secret) knows the metadata alone.
 */
export interface ClientCodec {
  /**
   * Whether the server's form has a place for this member, by wire name, and for its value, beside the other members of the
   * metadata. Nothing else is sent.
   */
  readonly knows: (member: string, value: Json, metadata: JsonObject) => boolean;
  /** The body of a request. */
  readonly encode: (metadata: JsonObject) => JsonObject;
  /** The client information (RFC 7591 section 3.2.1) of an answer. An error response stays as it is. */
  readonly decode: (answer: JsonObject) => JsonObject;
  /**
   * Members of `decode` that follow from other members of the answer. An update sends them only where a client declares them:
   * what was answered would hold back an edit of the others.
   */
  readonly derived: readonly string[];
  /** The registration endpoint that reads this form, from the one that the discovery document names. */
  readonly endpointOf: (published: string) => string;
  /** Members by which a workload of the cluster authenticates with a token of its ServiceAccount. */
  readonly ofServiceAccount: (trust: {
    /** Name of the trust that the server keeps for the cluster. */
    readonly identityProvider: string;
    readonly subject: string;
  }) => JsonObject;
}
