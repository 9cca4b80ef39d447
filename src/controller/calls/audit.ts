import type { ClientKey } from '../../core/client-key.ts';
import type { Failure } from '../../core/failure.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { defined } from '../../oauth/objects.ts';
import type { Log } from '../ports.ts';

/**
 * The audit trail: one line of the log, at level info, for each change of a client at its authorization server and for
 * each deregistration that was given up. Its message is always `audit`. Its fields never change their names; one that
 * has no value is absent. No field holds a token or a secret:
 *
 * | Field | Value |
 * | --- | --- |
 * | `event` | `Registration`, `Replacement`, `Update`, `Rotation`, `Adoption`, `Deregistration`, `Released`, `LeftBehind`, `Resolved` |
 * | `outcome` | `Succeeded`; `Failed`: refused; `Unknown`: the server may have acted; `NotSent`. Absent if no call is made |
 * | `client` | `namespace/name` of the OAuthClient |
 * | `server` | Kind and name of the server object, such as `AuthorizationServer/shop/sso` |
 * | `clientId` | `client_id`, as soon as it is known |
 * | `replaces` | `client_id` of the client that the new one replaces |
 * | `attempt` | Id of the call, as in the ledger, in the registration Secret and in the lists of suspected orphans |
 * | `attempts` | Number of attempts of the deregistration that is given up |
 * | `why` | Why the operator does it, in one sentence |
 * | `reason`, `message` | Why it failed, as in the object's status |
 * | `recorded` | `false`: it succeeded, but the registration Secret doesn't record it yet |
 * | `secret` | Name of the registration Secret that stays |
 * | `durationMs` | From the request to its answer |
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

/**
 * - `Replacement`: a registration that replaces an earlier client.
 * - `Rotation`: an update that adds a key of the client or removes a former one.
 * - `Released`: the object is deleted before its client; the operator retries the deregistration from the record.
 * - `LeftBehind`: the operator stops retrying; the record names the client that stays.
 * - `Resolved`: a person said that a suspected orphan, or a client that is owed or left behind, is dealt with.
 */
type AuditEvent =
  | 'Registration'
  | 'Replacement'
  | 'Update'
  | 'Rotation'
  | 'Adoption'
  | 'Deregistration'
  | 'Released'
  | 'LeftBehind'
  | 'Resolved';

type AuditOutcome = 'Succeeded' | 'Failed' | 'Unknown' | 'NotSent';

/** Fields that don't depend on the answer. */
export type Audited = Pick<AuditLine, 'event' | 'why' | 'clientId' | 'replaces'>;

/** How a call ended. */
export type AuditEnd = Pick<AuditLine, 'outcome' | 'clientId' | 'reason' | 'message'>;

export function audit(log: Pick<Log, 'info'>, line: AuditLine): void {
  const { event, outcome, client, server, clientId, replaces, attempt, attempts, why, ...rest } = line;
  const facts = { event, outcome, client, server, clientId, replaces, attempt, attempts, why, ...rest };
  log.info('audit', defined(facts));
}

/** @param failure `undefined`: it succeeded */
export const endOf = (failure: Failure | undefined, wasSent = true): AuditEnd =>
  failure === undefined
    ? { outcome: 'Succeeded' }
    : {
        outcome: wasSent ? (failure.kind === 'Unknown' ? 'Unknown' : 'Failed') : 'NotSent',
        reason: failure.reason,
        message: failure.message,
      };
