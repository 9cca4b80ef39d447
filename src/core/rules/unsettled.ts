import { storedTime } from '../../api/time.ts';
import { presentable } from '../../oauth/error-response.ts';
import { asSentence } from '../../oauth/text.ts';
import { endingOf } from '../document-state.ts';
import { homeOf } from '../home.ts';
import type { Observation, PendingCall } from '../observation.ts';
import { isHarmlessToRead } from '../read-due.ts';
import { wait } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about unsettled calls: nothing else is done for a client before they are settled. */

/** The delay before an unsettled call is checked again. */
const UNSETTLED_MS = 5_000;

/** Until then, a write whose answer was lost may still arrive at the API server. */
const WRITE_ARRIVES_MS = 180_000;

/** Until the answer is recorded, no record shows the present state of the client. */
export const answerUnrecorded: Rule<Observation> = {
  finding: 'AnswerUnrecorded',
  found: 'An answer of the server is not recorded yet.',
  follows: 'The client waits until it is.',
  decide: ({ unrecorded, now }) => {
    if (unrecorded === undefined) {
      return undefined;
    }
    const { refused } = unrecorded;
    const until = now + UNSETTLED_MS;
    return refused === undefined
      ? wait('Queued', 'An answer of the server is being recorded.', until)
      : wait(
          'RecordWriteRefused',
          `The server answered, and the API server refuses the registration Secret in the operator's namespace: ${asSentence(presentable(refused, []))} The answer is kept and the write is tried again; nothing else happens to this client before. The platform team puts right what the API server names.`,
          until,
        );
  },
};

export const callUnderWay: Rule<Observation> = {
  finding: 'CallUnderWay',
  found: 'A call about the client is under way.',
  follows: 'The client waits until it is settled.',
  decide: ({ calls, now }) => {
    const call = calls.find(({ state }) => state === 'underWay');
    const until = now + UNSETTLED_MS;
    return (
      call && wait('Queued', `A call (${call.kind}) begun at ${call.startedAt} is not settled yet.`, until)
    );
  },
};

export const registrationInterrupted: Rule<Observation> = {
  finding: 'RegistrationInterrupted',
  found: 'A registration was interrupted.',
  follows:
    'It is settled where a record holds its answer; else its document is removed, or it is listed as a suspected orphan.',
  decide: ({ calls, records, now }) => {
    const call = calls.find(({ kind, state }) => kind === 'Register' && state === 'interrupted');
    const isRecorded = records.some(
      ({ registrationSecret }) => registrationSecret === call?.registrationSecret,
    );
    const arrived = storedTime(call?.startedAt) + WRITE_ARRIVES_MS;
    if (call?.isOwn && !isRecorded && now < arrived) {
      return wait('Queued', 'Whether the document was written is not known yet.', arrived);
    }
    return (
      call && {
        type: isRecorded ? 'SettleCall' : 'ReportOrphan',
        message: `Registration ${call.attempt} was interrupted, and its answer is ${isRecorded ? '' : 'not '}recorded.`,
        call,
      }
    );
  },
};

/**
 * The record of the call is gone or left behind, or shows that a document was withdrawn; or the call was a read, which
 * changes nothing at this server.
 */
export const callWithoutEffect: Rule<Observation> = {
  finding: 'CallWithoutEffect',
  found:
    'A call was interrupted whose answer nobody needs: its record is gone or shows its effect, or it was a harmless read.',
  follows: 'It is settled.',
  decide: (o) => {
    const call = o.calls.find((pending) => pending.kind !== 'Register' && !isNeeded(pending, o));
    return (
      call && {
        type: 'SettleCall',
        message: `Nobody needs the answer of call ${call.attempt} (${call.kind}), which was interrupted.`,
        call,
      }
    );
  },
};

function isNeeded({ kind, registrationSecret: name }: PendingCall, o: Observation): boolean {
  const record = o.records.find(({ registrationSecret }) => registrationSecret === name);
  if (record === undefined || record.role === 'left-behind') {
    return false;
  }
  const { document } = record;
  if (kind === 'Read') {
    const home = homeOf(o, record);
    const isHarmless =
      document !== undefined || (home.kind === 'AtServer' && isHarmlessToRead(home.connection.dialect));
    return !isHarmless;
  }
  const isWithdrawn = document?.withdrawnAt !== undefined && endingOf(document, o.now).phase !== 'Remove';
  return !(kind === 'Deregister' && isWithdrawn);
}
