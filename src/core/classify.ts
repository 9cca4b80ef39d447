import type { EventReason } from '../api/events.ts';
import { bodyForm, isFromApi } from '../oauth/body-form.ts';
import {
  type ClientInformation,
  parseClientInformation,
  salvageClientInformation,
} from '../oauth/client-information.ts';
import { presentable, readErrorResponse } from '../oauth/error-response.ts';
import { saysError } from '../oauth/error-words.ts';
import type { HttpAnswer, HttpNoAnswer, HttpNotSent, HttpOutcome } from '../oauth/http-message.ts';
import { parseJsonObject } from '../oauth/json.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import { cut } from '../oauth/text.ts';
import { UNREADABLE, whyUnreadable } from '../oauth/torn-json.ts';
import { type Failure, failure, type ReadVerdict, type Verdict } from './failure.ts';
import { type ClassifyOptions, doubtsAddress, refusal, tellOther, withHint } from './refusal.ts';
import { byOurClock } from './server-time.ts';
import {
  reworded,
  type Telling,
  type Told,
  tellAnswer,
  tellNoAnswer,
  tellNotSent,
  tellOnly,
  wordsOf,
} from './tell.ts';

/** The outcome of a POST to the registration endpoint: created, not created, or unknown. */
export function classifyRegistration(outcome: HttpOutcome, context: ClassifyOptions): Verdict {
  if (outcome.kind === 'notSent') {
    return classifyUnsent(outcome, context);
  }
  if (outcome.kind === 'noAnswer') {
    return unanswered(outcome, context, classifyRegistration, 'RegistrationOutcomeUnknown');
  }
  if (isSuccess(outcome)) {
    const information = parseClientInformation(outcome.body);
    return information === undefined
      ? notCreated(outcome, context)
      : { kind: 'Done', information: byOurClock(information, outcome, true, context.now) };
  }
  const proves =
    outcome.status < 500
      ? outcome.status !== 408
      : context.dialect.notCreatedStatuses.includes(outcome.status);
  return proves ? refusal(outcome, context) : unclear('RegistrationOutcomeUnknown', outcome, context);
}

/** Keeps what was read of the client, even if the rest of the answer is lost. */
function unanswered(
  outcome: HttpNoAnswer,
  context: ClassifyOptions,
  classify: Classify,
  otherwise: EventReason,
): Verdict {
  const told = statusAlone(outcome, context, classify);
  if (told !== undefined) {
    return told;
  }
  const partial = outcome.received && salvageClientInformation(outcome.received);
  return withPartial(
    unknown(lossReason(outcome, otherwise), tellNoAnswer(outcome), context),
    partial,
    context,
  );
}

/** @param otherwise the reason to report where nothing arrived */
function lossReason({ reason, received }: HttpNoAnswer, otherwise: EventReason): EventReason {
  switch (reason) {
    case 'Timeout':
      return 'ResponseTimedOut';
    case 'ResponseTooLarge':
      return 'ResponseTooLarge';
    case 'ConnectionLost':
      return received === undefined ? otherwise : 'ResponseTruncated';
  }
}

/** A 2xx answer to a registration without a client: what it says decides whether there may be one. */
function notCreated(answer: HttpAnswer, context: ClassifyOptions): Failure {
  if (bodyForm(answer) === 'HTML') {
    // The endpoint is at fault, for all clients alike: one of them at a time tries it again.
    return failure('TokenRefused', 'ResponseNotJSON', otherWords(answer, context));
  }
  return withoutEffect(answer, context) ?? unreadable(answer, context);
}

/** How long an approval is waited for before the next try. */
const APPROVAL_MS = 3_600_000;

/** A 2xx answer that itself says that nothing was done: an error, or that somebody has to approve it first. */
function withoutEffect(answer: HttpAnswer, context: ClassifyOptions): Failure | undefined {
  const document = parseJsonObject(answer.body.reveal());
  if (document !== undefined && saysError(document)) {
    return refusal(answer, context);
  }
  const state = document?.['status'] ?? document?.['state'];
  const isPending = typeof state === 'string' && /pend|approv|await|review|queue/i.test(state);
  if (!isPending && (answer.status !== 202 || whyUnreadable(answer.body.reveal()) === 'Truncated')) {
    return undefined;
  }
  const words = wordsOf(answered(answer, context), context);
  const more = { retryAfterMs: APPROVAL_MS, isSlow: true };
  return failure('Transient', 'RegistrationPending', words, more);
}

