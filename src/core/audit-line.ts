import * as z from 'zod';
import { REASONS } from '../api/reasons.ts';
import type { ClientKey } from './client-key.ts';
import type { ServerKey } from './server-key.ts';

/** What an audit line tells of → its meaning, for the documents. */
export const AUDIT_EVENTS = {
  Registration: 'A client is registered (RFC 7591)',
  Replacement: 'A client is registered in the place of an earlier one, which is removed later',
  Update: 'The metadata of a client are changed (RFC 7592)',
  Rotation: 'An update by which another key of the client is published, or a former one withdrawn',
  Adoption: 'A client that existed before is managed from now on',
  Deregistration: 'A client is removed (RFC 7592)',
  Released: 'The object is deleted before its client; the deregistration is tried again from the record',
  LeftBehind: 'The deregistration is given up; the record names the client that stays at the server',
  Resolved:
    'A person [resolved](lifecycle.md#resolve-an-entry) a suspected orphan, or a client that was owed or left behind; `why` has the note',
} as const;

/** How it ended → its meaning, for the documents. */
export const AUDIT_OUTCOMES = {
  Succeeded: '',
  Failed: 'the server refused it',
  Unknown: 'the answer was lost, so the server may have done it',
  NotSent: 'no request was sent',
} as const;

export type AuditEvent = keyof typeof AUDIT_EVENTS;
export type AuditOutcome = keyof typeof AUDIT_OUTCOMES;

const oneOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) =>
  z.enum(Object.keys(table) as [Name, ...Name[]]);
const sentence = z.string().min(1);

/** The descriptions are the table of docs/logs.md. */
export const auditLine = z.strictObject({
  event: oneOf(AUDIT_EVENTS).describe('What is done, see below'),
  outcome: oneOf(AUDIT_OUTCOMES)
    .optional()
    .describe(
      `${Object.entries(AUDIT_OUTCOMES)
        .map(([name, meaning]) => (meaning === '' ? `\`${name}\`` : `\`${name}\`: ${meaning}`))
        .join('; ')}. Absent for \`Released\`, \`LeftBehind\` and \`Resolved\`, which are no calls`,
    ),
  client: sentence.describe('`namespace/name` of the OAuthClient'),
  server: sentence.describe(
    'Kind and name of the server object: `ClusterAuthorizationServer/corporate` or `AuthorizationServer/shop/sso`',
  ),
  clientId: sentence.optional().describe('`client_id`; absent until the server has assigned one'),
  replaces: sentence.optional().describe('`client_id` of the earlier client, for a `Replacement`'),
  attempt: sentence
    .optional()
    .describe(
      'Id of the call. The ledger, the registration Secret and the lists of suspected orphans name the same id',
    ),
  attempts: z
    .int()
    .min(0)
    .optional()
    .describe('How often the deregistration was tried, for `Released` and `LeftBehind`'),
  why: sentence.describe('Why the operator does it, in one sentence'),
  reason: oneOf(REASONS).optional().describe('Why it failed: one of the [reasons](reference.md#reasons)'),
  message: sentence.optional().describe('The same in a sentence, as the status of the object shows it'),
  recorded: z
    .literal(false)
    .optional()
    .describe(
      '`false`: the call succeeded, and the API server has not taken the record yet. The operator tries again until it has',
    ),
  secret: sentence
    .optional()
    .describe(
      'Name of the registration Secret that stays, for `Released` and `LeftBehind`; that is removed, for `Resolved`',
    ),
  durationMs: z.int().min(0).optional().describe('Milliseconds from the request to its answer'),
});

/**
 * The audit trail: one line of the log, at level info, for each change of a client at its authorization server and for
 * each deregistration that was given up. Its message is always `audit`. Its fields never change their names; one that
 * has no value is absent. No field holds a token or a secret.
 */
export interface AuditLine {
  readonly event: AuditEvent;
  readonly outcome?: AuditOutcome | undefined;
  readonly client: ClientKey;
  readonly server: ServerKey;
  readonly clientId?: string | undefined;
  readonly replaces?: string | undefined;
  readonly attempt?: string | undefined;
  readonly attempts?: number | undefined;
  readonly why: string;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly recorded?: false | undefined;
  readonly secret?: string | undefined;
  readonly durationMs?: number | undefined;
}
