import { presentable } from '../../oauth/error-response.ts';
import { asSentence } from '../../oauth/text.ts';
import type { Action } from '../action.ts';
import { homeOf } from '../home.ts';
import type { Observation, PendingCall } from '../observation.ts';
import { isHarmlessToRead } from './reading.ts';
import { wait } from './rests.ts';

/** Rules about what is unsettled: nothing else happens to a client before that is. */

/** Until it is recorded, what the client is at the server is known to no record. */
export function anAnswerIsBeingRecorded({ unrecorded, now }: Observation): Action | undefined {
  if (unrecorded === undefined) {
    return undefined;
  }
  const { refused } = unrecorded;
  const until = now + 5_000;
  return refused === undefined
    ? wait('Queued', 'An answer of the server is being recorded.', until)
    : wait(
        'RecordWriteRefused',
        `The server answered, and the API server refuses the registration Secret in the operator’s namespace: ${asSentence(presentable(refused, []))} The answer is kept and the write is tried again; nothing else happens to this client before. The platform team puts right what the API server names.`,
        until,
      );
}

export function aCallIsUnderWay({ calls, now }: Observation): Action | undefined {
  const call = calls.find(({ state }) => state === 'underWay');
  return (
    call &&
    wait('Queued', `A call (${call.kind}) begun at ${call.startedAt} is not settled yet.`, now + 5_000)
  );
}

export function aRegistrationWasInterrupted({ calls, records }: Observation): Action | undefined {
  const call = calls.find(({ kind, state }) => kind === 'Register' && state === 'interrupted');
  const isRecorded = records.some(({ secretName }) => secretName === call?.record);
  return call && { type: isRecorded ? 'SettleCall' : 'ReportOrphan', call };
}

/** The record that the call is about is gone, or left to people; or it was a read that changes nothing at this server. */
export function aCallIsOfNoConsequence(o: Observation): Action | undefined {
  const { calls, records } = o;
  const isKept = (call: PendingCall) =>
    records.some(({ secretName, role }) => secretName === call.record && role !== 'left-behind');
  const isHarmless = (call: PendingCall) =>
    records.some((record) => {
      const home = record.secretName === call.record ? homeOf(o, record) : undefined;
      return home?.kind === 'AtServer' && isHarmlessToRead(home.connection.dialect);
    });
  const call = calls.find(
    (pending) =>
      pending.kind !== 'Register' && (!isKept(pending) || (pending.kind === 'Read' && isHarmless(pending))),
  );
  return call && { type: 'SettleCall', call };
}
