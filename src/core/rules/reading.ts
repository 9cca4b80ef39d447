import { rfc3339 } from '../../api/time.ts';
import type { Reachable } from '../narrowed.ts';
import { readDueAt } from '../read-due.ts';
import { blocked } from './idle.ts';
import type { Rule } from './rule.ts';

/** Detects changes that somebody else made to the client, by `drift` of the server object. */
export const readDue: Rule<Reachable> = {
  finding: 'ReadDue',
  found: 'The client was not read for as long as drift.interval of the server object says.',
  follows: 'The client is read at its server. What stands in the way does not make it less ready.',
  decide: (o) => {
    const { at, now } = o;
    const due = readDueAt(o, at);
    const basis = `${at.record.registrationSecret} ${at.connection.version}`;
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
