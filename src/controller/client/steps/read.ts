import type { ReadStep } from '../../../core/action.ts';
import { aboutClient, classifyRead } from '../../../core/classify.ts';
import type { ServerConnection } from '../../../core/connection.ts';
import type { RegistrationContent } from '../../../core/content.ts';
import { driftedMembers, substitutions, substitutionsOf, withheldIn } from '../../../core/drift.ts';
import { setbackOf, unansweredCalls } from '../../../core/earlier-calls.ts';
import type { Failure, ReadVerdict } from '../../../core/failure.ts';
import { saysClientUnknown } from '../../../core/forgotten-client.ts';
import { secretsAround } from '../../../core/held-secrets.ts';
import { includedBy, keptOf, withinBounds } from '../../../core/kept-answer.ts';
import { type ManagementCredential, managementOf } from '../../../core/management.ts';
import { isHarmlessToRead } from '../../../core/read-due.ts';
import { recordRead } from '../../../core/recorded-answer.ts';
import { serverKey } from '../../../core/server-key.ts';
import type { ClientInformation } from '../../../oauth/client-information.ts';
import type { JsonObject } from '../../../oauth/json.ts';
import { omit } from '../../../oauth/objects.ts';
import { readRequest } from '../../../oauth/registration.ts';
import { type Answer, type Conclusion, type Finish, newAttempt } from '../../calls/guarded-call.ts';
import { forgetToken, managementAddress } from '../../calls/management-token.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import type { StepContext } from '../step-context.ts';
import { foundAgain, notKnown } from './forgotten.ts';
import { tryFormerAddress } from './former-address.ts';
import { contentOf } from './read-content.ts';
import { RECORDING, record, SETTLED, TORN_NOT_STORED } from './record.ts';
import { failed, notRead, warn } from './report.ts';

/** A read may rotate token and secret, so it is handled as a call with an effect. */
export async function read(step: ReadStep, input: StepInput): Promise<StepResult> {
  const { o, round, context } = input;
  const { at, basis } = step;
  const { record: recorded, connection, ref } = at;
  const stored = await contentOf(recorded, input);
  if ('notRead' in stored) {
    return notRead(stored, 'Read', basis, recorded, input);
  }
  context.memory.wasRead(round.key, context.clock.now());
  const management = managementOf(at, stored);
  if (management.kind !== 'Managed') {
    return DONE;
  }
  const server = serverKey(ref, o.namespace);
  const attempt = newAttempt(context);
  const call = {
    attempt,
    kind: 'Read',
    client: recorded.client,
    registrationSecret: recorded.registrationSecret,
    server,
  } as const;
  const result = await context.calls.guarded<StepResult>(call, connection, {
    prepare: async () => {
      const address = await managementAddress(management, server, connection, context);
      return 'kind' in address ? address : readRequest(address);
    },
    notReady: (failure) => ({ shown: failure, finish: () => SETTLED }),
    conclude: (answer) => conclude(step, { attempt, stored, ...management }, answer, input),
  });
  return result ?? DONE;
}

interface ClientRead {
  readonly attempt: string;
  readonly stored: RegistrationContent;
  readonly url: string;
  readonly credential: ManagementCredential;
}

function conclude(
  step: ReadStep,
  client: ClientRead,
  answer: Answer,
  input: StepInput,
): Conclusion<StepResult> {
  const { attempt, stored } = client;
  const { record: recorded, connection } = step.at;
  const earlier = unansweredCalls(input.o, recorded).filter(({ kind }) => kind === 'Read');
  const verdict = judge(answer, stored, connection, input.context);
  if (verdict.kind === 'Done') {
    const { information } = verdict;
    input.context.memory.succeeded(input.round.key, 'Read', step.basis);
    foundAgain(recorded, input);
    const finish = async () => ({
      ...(await compare(step, attempt, stored, information, input)),
      supersedes: earlier,
    });
    return { shown: undefined, finish };
  }
  const elsewhere = tryFormerAddress(
    { attempt, record: recorded, content: stored, url: client.url },
    answer.outcome,
    'Settle',
    input,
  );
  if (elsewhere !== undefined) {
    return elsewhere;
  }
  // An unanswered read stays in the ledger until another is answered: it may have rotated the token.
  const mayHaveCost = verdict.kind === 'Unknown' && !isHarmlessToRead(connection.dialect);
  const isUnknown = saysClientUnknown(answer.outcome, secretsAround(stored, connection, answer.sent));
  const finish = async (): Promise<Finish<StepResult>> => ({
    entry: mayHaveCost && earlier.length === 0 ? 'Interrupt' : 'Settle',
    result: isUnknown
      ? notKnown(verdict, recorded, 1, 'Read', input)
      : await readFailed(verdict, client, step, input),
  });
  return { shown: verdict, finish };
}

