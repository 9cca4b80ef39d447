import type { Departures } from '../behaviour.ts';

/**
 * How one system departs from the RFCs. Each statement's ground is in the comment above its preset: ✓ read in its source
 * or its official documents, ▶ observed on a running server, ~ recalled or inferred. What no comment names is as in
 * RFC 7591, because nothing else is known.
 */
export interface Preset {
  readonly departures: Departures;
  /** Other settings that its administrators can choose, by name. Laid over `departures`. */
  readonly variants?: Readonly<Record<string, Departures>>;
}

/** No registration access token, no URI, nothing to manage. */
export const UNMANAGED: Departures = {
  answer: { configurationUri: 'absent' },
  management: { admits: [] },
  read: { supported: false },
  update: { supported: false },
  remove: { supported: false },
};

export const DAY_SECONDS = 86_400;
