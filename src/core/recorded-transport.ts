import type { Transport } from '../oauth/http-message.ts';
import { sha256 } from '../oauth/sha256.ts';

/**
 * How a server is reached by a record alone, with the CA that was trusted when the client was registered. Connections are
 * shared by version, so it names the CA itself. `undefined`: no CA was recorded, the well-known ones are trusted.
 */
export const recordedTransport = (ca: string | undefined): Transport | undefined =>
  ca === undefined ? undefined : { version: `record ${sha256(ca)}`, ca };