/** A 2xx answer in which no client could be read. The members that could be read are kept. */
function unreadable(answer: HttpAnswer, context: ClassifyOptions): Failure {
  const { status, body, unread } = answer;
  if (unread !== undefined) {
    return unknown('ResponseNotJSON', answered(answer, context), context);
  }
  const why = whyUnreadable(body.reveal());
  const partial = salvageClientInformation(body);
  const said = partial === undefined ? ', but without a readable client_id: it is' : ' with';
  return withPartial(
    unknown(
      why === 'Truncated' || why === 'TooDeep' ? `Response${why}` : 'ResponseNotJSON',
      () =>
        `The server answered ${status}${why === undefined ? ', but without a client_id' : `${said} ${UNREADABLE[why]}`}`,
      context,
    ),
    partial,
    context,
  );
}

const withPartial = (
  failed: Failure,
  partial: ClientInformation | undefined,
  context: ClassifyOptions,
): Failure =>
  partial === undefined
    ? failed
    : {
        ...reworded(
          failed,
          (text) => `${text}; it names client ${presentable(partial.clientId, context.secrets)}`,
          context,
        ),
        partial,
      };

/** The outcome of a PUT to a client configuration endpoint. */
export function classifyUpdate(outcome: HttpOutcome, context: ClassifyOptions): Verdict {
  if (outcome.kind === 'notSent') {
    return classifyUnsent(outcome, context);
  }
  if (outcome.kind === 'noAnswer') {
    return unanswered(outcome, context, classifyUpdate, 'AuthorizationServerUnavailable');
  }
  if (isSuccess(outcome)) {
    const information = parseClientInformation(outcome.body);
    return information === undefined && outcome.status !== 204
      ? notUpdated(outcome, context)
      : {
          kind: 'Done',
          information: information && byOurClock(information, outcome, false, context.now),
        };
  }
  if (!isFromApi(outcome)) {
    return refusedOrUnclear(outcome, context);
  }
  if (outcome.status === 404) {
    return failure(
      'NotFound',
      'RegistrationAccessTokenLost',
      wordsOf(answered(outcome, context), context, doubtsAddress(outcome)),
    );
  }
  if (outcome.status === 405 || outcome.status === 501) {
    return failure(
      'Unsupported',
      'UpdateUnsupported',
      wordsOf(answered(outcome, context), context, doubtsAddress(outcome)),
    );
  }
  return refusedOrUnclear(outcome, context);
}

const refusedOrUnclear = (answer: HttpAnswer, context: ClassifyOptions): Failure =>
  isUnclear(answer, context)
    ? unclear('AuthorizationServerUnavailable', answer, context)
    : refusal(answer, context);

/** A 2xx answer to an update or a read without the client. */
function notUpdated(answer: HttpAnswer, context: ClassifyOptions): Failure {
  if (bodyForm(answer) === 'HTML') {
    return failure('Unknown', 'ResponseNotJSON', otherWords(answer, context), { isSlow: true });
  }
  return withoutEffect(answer, context) ?? { ...unreadable(answer, context), serverTrouble: false };
}

const otherWords = (answer: HttpAnswer, context: ClassifyOptions) =>
  wordsOf(tellOther(readErrorResponse(answer, context.secrets)), context, true);

/** The outcome of a GET of a client configuration endpoint. An answer without a client is a failure, also with 204. */
export function classifyRead(outcome: HttpOutcome, context: ClassifyOptions): ReadVerdict {
  const verdict = classifyUpdate(outcome, context);
  if (verdict.kind !== 'Done') {
    return verdict;
  }
  const { information } = verdict;
  return information === undefined
    ? failure('Unknown', 'ResponseNotJSON', 'The server answered a read without the client')
    : { kind: 'Done', information };
}

/**
 * An answer to an update or a read that names another client says nothing of this one: a cache or a defect of the server
 * is between. Its credentials are not those of this client.
 */
export function aboutClient<Given extends Verdict>(
  verdict: Given,
  clientId: string,
  context: ClassifyOptions,
): Given | Failure {
  const named = verdict.kind === 'Done' ? verdict.information?.clientId : undefined;
  if (named === undefined || named === clientId) {
    return verdict;
  }
  const telling = () =>
    `The server answered with client ${presentable(cut(named, LONGEST_ID), context.secrets)}, and the call was about client ${clientId}`;
  return failure('Unknown', 'AnswerNamesOtherClient', wordsOf(telling, context), { isSlow: true });
}

const LONGEST_ID = 200;

