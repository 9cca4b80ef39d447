import type { ServerConnection } from '../../../core/connection.ts';
import type { Failure } from '../../../core/failure.ts';
import {
  forgottenAs,
  forgottenMessage,
  heardAbout,
  heardAgain,
  saysClientUnknown,
} from '../../../core/forgotten-client.ts';
import { isHarmlessToRead } from '../../../core/read-due.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { type ServerKey, serverNamed } from '../../../core/server-key.ts';
import type { Dialect } from '../../../dialects/dialect.ts';
import type { HttpOutcome } from '../../../oauth/http-message.ts';
import { type ManagementAddress, readRequest } from '../../../oauth/registration.ts';
import type { Sensitive } from '../../../oauth/sensitive.ts';
import type { CallTerms } from '../../calls/guarded-call.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import type { StepContext } from '../step-context.ts';
import { warn } from './report.ts';

/** What follows where the server says that it doesn't know a client, or knows it again. */

/**
 * Remembers the answer. Once it is believed, an Event says so.
 *
 * @param answers how many answers said so
 */
export function notKnown(
  { message: words }: Pick<Failure, 'message'>,
  record: RegistrationRecord,
  answers: number,
  action: 'Read' | 'Update',
  input: StepInput,
): StepResult {
  const { o, round, context } = input;
  const message = forgottenMessage(record.clientId, words);
  const before = forgottenAs(o, record);
  context.memory.hear(round.key, heardAgain(o, record, { message, answers, now: context.clock.now() }));
  const isBelieved = forgottenAs({ ...o, heard: context.memory.heard(round.key) }, record) !== undefined;
  if (isBelieved && before === undefined) {
    warn('ClientForgotten', action, message, input);
  }
  return DONE;
}

/** The server answered a call about the client as one about a client that it knows. */
export function foundAgain(record: RegistrationRecord, { o, round, context }: StepInput): void {
  if ((heardAbout(o, record)?.forgotten ?? 0) > 0) {
    const { registrationSecret } = record;
    context.memory.hear(round.key, {
      registrationSecret,
      forgotten: 0,
      message: '',
      at: context.clock.now(),
    });
  }
}

/** A read of the client after a call about it failed. */
export interface ReadAgain {
  /** One GET, however often it is asked for. */
  readonly outcome: () => Promise<HttpOutcome | Failure>;
  /** Whether the GET was asked for. A read may rotate the registration access token, so its answer must not be lost. */
  readonly isMade: () => boolean;
}

/** @param address where and with what the client is managed */
export function readAgain(
  address: () => Promise<ManagementAddress | Failure>,
  server: ServerKey,
  { timeoutMs, transport }: Pick<ServerConnection, 'timeoutMs'> & Pick<CallTerms, 'transport'>,
  { http }: Pick<StepContext, 'http'>,
): ReadAgain {
  const send = async () => {
    const found = await address();
    return 'kind' in found
      ? found
      : http.send(readRequest(found), { timeoutMs, transport, server: serverNamed(server) });
  };
  let made: Promise<HttpOutcome | Failure> | undefined;
  return {
    isMade: () => made !== undefined,
    outcome: () => {
      made ??= send();
      return made;
    },
  };
}

/** Nothing was read: the credential for the read could not be had. */
export const isNotRead = (read: HttpOutcome | Failure): read is Failure => 'serverTrouble' in read;

/** A call about a client that was refused. */
interface Refused {
  readonly outcome: HttpOutcome;
  readonly secrets: readonly Sensitive[];
  readonly dialect: Dialect;
  readonly read: ReadAgain;
}

/** Whether the server doesn't know the client: its refusal says so, and a read with the same credential, too. */
export async function isForgotten({ outcome, secrets, dialect, read }: Refused): Promise<boolean> {
  if (!isHarmlessToRead(dialect) || !saysClientUnknown(outcome, secrets)) {
    return false;
  }
  const answer = await read.outcome();
  return !isNotRead(answer) && saysClientUnknown(answer, secrets);
}
