import type { Usable } from '../narrowed.ts';
import { overlapEnd } from '../overlap.ts';
import type { RegistrationRecord } from '../record.ts';
import { endClient } from './deregistration.ts';
import type { Rule } from './rule.ts';

export const surplusClientUnused: Rule<Usable> = {
  finding: 'SurplusClientUnused',
  found: 'Another client took the place of one, its overlap is over, and no Secret shows it.',
  follows: 'It is deregistered.',
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

/** The overlap is over, and no workload Secret shows the client any more. */
const isUnused = (o: Usable, surplus: RegistrationRecord): boolean =>
  overlapEnd(o, surplus) <= o.now &&
  !o.secrets.some(({ ownerUid, shows }) => ownerUid === o.object.uid && shows === surplus.registrationSecret);
