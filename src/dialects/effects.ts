import type { Dialect } from './dialect.ts';
import type { CallEffect } from './switches.ts';

/** What calls do, in the words that more than one preset needs. */

/** The answer carries a new registration access token, and the one that was sent is dead. */
export const rotatesToken: CallEffect = { supported: true, token: 'Rotates', secret: 'None' };

const notSupported: CallEffect = { supported: false, token: 'None', secret: 'None' };

/** The client can be neither changed nor deleted with its own token; it can perhaps be read. */
export const readOnly: Pick<Dialect, 'updateEffect' | 'deleteEffect'> = {
  updateEffect: notSupported,
  deleteEffect: { supported: false },
};

/** Nothing of RFC 7592: an answer brings neither token nor URI, and the client is left to the server. */
export const unmanaged: Pick<Dialect, 'readEffect' | 'updateEffect' | 'deleteEffect'> = {
  readEffect: notSupported,
  ...readOnly,
};
