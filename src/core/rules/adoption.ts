import type { Registrable, Usable } from '../narrowed.ts';
import { isProblem } from '../problem.ts';
import { basisText } from '../remembered-refusal.ts';
import { overQuota } from './holds.ts';
import { blocked, gated, stall, wait } from './idle.ts';
import { retainedRecord } from './retention.ts';
import type { Rule } from './rule.ts';

/** Rules about `spec.adopt`: an existing client is proven and recorded, and none is registered. */

export const adoptionSecretUnusable: Rule<Usable> = {
  finding: 'AdoptionSecretUnusable',
  found: 'The Secret that spec.adopt names does not exist, or does not hold what manages a client.',
  follows: 'The client waits for it. A client that was retained for the object is taken over all the same.',
  decide: (o) => {
    const { adoptable, current } = o;
    return isProblem(adoptable) && current === undefined && retainedRecord(o) === undefined
      ? wait(adoptable.reason, adoptable.message)
      : undefined;
  },
};

export const adoptionRequested: Rule<Registrable> = {
  finding: 'AdoptionRequested',
  found: 'The spec brings a client that exists already.',
  follows: 'The client is proven by its own token and recorded.',
  decide: (o) => {
    const { object, server, adoptable } = o;
    if (adoptable === undefined || isProblem(adoptable)) {
      return undefined;
    }
    const { connection, ref, gate } = server;
    if (connection.policy !== undefined && connection.policy.adoption !== 'Allow') {
      return stall(
        'PolicyRefused',
        `${ref.kind} ${ref.name} doesn't permit the adoption of clients: remove spec.adopt, or ask the platform team to set policy.adoption.`,
      );
    }
    const { clientId, version } = adoptable;
    const { version: connected } = connection;
    const basis = basisText(object.uid, clientId, version, connected, object.reconcileRequestedAt ?? '');
    const message = `spec.adopt brings client ${clientId}.`;
    return (
      overQuota({ ...o, server }, undefined) ??
      blocked(o, 'Adopt', basis) ??
      gated(gate) ?? { type: 'Adopt', message, object, client: adoptable, ref, connection, basis }
    );
  },
};
