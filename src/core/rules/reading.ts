import { rfc3339 } from '../../api/time.ts';
import { setbackOf } from '../earlier-calls.ts';
import type { Reachable, Registered } from '../narrowed.ts';
import { readBasis, readDueAt } from '../read-due.ts';
import { blocked } from './idle.ts';
import type { Rule } from './rule.ts';

/** What status says of reads that fail again and again; empty where none does. */
export function readNotice(o: Registered): string {
  const setback = o.at && setbackOf(o, 'Read', readBasis(o.at));
  const isTold = setback?.reason === 'RegistrationAccessTokenLost' || (setback?.attempts ?? 0) >= TOLD_FROM;
  return setback !== undefined && isTold ? ` ${setback.message}` : '';
}

/** One read that fails is no news, unless the server refuses the token. */
const TOLD_FROM = 2;

/** Detects changes that somebody else made to the client, by `drift` of the server object. */
export const readDue: Rule<Reachable> = {
  finding: 'ReadDue',
  found: 'The client was not read for as long as drift.interval of the server object says.',
  follows: 'The client is read at its server. What stands in the way does not make it less ready.',
  decide: (o) => {
    const { at, now } = o;
    const due = readDueAt(o, at);
    const basis = readBasis(at);
    const isBlocked = !at.gate.open || blocked(o, 'Read', basis) !== undefined;
    return due === undefined || now < due || isBlocked
      ? undefined
      : {
          type: 'Read',
          message: `Client ${at.record.clientId} has been due to be read since ${rfc3339(due)}.`,
          at,
          basis,
        };
  },
};
