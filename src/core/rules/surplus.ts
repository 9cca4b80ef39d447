import { registered, type Usable } from '../narrowed.ts';
import { overlapEnd } from '../overlap.ts';
import type { RegistrationRecord } from '../record.ts';
import { clientRetirement, isHeldByUsers, secretsShowing } from '../retirement.ts';
import { endClient } from './deregistration.ts';
import { isWantedAgain } from './replacement.ts';
import { repetitionOf } from './rivals.ts';
import type { Rule } from './rule.ts';

export const surplusClientUnused: Rule<Usable> = {
  finding: 'SurplusClientUnused',
  found:
    'Another client took the place of one, its overlap is over, no Secret shows it, and it is not to serve again.',
  follows: 'It is deregistered; if it is the same client, only its record is removed.',
  decide: (o) => {
    for (const record of o.surplus.filter((surplus) => isUnused(o, surplus))) {
      const step = endClient(o, record, 'Surplus');
      if (step !== undefined) {
        return step;
      }
    }
    return undefined;
  },
};

/** The overlap is over, or a later record has the client; and no workload Secret shows the record any more, or is to. */
const isUnused = (o: Usable, surplus: RegistrationRecord): boolean =>
  ((overlapEnd(o, surplus) <= o.now && !isHeldByUsers(o, clientRetirement(o, surplus))) ||
    repetitionOf(o, surplus) !== undefined) &&
  secretsShowing(o, surplus).length === 0 &&
  !(o.current !== undefined && isWantedAgain(registered(o, o.current), surplus));
