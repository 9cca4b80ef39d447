import type { ClientKey } from '../../core/client-key.ts';
import type { Failure } from '../../core/failure.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { defined } from '../../oauth/objects.ts';
import type { Log } from '../ports.ts';

/**
 * The audit trail: one line of the log, at level info, for each change of a client at its authorization server and for
 * each deregistration that was given up. Its message is always `audit`. Its fields never change their names; one that
 * has no value is absent, and none holds a token or a secret:
 *
 * | Field | Value |
 * | --- | --- |
 * | `event` | `Registration`, `Replacement`, `Update`, `Rotation`, `Adoption`, `Deregistration`, `Released`, `LeftBehind` |
 * | `outcome` | `Succeeded`; `Failed`: refused; `Unknown`: the server may have acted; `NotSent`. Absent where no call is made |
 * | `client` | `namespace/name` of the OAuthClient |
 * | `server` | Kind and name of the server object, such as `AuthorizationServer/shop/sso` |
 * | `clientId` | `client_id`, as soon as it is known |
 * | `replaces` | `client_id` of the client whose place a new one takes |
 * | `attempt` | Id of the call, as in the ledger, in the registration Secret and in the lists of suspected orphans |
 * | `attempts` | How often the deregistration that is given up was tried |
 * | `why` | Why the operator does it, in one sentence |
 * | `reason`, `message` | Why it failed, as the object's status says it |
 * | `recorded` | `false`: it succeeded, and the registration Secret doesn't say so yet |
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
 * - `Replacement`: a registration that takes the place of an earlier client.
 * - `Rotation`: an update by which another key of the client comes, or a former one goes.
 * - `Released`: the object goes before its client; the deregistration is tried on from the record.
 * - `LeftBehind`: nobody tries any more; the record names the client that stays.
 */
type AuditEvent =
  | 'Registration'
  | 'Replacement'
  | 'Update'
  | 'Rotation'
  | 'Adoption'
  | 'Deregistration'
  | 'Released'
  | 'LeftBehind';

type AuditOutcome = 'Succeeded' | 'Failed' | 'Unknown' | 'NotSent';

/** What a call's line says, whatever it is answered. */
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
