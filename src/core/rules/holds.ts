import type { Action } from '../action.ts';
import type { ServerConnection } from '../connection.ts';
import { iso } from '../find.ts';
import type { Observation } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { stall, wait } from './rests.ts';

/** What holds a registration back though nothing is wrong with it. */

/** How long after the last of too many registrations without an answer another is tried. */
const MANY_LOST_MS = 600_000;

/** Registrations of this client got no answer: whoever runs the server says whether, and how often, that is risked. */
export function onHold(o: Observation, { recovery }: ServerConnection): Action | undefined {
  const { object, suspects } = o;
  const asked = object?.reconcileRequestedAt;
  if (suspects.count === 0 || (asked !== undefined && asked !== object?.status.lastHandledReconcileAt)) {
    return undefined;
  }
  const annotate = `kubectl annotate oac ${o.name} -n ${o.namespace} oauth-registrar.dev/reconcile-requested-at=$(date +%s) --overwrite`;
  const listed = 'ConfigMap oauth-registrar-suspected-orphans has its time';
  if (recovery.interrupted === 'Hold') {
    return stall(
      'RegistrationOutcomeUnknown',
      `A registration of this client got no answer. Look for the client at the server (${listed}) and remove it; then have another registered: ${annotate}`,
    );
  }
  const until = suspects.latestAt + MANY_LOST_MS;
  return suspects.count >= recovery.maxAttempts && !suspects.isOver && o.now < until
    ? wait(
        'RegistrationOutcomeUnknown',
        `${suspects.count} registrations of this client got no answer (${listed}). Another is tried at ${iso(until)}, or as soon as the server answers one of another client, or when you say so: ${annotate}`,
        until,
      )
    : undefined;
}

export function overQuota(
  o: Observation,
  { policy }: ServerConnection,
  replaces: RegistrationRecord | undefined,
): Action | undefined {
  const most = policy?.maxClientsPerNamespace ?? Number.POSITIVE_INFINITY;
  return o.clientsInNamespace < most || replaces !== undefined
    ? undefined
    : wait(
        'QuotaExceeded',
        `Namespace ${o.namespace} has ${o.clientsInNamespace} clients at this server, and the platform team permits ${most}. Delete one, or ask for more.`,
        o.now + 30_000,
      );
}
