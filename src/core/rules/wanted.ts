import type { Registered } from '../narrowed.ts';
import { documentOf } from '../permitted-document.ts';
import { isProblem } from '../problem.ts';
import { stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Clients that the policy would refuse today. */

/**
 * Applies `policy.enforce: Existing`: status reports a client that the policy, or the admission of namespaces, would refuse
 * today. Nothing is sent.
 */
export const clientOutsidePolicy: Rule<Registered> = {
  finding: 'ClientOutsidePolicy',
  found: 'The client would not be registered today, and policy.enforce is Existing.',
  follows: 'The client stays as it is, and a person has to act.',
  decide: (o) => {
    const { server, namespace, home } = o;
    if (home.kind !== 'AtServer' || home.connection.policy?.enforce !== 'Existing') {
      return undefined;
    }
    const stays = `Client ${home.record.clientId} is registered and stays as it is, though it would not be registered today.`;
    if (!server.available && server.reason === 'AuthorizationServerNotAvailable') {
      return stall(
        server.reason,
        `${stays} ${home.ref.kind} ${home.ref.name} no longer admits namespace ${namespace}. Delete this object, or ask the platform team.`,
      );
    }
    const wanted = documentOf(o, home.connection);
    return isProblem(wanted) ? stall(wanted.reason, `${stays} ${wanted.message}`) : undefined;
  },
};
