import { rfc3339, storedTime } from '../../api/time.ts';
import type { Action } from '../action.ts';
import { clientDueAt, clientEnd, knownEnd, renewalBasis, tokenDueAt } from '../due.ts';
import { homeOf, type RecordAtServer } from '../home.ts';
import { requestRotation } from '../kubectl-command.ts';
import { managementMode } from '../management.ts';
import type { Reachable, Registered } from '../narrowed.ts';
import type { Observation } from '../observation.ts';
import { COUNTED_MS, lastRegistration } from '../recent-calls.ts';
import type { RegistrationRecord } from '../record.ts';
import { callTooSoon, isPaced } from './floor.ts';
import { blocked, stall, wait } from './idle.ts';
import { planUpdate, unlessIdle } from './metadata.ts';
import { askToReplace, replace } from './replacement.ts';
import type { Rule } from './rule.ts';

/**
 * Rules about what expires at the server: it is renewed in time where a call can renew it, else the client is replaced.
 */

/** Some servers answer an update with a new registration access token. */
export const tokenExpiring: Rule<Reachable> = {
  finding: 'TokenExpiring',
  found: 'The registration access token is near its end, and an update brings another.',
  follows: 'The client is updated. What stands in the way does not make it less ready.',
  decide: (o) =>
    isTokenDue(o, o.at)
      ? unlessIdle(planUpdate(o, { keys: 'Keep', because: 'Expires', message: tokenExpires(o.current) }))
      : undefined,
};

/** For a client that outlived its object, the last document is sent again. */
export const retainedTokenExpiring: Rule<Observation> = {
  finding: 'RetainedTokenExpiring',
  found: 'The registration access token of a retained client is near its end.',
  follows: 'The client is updated, so that it stays manageable.',
  decide: (o) => {
    const retained = o.records.filter(({ role }) => role === 'retained');
    const [at] = retained.flatMap((record) => {
      const home = homeOf(o, record);
      return home.kind === 'AtServer' && home.gate.open && isTokenDue(o, home) ? home : [];
    });
    return (
      at && {
        type: 'Update',
        message: tokenExpires(at.record),
        object: undefined,
        at,
        document: undefined,
        withheld: [],
        statement: undefined,
        keys: 'Keep',
        because: 'Expires',
        hash: at.record.metadataHash,
        basis: renewalBasis(at.record),
      }
    );
  },
};

const tokenExpires = ({ clientId, registrationAccessTokenExpiresAt }: RegistrationRecord): string =>
  `The registration access token of client ${clientId} expires at ${registrationAccessTokenExpiresAt}.`;

function isTokenDue(o: Observation, { record, connection }: RecordAtServer): boolean {
  const due = tokenDueAt(record);
  if (due === undefined || o.now < due) {
    return false;
  }
  const isRenewable =
    connection.dialect.updateEffect.supported &&
    managementMode(record.managed, connection.management) === 'RegistrationAccessToken';
  const isOver = o.now >= storedTime(record.registrationAccessTokenExpiresAt);
  const basis = renewalBasis(record);
  const isBlocked = (['Update', 'Renew'] as const).some((action) => blocked(o, action, basis) !== undefined);
  const isTooSoon = callTooSoon(o, 'Update', 'Automatic', connection) !== undefined;
  return isRenewable && !isOver && !isBlocked && !isTooSoon;
}

/** At some servers an update renews the client secret, or the whole client. */
export const clientExpiring: Rule<Reachable> = {
  finding: 'ClientExpiring',
  found: 'The client, or its secret, is near its end.',
  follows:
    'The client is updated where that renews it, else replacement.onExpiry decides. What stands in the way does not make it less ready.',
  decide: (o) => {
    const { at, current } = o;
    const due = clientDueAt(o, at);
    if (due === undefined || o.now < due) {
      return undefined;
    }
    const { dialect, management } = at.connection;
    const isRenewedByUpdate =
      dialect.updateEffect.supported &&
      dialect.updateEffect.secret === 'Rotates' &&
      managementMode(current.managed, management) !== 'None';
    const message = `Client ${current.clientId}, or its secret, has been due for renewal since ${rfc3339(due)}.`;
    if (isRenewedByUpdate && blocked(o, 'Renew', renewalBasis(current)) === undefined) {
      return unlessIdle(planUpdate(o, { keys: 'Keep', because: 'Expires', message }));
    }
    return replaceExpiring(o, message);
  },
};

/**
 * The client works until its end. Until then, what stands in the way of a replacement takes nothing from it; only the
 * bounds on calls show in status.
 */
function replaceExpiring(o: Reachable, message: string): Action | undefined {
  const end = clientEnd(o.at);
  switch (o.spec.replacement.onExpiry) {
    case 'Automatic': {
      const action = replace(o, message);
      return action.type !== 'Idle' || isPaced(action) ? action : undefined;
    }
    case 'Manual':
      return end !== undefined && o.now >= end ? askToReplace(o, expiredAt(o.current, end)) : undefined;
    case 'Never':
      return undefined;
  }
}

/** Comes last of the rules that could give the object another client: none of them could. */
export const clientExpired: Rule<Registered> = {
  finding: 'ClientExpired',
  found: 'The client, or its secret, has ended, and nothing could be done about it.',
  follows:
    'It is not ready. It waits for what stands in the way of a replacement; by onExpiry Never a person has to act.',
  decide: (o) => {
    const { current, at, server, now, spec } = o;
    const end = knownEnd(current, at);
    if (end === undefined || Number.isNaN(end) || now < end) {
      return undefined;
    }
    const over = expiredAt(current, end);
    if (!server.available) {
      return wait(server.reason, `${over} ${server.message}`);
    }
    const tried = current.endIsFixed ? lastRegistration(o) : undefined;
    if (tried !== undefined) {
      const until = tried + COUNTED_MS;
      const why = 'The server gave it no later end than the client before it, so one an hour is registered.';
      return wait(
        'ClientExpired',
        `${over} ${why} The next one follows at ${rfc3339(until)}; at once, if you ask for it: ${requestRotation(o)}`,
        until,
      );
    }
    if (spec.replacement.onExpiry === 'Never') {
      return stall(
        'ClientExpired',
        `${over} spec.replacement.onExpiry is Never. To have another client registered, with a new client_id: ${requestRotation(o)}`,
      );
    }
    const action = replace({ ...o, server }, over);
    return action.type === 'Idle' ? { ...action, message: `${over} ${action.message}` } : action;
  },
};

const expiredAt = ({ clientId }: RegistrationRecord, end: number): string =>
  `Client ${clientId}, or its secret, expired at ${rfc3339(end)}.`;
