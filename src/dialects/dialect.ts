/** How a server departs from the RFCs: data. The first value of each switch is what the RFCs say. */
export interface Dialect {
  readonly name: string;
  /** What a read (RFC 7592 section 2.1) does to the token: where it rotates, a read is never used to look around. */
  readonly readEffect: 'None' | 'Rotates';
  /** Statuses of an answer to DELETE that mean the client can't be deleted by this server, if it is still alive. */
  readonly deletionUnsupportedStatuses: readonly number[];
  /** Statuses that a server gives for a client that is gone; they look like those for a wrong token. */
  readonly goneStatuses: readonly number[];
  /** Statuses of an answer to POST that prove that no client was created, besides every 4xx but 408. */
  readonly notCreatedStatuses: readonly number[];
  /** Errors of a 400 or 403 that refuse the token, not the metadata. */
  readonly tokenRefusals: readonly string[];
}
