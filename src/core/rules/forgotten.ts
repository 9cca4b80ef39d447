import { asSentence } from '../../oauth/text.ts';
import type { Action } from '../action.ts';
import { setbackOf } from '../earlier-calls.ts';
import { forgottenAs } from '../forgotten-client.ts';
import { requestRotation } from '../kubectl-command.ts';
import { type Reachable, type Registered, reachable } from '../narrowed.ts';
import { readBasis } from '../read-due.ts';
import { stall } from './idle.ts';
import { readDue } from './reading.ts';
import { planRegistration } from './registration.ts';
import { replace } from './replacement.ts';
import type { Rule } from './rule.ts';
import { verificationDue } from './verification.ts';

/** Rules about clients that their server no longer knows, or no longer lets the operator manage. */

export const clientForgotten: Rule<Registered> = {
  finding: 'ClientForgotten',
  found: 'The server said twice that it does not know the client.',
  follows:
    'The client is not ready, and is read again from time to time. By recovery.clientGone Reregister another one is registered in its place; else a person has to act.',
  decide: (o) => {
    const heard = forgottenAs(o, o.current);
    if (heard === undefined) {
      return undefined;
    }
    const said = asSentence(heard.message);
    const near = reachable(o);
    if (near?.at.connection.recovery.clientGone === 'Reregister') {
      return replaceForgotten(near, said);
    }
    const help = `If the server's data are restored, the client is found again. To have another one registered, with a new client_id: ${requestRotation(o)}`;
    const again = near && (readDue.decide(near) ?? verificationDue.decide(near));
    return again ?? stall('ClientForgotten', `${said} ${help}`);
  },
};

function replaceForgotten(o: Reachable, said: string): Action {
  // There is nothing to end first.
  const action = planRegistration(o, o.current, `${said} recovery.clientGone is Reregister.`);
  return action.type === 'Idle'
    ? { ...action, reason: 'ClientForgotten', message: `${said} ${action.message}` }
    : action;
}

/** After an update, `metadataDiffers` replaces the client. */
export const readRefused: Rule<Reachable> = {
  finding: 'ReadRefused',
  found: 'The server refused the registration access token in a read, and recovery.tokenLost is Reregister.',
  follows:
    'Another client is registered in place of the one that there is. What stands in the way does not make it less ready.',
  decide: (o) => {
    const { at, current } = o;
    const isLost = setbackOf(o, 'Read', readBasis(at))?.reason === 'RegistrationAccessTokenLost';
    if (!isLost || at.connection.recovery.tokenLost !== 'Reregister') {
      return undefined;
    }
    const action = replace(
      o,
      `The server refuses the registration access token of client ${current.clientId}, and recovery.tokenLost is Reregister.`,
    );
    return action.type === 'Idle' ? undefined : action;
  },
};
