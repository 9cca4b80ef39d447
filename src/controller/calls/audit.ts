import type { AuditLine } from '../../core/audit-line.ts';
import type { Failure } from '../../core/failure.ts';
import { serverNamed } from '../../core/server-key.ts';
import { defined } from '../../oauth/objects.ts';
import type { Counters, Log } from '../ports.ts';

/** Fields that don't depend on the answer. */
export type Audited = Pick<AuditLine, 'event' | 'why' | 'clientId' | 'replaces'>;

/** How a call ended. */
export type AuditEnd = Pick<AuditLine, 'outcome' | 'clientId' | 'reason' | 'message'>;

/** Writes one line of the audit trail, and counts it. */
export function audit(
  { log, counters }: { readonly log: Pick<Log, 'info'>; readonly counters: Pick<Counters, 'clientChanged'> },
  line: AuditLine,
): void {
  const { event, outcome, client, server, clientId, replaces, attempt, attempts, why, ...rest } = line;
  const facts = { event, outcome, client, server, clientId, replaces, attempt, attempts, why, ...rest };
  log.info('audit', defined(facts));
  counters.clientChanged({ server: serverNamed(server), event, outcome });
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