/** The outcome of a DELETE to a client configuration endpoint. */
export function classifyDeletion(outcome: HttpOutcome, context: ClassifyOptions): Verdict {
  if (outcome.kind === 'notSent') {
    return classifyUnsent(outcome, context);
  }
  if (outcome.kind === 'noAnswer' && outcome.status !== 200 && outcome.status !== 204) {
    return unanswered(outcome, context, classifyDeletion, 'AuthorizationServerUnavailable');
  }
  if (outcome.kind === 'noAnswer' || outcome.status === 204) {
    return { kind: 'Done', information: undefined };
  }
  if (outcome.status === 200) {
    return deletedBy200(outcome, context);
  }
  const isApi = isFromApi(outcome);
  const words = wordsOf(answered(outcome, context), context, doubtsAddress(outcome));
  if (isApi && outcome.status === 404) {
    return failure('NotFound', 'DeletionUnconfirmed', words);
  }
  if (isApi && (outcome.status === 405 || outcome.status === 501)) {
    return failure('Unsupported', 'DeletionUnsupported', words);
  }
  return isUnclear(outcome, context)
    ? unclear('AuthorizationServerUnavailable', outcome, context)
    : asUnconfirmed(refusal(outcome, context));
}

/** A server may answer 200 with whatever it likes; an error or HTML confirms nothing. */
function deletedBy200(answer: HttpAnswer, context: ClassifyOptions): Verdict {
  if (bodyForm(answer) === 'HTML') {
    return failure('Unknown', 'DeletionUnconfirmed', otherWords(answer, context), { isSlow: true });
  }
  const document = parseJsonObject(answer.body.reveal());
  return document !== undefined && document['client_id'] === undefined && saysError(document)
    ? asUnconfirmed(refusal(answer, context))
    : { kind: 'Done', information: undefined };
}

const asUnconfirmed = (refused: Failure): Failure =>
  refused.kind === 'Terminal' ? { ...refused, kind: 'Transient', reason: 'DeletionUnconfirmed' } : refused;

type Classify = (answer: HttpAnswer, context: ClassifyOptions) => Verdict;

/** The status alone classifies a refusal, also where its body could not be read. */
function statusAlone(
  { status, headers = {}, detail }: HttpNoAnswer,
  context: ClassifyOptions,
  classify: Classify,
) {
  if (status === undefined || status < 300 || status >= 500 || status === 408) {
    return undefined;
  }
  const empty = { kind: 'answered', status, headers, body: new Sensitive('') } as const;
  const lost = { ...empty, unread: 'was not read' };
  const answer = headers['content-type'] === undefined || isFromApi(lost) ? empty : lost;
  const told = classify(answer, { ...context, hint: undefined });
  if (told.kind === 'Done') {
    return undefined;
  }
  const more = tellOnly(
    'Connection',
    `, and its body was not read: ${detail}`,
    ', and its body was not read',
  );
  return withHint(
    reworded(told, (text, viewer) => text + more(viewer), context),
    { status },
    context,
  );
}

/** A call that was never sent has no effect. If no request could be built, the object is at fault, not the server. */
export function classifyUnsent(outcome: HttpNotSent, told: Told): Failure {
  const { reason } = outcome;
  const words = wordsOf(tellNotSent(outcome), told);
  if (reason === 'Unsendable') {
    return failure('Transient', 'RequestUnsendable', words, { unsent: true });
  }
  if (outcome.isOwn) {
    return failure('Transient', 'WriteRefused', words, { unsent: true });
  }
  const known: EventReason =
    reason === 'AddressRefused' || reason === 'TlsVerificationFailed'
      ? reason
      : 'AuthorizationServerUnavailable';
  return failure('Transient', known, words, { serverTrouble: true });
}

function unknown(reason: EventReason, telling: Telling, told: Told): Failure {
  return failure('Unknown', reason, wordsOf(telling, told), { serverTrouble: true });
}

const unclear = (reason: EventReason, answer: HttpAnswer, context: ClassifyOptions): Failure =>
  unknown(reason, answered(answer, context), context);

const answered = (answer: HttpAnswer, { secrets }: ClassifyOptions): Telling =>
  tellAnswer('The server', readErrorResponse(answer, secrets));

/** Whether the server may have acted before it failed. */
const isUnclear = ({ status }: HttpAnswer, { dialect }: ClassifyOptions): boolean =>
  status === 408 || (status >= 500 && !dialect.notCreatedStatuses.includes(status));

const isSuccess = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300;
