import type { ClientKey } from './client-key.ts';
import type { ServerKey } from './server-key.ts';

/** Names one of the objects that are reconciled. */
export type ReconciledKey =
  | { readonly kind: 'Client'; readonly key: ClientKey }
  | { readonly kind: 'Server'; readonly key: ServerKey };

/** One text for each object: for maps, and for the log. */
export const reconciledText = ({ kind, key }: ReconciledKey): string => `${kind} ${key}`;
