/** One row of the table of shares, see {@link SHARES}. */
export interface Share {
  /** What is bounded. */
  readonly what: string;
  /** The bound, in `unit`. */
  readonly most: number;
  readonly unit: string;
  /** Who has such a share. */
  readonly per: string;
  /** How people learn that it is reached. */
  readonly reported: string;
}
