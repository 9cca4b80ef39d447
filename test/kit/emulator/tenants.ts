import type { Message } from './message.ts';
import type { ServerState } from './server-state.ts';

/** Further issuers of one emulator, by path: each has endpoints of its own, and all share clients and credentials. */

/** Path of the issuer and of its endpoints, from the origin. */
export const tenantPath = (index: number): string => `/tenant-${index}`;

/** Origin paths (`/tenant-7/connect/register`), and well-known paths with the issuer's path at the end (RFC 8414 section 3.1). */
const OWN_PATH = /^(?<tenant>\/tenant-\d+)(?<own>\/.*)$/;
const INSERTED = /^(?<own>\/\.well-known\/[^/]+)(?<tenant>\/tenant-\d+)$/;

/** The server and the request as the issuer that is asked sees them; unchanged where the path names no tenant. */
export function tenantOf(
  state: ServerState,
  message: Message,
): { readonly state: ServerState; readonly message: Message } {
  const { tenant, own } = (OWN_PATH.exec(message.path) ?? INSERTED.exec(message.path))?.groups ?? {};
  if (tenant === undefined || own === undefined) {
    return { state, message };
  }
  const { origin, issuer } = state;
  return {
    state: { ...state, origin: origin + tenant, issuer: issuer.replace(origin, origin + tenant) },
    message: { ...message, path: own },
  };
}
