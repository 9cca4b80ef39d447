import { isReason } from '../../api/reasons.ts';
import { rfc3339 } from '../../api/time.ts';
import type { Idle } from '../action.ts';
import { type Reachable, type Registered, reachable } from '../narrowed.ts';
import type { ObservedClient } from '../observation.ts';
import {
  credentialVersion,
  isBelieved,
  isHeldByGate,
  probeDueAt,
  probeOf,
  toldAgain,
  untriedMessage,
  verificationBasis,
} from '../verification.ts';
import { isSecretHeld } from '../workload.ts';
import { blocked, gated, stall, wait } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules that find out whether a client can authenticate with what the server gave it. */

export const verificationDue: Rule<Reachable> = {
  finding: 'VerificationDue',
  found:
    'The token endpoint was not asked with the present credential of the client, or not for as long as verification.interval of the server object says.',
  follows:
    'It is asked. Unless verification.mode is Gate, what stands in the way does not make the client less ready.',
  decide: (o) => {
    const { at, object, now } = o;
    const due = probeDueAt(o, at);
    const basis = verificationBasis(at, object);
    const isHindered =
      !at.gate.open || blocked(o, 'Verify', basis) !== undefined || isSecretHeld(o, at.record);
    if (due === undefined || now < due || isHindered) {
      return undefined;
    }
    const { record } = at;
    const isFirst = probeOf(o, record) === undefined;
    const since = due === 0 ? 'a person asked for it' : `it has been due since ${rfc3339(due)}`;
    const why = isFirst ? 'was not tried yet' : `is tried again: ${since}`;
    return {
      type: 'Verify',
      message: `The credential of client ${record.clientId} ${why}.`,
      at,
      credential: credentialVersion(record),
      basis,
    };
  },
};

export const verificationAwaited: Rule<Registered> = {
  finding: 'VerificationAwaited',
  found:
    "verification.mode of the server object is Gate, and the server has not accepted the client's credential.",
  follows: 'The client is not ready. Where the server refuses the credential, a person has to act.',
  decide: (o) => {
    const { object, current } = o;
    if (!isHeldByGate(o, current)) {
      return undefined;
    }
    const near = reachable(o);
    if (near === undefined) {
      return asBefore(object);
    }
    const { at } = near;
    const probe = probeOf(o, current);
    if (probe !== undefined && isBelieved(probe)) {
      return stall(probe.result, probe.message || toldAgain(probe.result, current.clientId));
    }
    const untried = untriedMessage(current.clientId, probe);
    const waiting = gated(at.gate, object);
    const reason = 'VerificationInconclusive';
    return (
      blocked(o, 'Verify', verificationBasis(at, object)) ??
      (waiting && { ...waiting, reason, message: `${untried} ${waiting.message}` }) ??
      wait(reason, untried, probeDueAt(o, at))
    );
  },
};

/** The server can't be asked now: what status says holds. */
function asBefore({ status: { conditions = [] } }: ObservedClient): Idle | undefined {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined || !isReason(ready.reason)) {
    return undefined;
  }
  const isStalled = conditions.some(({ type }) => type === 'Stalled');
  return (isStalled ? stall : wait)(ready.reason, ready.message);
}
