import type { Dialect } from './dialect.ts';
import type { CallEffect } from './switches.ts';

/** Call effects that more than one preset needs. */

/** The answer has a new registration access token, and the one that was sent becomes invalid. */
export const rotatesToken: CallEffect = { supported: true, token: 'Rotates', secret: 'None' };

const notSupported: CallEffect = { supported: false, token: 'None', secret: 'None' };

/** The client can be neither changed nor deleted with its own token; it can perhaps be read. */
export const readOnly: Pick<Dialect, 'updateEffect' | 'deleteEffect'> = {
  updateEffect: notSupported,
  deleteEffect: { supported: false },
};

/** Without RFC 7592: an answer has neither token nor URI, and clients can't be managed. */
export const unmanaged: Pick<Dialect, 'readEffect' | 'updateEffect' | 'deleteEffect'> = {
  readEffect: notSupported,
  ...readOnly,
};
