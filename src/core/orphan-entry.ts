import * as z from 'zod';
import { presentable } from '../oauth/error-response.ts';
import { parseJsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { cut, cutToBytes } from '../oauth/text.ts';
import { type ClientKey, clientKey, storedClientKey } from './client-key.ts';
import { cutToJsonBytes } from './json-bytes.ts';
import { isNewerFormat } from './newer-version.ts';
import type { ClientIdentity } from './record.ts';
import { type ServerKey, storedServerKey } from './server-key.ts';
import { shortKey } from './short-name.ts';

/** A suspected orphan, as the list stores it. Long names are cut: see `short-name.ts`. */
export interface OrphanEntry {
  readonly server: ServerKey;
  readonly client: ClientKey;
  readonly uid: string;
  /** RFC 3339. */
  readonly startedAt: string;
  /** Why the answer is unknown; the server's own words if there are any. */
  readonly why: string;
  /** Of the server, where it is known. */
  readonly issuer?: string;
  /** `client_name` of the request, where it is known. */
  readonly clientName?: string;
}

/** An entry with its key: the attempt, which is the value of `spec.attemptMarker`'s member at the server. */
export interface SuspectedOrphan extends OrphanEntry {
  readonly attempt: string;
}

/** The registration whose answer could not be read. */
interface LostCall {
  readonly server: ServerKey;
  readonly client: ClientIdentity;
  /** RFC 3339. */
  readonly startedAt: string;
}

/** What helps to find the client at its server, where it is known. */
export type OrphanTraits = Pick<OrphanEntry, 'issuer' | 'clientName'>;

export const MAX_ORPHAN_BYTES = 700;
const MAX_WHY_BYTES = 100;
const MAX_NAME_BYTES = 60;

/** Value in the ConfigMap: JSON of at most {@link MAX_ORPHAN_BYTES} bytes, for any names and words. */
export function encodeOrphan(
  { server, client, startedAt }: LostCall,
  why: string,
  traits: OrphanTraits = {},
): string {
  return encode({ server, client: clientKey(client), uid: client.uid, startedAt, why, ...traits });
}

/** The suspected orphans in the data of a list. Notes of people are left out. */
export function suspectsIn(data: Readonly<Record<string, string>> = {}): readonly SuspectedOrphan[] {
  return Object.entries(data).flatMap(([attempt, value]) => {
    const entry = decodeOrphan(value);
    return entry === undefined ? [] : [{ attempt, ...entry }];
  });
}

/** Shortens a value that is too long: earlier versions or people may have written it. One of a newer version stays. */
export function withinBound(value: string): string {
  const isOurs =
    Buffer.byteLength(value) > MAX_ORPHAN_BYTES && !isNewerFormat(parseJsonObject(value)?.['format']);
  const entry = isOurs ? decodeOrphan(value) : undefined;
  return entry === undefined ? value : encode(entry);
}

/** Names the client that the OAuthClient uses, before the reason: it is not the orphan. */
export function withClientInUse(value: string, clientId: string): string {
  const entry = decodeOrphan(value);
  if (entry === undefined) {
    return value;
  }
  const why = entry.why.replace(IN_USE, '');
  return encode({
    ...entry,
    why: `not ${presentable(cut(clientId, MAX_SHOWN_ID), [])}, which is in use; ${why}`,
  });
}

const IN_USE = /^not .*?, which is in use; /;
/** Longer ones are cut, so that the reason has room. */
const MAX_SHOWN_ID = 48;

/** Parses a value. `undefined`: a person's note, or invalid. */
export function decodeOrphan(value: string): OrphanEntry | undefined {
  const parsed = entrySchema.safeParse(parseJsonObject(value));
  return parsed.success ? defined(parsed.data) : undefined;
}

/** Without the issuer where there is no room for it: the server object has it, too. */
function encode({ server, client, uid, startedAt, why, issuer, clientName }: OrphanEntry): string {
  const entry = {
    server: shortKey(server),
    client: shortKey(client),
    uid,
    startedAt,
    why: cutToBytes(why, MAX_WHY_BYTES),
    clientName: clientName && cutToJsonBytes(clientName, MAX_NAME_BYTES),
  };
  const whole = JSON.stringify({ ...entry, issuer });
  return Buffer.byteLength(whole) > MAX_ORPHAN_BYTES ? JSON.stringify(entry) : whole;
}

const entrySchema = z.object({
  server: z.string().transform(storedServerKey),
  client: z.string().default('').transform(storedClientKey),
  uid: z.string().default(''),
  startedAt: z.string().default(''),
  why: z.string().default(''),
  issuer: z.string().optional(),
  clientName: z.string().optional(),
});