function judge(
  { outcome, sent, told }: Answer,
  stored: RegistrationContent,
  connection: ServerConnection,
  { clock }: StepContext,
): ReadVerdict {
  const secrets = secretsAround(stored, connection, sent);
  const options = { dialect: connection.dialect, secrets, now: clock.now(), ...told };
  const said = withinBounds(classifyRead(outcome, options), secrets);
  return aboutClient(said, stored.information.clientId, options);
}

async function readFailed(
  failure: Failure,
  client: ClientRead,
  step: ReadStep,
  input: StepInput,
): Promise<StepResult> {
  const { o, context } = input;
  const { ref } = step.at;
  if (failure.kind === 'TokenRefused') {
    forgetToken(client.credential, serverKey(ref, o.namespace), context);
  }
  const isKept =
    failure.partial === undefined || (await keepCredentials(failure.partial, client, step, input));
  return isKept ? reportUnreadable(failure, client.credential.kind, step, input) : TORN_NOT_STORED;
}

/**
 * A truncated answer may contain a new token or secret; the old ones are then invalid (RFC 7592 section 2.1). Records the
 * new ones.
 *
 * @returns false if they couldn't be recorded
 */
async function keepCredentials(
  partial: ClientInformation,
  { attempt, stored }: ClientRead,
  step: ReadStep,
  input: StepInput,
): Promise<boolean> {
  const { record: replaces } = step.at;
  const answer = { ...partial, metadata: stored.information.metadata };
  const next = recordRead(step, stored, answer, [], input.context.clock.now());
  return (
    partial.clientId !== replaces.clientId ||
    !next.isNew ||
    (await record(next, { attempt, replaces, settles: false }, input)) !== undefined
  );
}

/** Only reports the failure. A refused token of the client gets one Event: its next update would be refused, too. */
function reportUnreadable(
  failure: Failure,
  credential: ManagementCredential['kind'],
  { basis, at: { record } }: ReadStep,
  input: StepInput,
): StepResult {
  const message = `Client ${record.clientId} could not be read: ${failure.message}`;
  const isRefused = failure.kind === 'TokenRefused' || failure.kind === 'NotFound';
  const isLost = isRefused && credential === 'RegistrationAccessToken';
  const reason = isLost ? 'RegistrationAccessTokenLost' : failure.reason;
  if (isLost && setbackOf(input.o, 'Read', basis)?.reason !== reason) {
    warn(reason, 'Read', message, input);
  }
  return failed('Read', basis, { ...failure, kind: 'Transient', reason, message }, input);
}

/** Where the mode turns to `Correct` later, the spec is sent again. A change that was taken back needs no update. */
function markDrifted(read: ReturnType<typeof recordRead>, sent: JsonObject): ReturnType<typeof recordRead> {
  const isTakenBack = substitutions(sent, read.content.information.metadata).length === 0;
  const record = omit(read.record, 'drifted');
  return { ...read, record: isTakenBack ? record : { ...record, drifted: true } };
}

async function compare(
  step: ReadStep,
  attempt: string,
  stored: RegistrationContent,
  answered: ClientInformation,
  input: StepInput,
): Promise<Finish<StepResult>> {
  const { o, context } = input;
  const { record: recorded, connection } = step.at;
  const answer = keptOf(answered, stored.sent, includedBy(o.object));
  const drifted = driftedMembers(stored.sent, stored.information.metadata, answer.metadata);
  const isCorrected = drifted.length > 0 && connection.drift.mode === 'Correct';
  const read = recordRead(step, stored, answer, isCorrected ? drifted : [], context.clock.now());
  const next = drifted.length > 0 && !isCorrected ? markDrifted(read, stored.sent) : read;
  if (drifted.length === 0 && !next.isNew) {
    return SETTLED;
  }
  const { substitutions: told = [] } = o.object?.status ?? {};
  const shown = { sent: stored.sent, information: answer };
  const learned = substitutionsOf(shown, withheldIn(told, shown), { sent: {}, told });
  const written = await record(next, { attempt, replaces: recorded, learned }, input);
  if (written === undefined) {
    return RECORDING;
  }
  if (drifted.length > 0) {
    const what = `Somebody changed ${drifted.join(', ')} of client ${recorded.clientId} at the server`;
    warn('DriftDetected', 'Read', isCorrected ? `${what}; the spec is sent again` : what, input);
  }
  return SETTLED;
}
