import * as z from 'zod';
import { parseJsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { type ClientKey, clientKey, storedClientKey } from './client-key.ts';
import { cutToJsonBytes } from './json-bytes.ts';
import { isNewerFormat } from './newer-version.ts';
import type { RegistrationRecord } from './record.ts';
import { type ServerKey, serverKey, storedServerKey } from './server-key.ts';
import { shortKey } from './short-name.ts';

/** ConfigMap of the operator's namespace that lists the clients of {@link UnremovedClient}. */
export const UNREMOVED = 'oauth-registrar-unremoved-clients';

/** Key of the number of such clients for which the list has no room. */
const UNLISTED = 'unlisted';

/**
 * A client that nobody uses any more and that may still exist at its server, as the list stores it: what a person needs
 * to look for it there. No secret is in it. The truth is the registration Secret; the list follows from all of them.
 * Long values are cut, and end with `…`.
 */
export interface UnremovedClient {
  /** Name of its registration Secret, and key of its entry. */
  readonly registrationSecret: string;
  /** `owed`: the operator still tries to deregister it. `left-behind`: it has given up. */
  readonly role: UnremovedRole;
  /** The OAuthClient that had it. */
  readonly client: ClientKey;
  readonly uid: string;
  readonly server: ServerKey;
  readonly issuer: string;
  readonly clientId: string;
  /** `client_name`, where it is known. */
  readonly clientName?: string;
  /** Of the registration: the value of `spec.attemptMarker`'s member, where the server object has that. */
  readonly attempt: string;
  /** RFC 3339. */
  readonly registeredAt: string;
  /** RFC 3339: when it was left behind. */
  readonly leftAt?: string;
  readonly purpose?: string;
  readonly session?: string;
}

type UnremovedRole = 'owed' | 'left-behind';

/** Whether a record of this role is in the list. */
export const isUnremoved = (record: RegistrationRecord | undefined): record is UnremovedRecord =>
  record?.role === 'owed' || record?.role === 'left-behind';

/** A record that {@link isUnremoved}. */
export type UnremovedRecord = RegistrationRecord & { readonly role: UnremovedRole };

export const MAX_UNREMOVED_BYTES = 1_300;
const MAX_BYTES = { client: 130, server: 160, url: 240, clientId: 240, name: 100, word: 63, time: 30 };

/** Value in the ConfigMap: JSON of at most {@link MAX_UNREMOVED_BYTES} bytes, for any names and answers. */
export function encodeUnremoved(record: UnremovedRecord): string {
  const { role, client, server, issuer, clientId, displayName, attempt, registeredAt, leftAt } = record;
  const { purpose, session } = record.purpose;
  const cut = (text: string | undefined, max: number) =>
    text === undefined ? undefined : cutToJsonBytes(text, max);
  return JSON.stringify({
    role,
    client: cut(shortKey(clientKey(client)), MAX_BYTES.client),
    uid: cut(client.uid, MAX_BYTES.word),
    server: cut(shortKey(serverKey(server, client.namespace)), MAX_BYTES.server),
    issuer: cut(issuer, MAX_BYTES.url),
    clientId: cut(clientId, MAX_BYTES.clientId),
    clientName: cut(displayName, MAX_BYTES.name),
    attempt: cut(attempt, MAX_BYTES.word),
    registeredAt: cut(registeredAt, MAX_BYTES.time),
    leftAt: cut(leftAt, MAX_BYTES.time),
    purpose: cut(purpose, MAX_BYTES.word),
    session: cut(session, MAX_BYTES.word),
  });
}

/**
 * The clients in the data of the ConfigMap, and how many more there are for which it has no room. Values that are none,
 * or of a newer version, are left out.
 */
export function unremovedIn(data: Readonly<Record<string, string>> = {}): {
  readonly clients: readonly UnremovedClient[];
  readonly unlisted: number;
} {
  const clients = Object.entries(data).flatMap(([registrationSecret, value]) => {
    const parsed = parseJsonObject(value);
    const entry = isNewerFormat(parsed?.['format']) ? undefined : entrySchema.safeParse(parsed);
    return entry?.success ? [{ registrationSecret, ...defined(entry.data) }] : [];
  });
  return { clients, unlisted: Number(data[UNLISTED]) || 0 };
}

/** What the list is to be for these entries. */
export const unremovedData = (
  entries: ReadonlyMap<string, string>,
  unlisted: number,
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(entries),
  ...(unlisted === 0 ? {} : { [UNLISTED]: String(unlisted) }),
});

const entrySchema = z.object({
  role: z.enum(['owed', 'left-behind']),
  client: z.string().transform(storedClientKey),
  uid: z.string().default(''),
  server: z.string().transform(storedServerKey),
  issuer: z.string().default(''),
  clientId: z.string(),
  clientName: z.string().optional(),
  attempt: z.string().default(''),
  registeredAt: z.string().default(''),
  leftAt: z.string().optional(),
  purpose: z.string().optional(),
  session: z.string().optional(),
});
