import type { RegisterStep } from '../../core/action.ts';
import { classifyRegistration, type Failure } from '../../core/classify.ts';
import type { Observation } from '../../core/observation.ts';
import { toRegistrationSecret } from '../../core/record.ts';
import { serverKey } from '../../core/server.ts';
import type { HealthCall } from '../../core/server-health.ts';
import { registerRequest } from '../../oauth/registration.ts';
import { registered, secretsOf, setBack, withCure } from '../answers.ts';
import type { Context } from '../context.ts';
import { keep } from './contents.ts';
import { guarded, newAttempt } from './guarded-call.ts';
import { warn } from './report.ts';
import { DONE, later, type Round, type StepResult } from './round.ts';

/** How long one waits after a registration without an answer, before the same client is registered again. */
const COOLDOWN_MS = 60_000;

export async function register(
  step: RegisterStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { connection, object, document, ref } = step;
  const client = { namespace: o.namespace, name: o.name, uid: object.uid };
  const request = registerRequest(connection.registrationEndpoint, document, connection.initialAccessToken);
  const attempt = newAttempt(context);
  const secretName = `oac-${object.uid}-${attempt}`;
  const call = {
    attempt,
    kind: 'Register',
    client,
    record: secretName,
    server: serverKey(ref, o.namespace),
  } as const;
  const called = await guarded(call, connection, request, context);
  if (called === undefined) {
    return DONE;
  }
  const secrets = secretsOf({ clientId: '', metadata: {} }, connection.initialAccessToken);
  const verdict = classifyRegistration(called.outcome, {
    dialect: context.dialect,
    secrets,
    now: context.clock.now(),
  });
  if (verdict.kind !== 'Done' || verdict.information === undefined) {
    const failure = verdict as Failure;
    return registrationFailed(step, attempt, called.entered, failure, o, round, context);
  }
  const namespaceUid = context.caches.namespaces.get(o.namespace)?.metadata.uid ?? '';
  const recorded = registered(step, attempt, verdict.information, client, namespaceUid, context);
  const { operatorNamespace } = context.settings;
  const written = await context.recorder.create(
    attempt,
    toRegistrationSecret(recorded.record, recorded.content, operatorNamespace),
  );
  context.servers.leave(call.server, called.entered, undefined);
  if (written === undefined) {
    context.ledger.interrupt(attempt);
    return later('the registration Secret could not be written; the answer is in the journal');
  }
  context.servers.learn(call.server, recorded.record.managed ? 'RegistrationAccessToken' : 'None');
  keep(written, recorded, round, context);
  context.ledger.settle(attempt);
  context.memory.succeeded(round.key, 'Register', step.basis);
  return DONE;
}

async function registrationFailed(
  step: RegisterStep,
  attempt: string,
  entered: HealthCall,
  failure: Failure,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { basis, ref } = step;
  const unknown = failure.kind === 'Unknown';
  const sent = unknown ? ` (sent at ${context.ledger.entry(attempt)?.startedAt})` : '';
  const why = `${ref.kind} ${ref.name}: ${failure.message}${sent}`;
  const refused = failure.kind === 'TokenRefused';
  const told = refused
    ? {
        ...failure,
        message: withCure(`The admission credential was refused: ${failure.message}`, failure.reason),
      }
    : failure;
  if (!refused) {
    setBack(
      round.key,
      'Register',
      basis,
      { ...failure, message: why },
      context,
      unknown ? COOLDOWN_MS : undefined,
    );
  }
  context.servers.leave(serverKey(ref, o.namespace), entered, told);
  if (unknown) {
    context.ledger.interrupt(attempt);
    return reportOrphan(attempt, why, o, context);
  }
  context.ledger.settle(attempt);
  warn(failure.reason, 'Register', why, o, context);
  return DONE;
}

export async function reportOrphan(
  attempt: string,
  why: string,
  o: Observation,
  context: Context,
): Promise<StepResult> {
  const entry = context.ledger.entry(attempt);
  if (entry === undefined) {
    return DONE;
  }
  if (!(await context.orphans.report(entry, why))) {
    return later('the suspected orphan could not be listed');
  }
  const where = `${entry.server}, ${entry.startedAt}`;
  context.counters.orphanSuspected(entry.server);
  warn(
    'RegistrationOutcomeUnknown',
    'Register',
    `${why}. A client may exist that nobody knows (${where})`,
    o,
    context,
  );
  context.ledger.settle(attempt);
  return DONE;
}
