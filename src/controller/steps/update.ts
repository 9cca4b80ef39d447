import type { Reason } from '../../api/reasons.ts';
import type { UpdateStep } from '../../core/action.ts';
import { classifyUpdate, type Failure } from '../../core/classify.ts';
import { sameDocument } from '../../core/drift.ts';
import { setbackOf } from '../../core/find.ts';
import type { Observation } from '../../core/observation.ts';
import { toRegistrationSecret } from '../../core/record.ts';
import { serverKey } from '../../core/server.ts';
import { updateRequest } from '../../oauth/registration.ts';
import { managementOf, type Recorded, secretsOf, updated } from '../answers.ts';
import type { Context } from '../context.ts';
import { contentOf, keep } from './contents.ts';
import { guarded, newAttempt } from './guarded-call.ts';
import { damaged, failed } from './report.ts';
import { DONE, later, type Round, type StepResult } from './round.ts';

export async function update(
  step: UpdateStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { record, connection, basis, document, ref } = step;
  const stored = await contentOf(record, round, context);
  if (stored === undefined) {
    return damaged('Update', basis, record, round, context);
  }
  if (sameDocument(stored.sent, document)) {
    return store(
      newAttempt(context),
      step,
      updated(step, stored, undefined, context.clock.now()),
      round,
      context,
    );
  }
  const management = managementOf({ ...stored, allowedOrigins: connection.allowedOrigins });
  if (management === undefined || 'refused' in management) {
    const message = management?.refused ?? 'The server gave no token or address to manage the client with';
    const reason: Reason = management === undefined ? 'UpdateUnsupported' : 'ConfigurationURLRefused';
    return failed(
      'Update',
      basis,
      { kind: 'Terminal', reason, message, serverTrouble: false },
      o,
      round,
      context,
    );
  }
  const attempt = newAttempt(context);
  const call = {
    attempt,
    kind: 'Update',
    client: record.client,
    record: record.secretName,
    server: serverKey(ref, o.namespace),
  } as const;
  const request = updateRequest(management, record.clientId, document);
  const called = await guarded(call, connection, request, context);
  if (called === undefined) {
    return DONE;
  }
  const secrets = secretsOf(stored.information, connection.initialAccessToken);
  const verdict = classifyUpdate(called.outcome, {
    dialect: context.dialect,
    secrets,
    now: context.clock.now(),
  });
  const failure = verdict.kind === 'Done' ? undefined : tokenLost(verdict, attempt, step, o);
  settleEarlier(step, o, context);
  context.servers.leave(call.server, called.entered, failure);
  if (verdict.kind === 'Done') {
    const next = updated(step, stored, verdict.information, context.clock.now());
    return store(attempt, step, next, round, context);
  }
  if (verdict.kind === 'Unknown') {
    context.ledger.interrupt(attempt);
  } else {
    context.ledger.settle(attempt);
  }
  return failed('Update', basis, failure ?? verdict, o, round, context);
}

/** Updates that were interrupted before this one: its outcome stands for theirs. */
function settleEarlier({ record }: UpdateStep, o: Observation, { ledger }: Context): void {
  for (const call of o.calls.filter(
    ({ kind, record: name }) => kind === 'Update' && name === record.secretName,
  )) {
    ledger.settle(call.attempt);
  }
}

/** A refused registration access token is no fact about the metadata; after a lost answer it may have been rotated. */
function tokenLost(
  failure: Failure,
  attempt: string,
  { record, basis }: UpdateStep,
  o: Observation,
): Failure {
  if (failure.kind !== 'TokenRefused' && failure.kind !== 'NotFound') {
    return failure;
  }
  const setback = setbackOf(o, 'Update', basis);
  const unanswered =
    o.calls.find(({ kind }) => kind === 'Update')?.startedAt ??
    (setback?.ambiguous ? new Date(setback.since).toISOString() : undefined);
  const lost = unanswered === undefined ? '' : `; the update of ${unanswered} got no answer`;
  const message = `The registration access token of client ${record.clientId} was refused (update ${attempt}${lost}): ${failure.message}`;
  return { ...failure, kind: 'Terminal', reason: 'RegistrationAccessTokenLost', message };
}

/** Writes what an update's answer brought; only then may anything use it. */
async function store(
  attempt: string,
  step: UpdateStep,
  next: Recorded,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { operatorNamespace } = context.settings;
  const secret = toRegistrationSecret(
    next.record,
    next.content,
    operatorNamespace,
    step.record.resourceVersion,
  );
  const written = await context.recorder.update(attempt, secret);
  if (written === undefined) {
    context.ledger.interrupt(attempt);
    return later('the registration Secret could not be written; the answer is in the journal');
  }
  keep(written, next, round, context);
  context.ledger.settle(attempt);
  context.memory.succeeded(round.key, 'Update', step.basis);
  return DONE;
}
