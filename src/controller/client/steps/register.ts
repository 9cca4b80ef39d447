import { rfc3339 } from '../../../api/time.ts';
import type { RegisterStep } from '../../../core/action.ts';
import { classifyRegistration } from '../../../core/classify.ts';
import { withKeys } from '../../../core/client-keys.ts';
import type { ServerConnection } from '../../../core/connection.ts';
import { substitutionsOf } from '../../../core/drift.ts';
import type { Failure } from '../../../core/failure.ts';
import { credentialSecrets } from '../../../core/held-secrets.ts';
import { withinBounds } from '../../../core/kept-answer.ts';
import type { Observation } from '../../../core/observation.ts';
import { overlapOf } from '../../../core/overlap.ts';
import { type RegistrationRecord, recordName } from '../../../core/record.ts';
import { type Recorded, type Registration, registered } from '../../../core/recorded.ts';
import type { HealthCall } from '../../../core/server-health.ts';
import { serverKey } from '../../../core/server-key.ts';
import { viewersOf } from '../../../core/tell.ts';
import { defined } from '../../../oauth/objects.ts';
import { registerRequest } from '../../../oauth/registration.ts';
import { type Admitted, admit, refused } from '../../calls/admission.ts';
import { newKey } from '../../calls/generated-keys.ts';
import { guarded, newAttempt } from '../../calls/guarded-call.ts';
import { requestBody } from '../../calls/request-body.ts';
import type { Context } from '../../context.ts';
import type { HttpRequest } from '../../ports.ts';
import { clientsInNamespace } from '../observe.ts';
import { DONE, type Round, type StepResult } from '../round.ts';
import { longerEachTime, setBack, withCure } from '../setbacks.ts';
import { reportOrphan } from './orphan.ts';
import { circumstancesOf, record } from './record.ts';
import { subjectOf, warn } from './report.ts';
import { salvage } from './salvage.ts';
import { isWriteRefused, refusedWrite } from './trial-writes.ts';

export async function register(
  step: RegisterStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const stopped = await refusedWrite(step, o, context);
  if (stopped !== undefined) {
    setBack(round.key, 'Register', step.basis, stopped, context);
    warn(stopped.reason, 'Register', stopped.message, o, context);
    return DONE;
  }
  const begun = begin(step, o, context);
  const { attempt, client, server } = begun;
  let registration = begun;
  let sent: Admitted | undefined;
  const prepare = async (): Promise<HttpRequest | Failure> => {
    registration = await withNewKey(begun, context);
    const body = await requestBody(
      registration.document,
      step.statement,
      step.connection,
      viewersOf(step.ref.kind),
      context,
    );
    if ('kind' in body) {
      return body;
    }
    const admitted = await admit(step.connection.admission, server, step.connection, context);
    if ('kind' in admitted) {
      return admitted;
    }
    sent = admitted;
    return registerRequest(step.connection.registrationEndpoint, body, admitted.authorization);
  };
  const call = {
    attempt,
    kind: 'Register',
    client,
    record: recordName(client.uid, attempt),
    server,
    document: step.hash,
    isWanted: () =>
      !isWriteRefused(o.namespace, context) &&
      (step.replaces !== undefined || isWithinQuota(o, step.connection, context)),
  } as const;
  const called = await guarded(call, step.connection, prepare, context);
  if (called === undefined) {
    return DONE;
  }
  if (called.kind === 'NotReady') {
    return failedToRegister(registration, called.entered, called.failure, o, round, context);
  }
  const { dialect, hint } = step.connection;
  const secrets = [...credentialSecrets(step.connection), ...called.sent];
  const said = classifyRegistration(called.outcome, {
    dialect,
    hint: hint && ((error) => hint(error, registration.document)),
    secrets,
    now: context.clock.now(),
    ...called.told,
  });
  const verdict = withinBounds(said, secrets);
  if (verdict.kind === 'Done' && verdict.information !== undefined) {
    return conclude(registration, verdict.information, called.entered, o, round, context);
  }
  const failure = verdict as Failure;
  if (failure.kind === 'TokenRefused' && sent?.reused) {
    // The refusal proves that nothing was created: one more try, with a fresh token.
    refused(step.connection.admission, server, context);
    context.ledger.settle(attempt);
    context.servers.abandon(server, called.entered);
    return DONE;
  }
  return failedToRegister(registration, called.entered, failure, o, round, context);
}

/** Others may have begun since this one was planned. */
export function isWithinQuota(
  { namespace, name }: Observation,
  { policy }: ServerConnection,
  context: Context,
): boolean {
  const most = policy?.maxClientsPerNamespace;
  return most === undefined || clientsInNamespace(`${namespace}/${name}`, context) < most;
}

function begin(step: RegisterStep, o: Observation, context: Context): Registration {
  const { connection, object, ref } = step;
  const attempt = newAttempt(context);
  const marker = connection.attemptMarker === undefined ? {} : { [connection.attemptMarker]: attempt };
  return {
    step,
    attempt,
    client: { namespace: o.namespace, name: o.name, uid: object.uid },
    server: serverKey(ref, o.namespace),
    document: { ...step.document, ...marker },
    keys: [],
  };
}

/** A key is made when it is known that the call goes. */
async function withNewKey(begun: Registration, context: Context): Promise<Registration> {
  const { object, connection } = begun.step;
  const generated = object.desired.valid ? object.desired.spec.generatedKey : undefined;
  if (generated === undefined) {
    return begun;
  }
  const keys = [await newKey(generated.algorithm, begun.client.namespace, context)];
  return { ...begun, keys, document: withKeys(begun.document, keys, connection.dialect) };
}

async function conclude(
  registration: Registration,
  information: Parameters<typeof registered>[1],
  entered: HealthCall,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { attempt, server, step } = registration;
  const { ledger, memory, servers } = context;
  const recorded = registered(registration, information, circumstancesOf(o, context));
  // The server has answered: what becomes of the record holds up nobody else's registration.
  servers.leave(server, entered, undefined);
  const learned = substitutionsOf(recorded.content, step.withheld);
  const written = await record(recorded, { attempt, learned }, o, round, context);
  if (written === undefined) {
    return DONE;
  }
  servers.learn(server, recorded.record.managed, step.connection.management);
  ledger.settle(attempt);
  memory.succeeded(round.key, 'Register', step.basis);
  if (step.replaces !== undefined) {
    tellReplacement(recorded.record, step.replaces, o, context);
  }
  return DONE;
}

/** Consents and audience lists may have to follow: a routine registration is told by conditions alone, this is not. */
function tellReplacement(
  { clientId }: Recorded['record'],
  replaced: RegistrationRecord,
  o: Observation,
  { events }: Context,
): void {
  const ends = rfc3339(o.now + overlapOf(o));
  events.record({
    type: 'Normal',
    reason: 'Registered',
    action: 'Replace',
    message: `Client ${clientId} takes the place of client ${replaced.clientId}, which is kept until ${ends}.`,
    regarding: subjectOf(o, undefined),
  });
}

async function failedToRegister(
  registration: Registration,
  entered: HealthCall,
  failure: Failure,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { attempt, server, step } = registration;
  const { basis, ref } = step;
  const unknown = failure.kind === 'Unknown';
  const sent = unknown ? ` (sent at ${context.ledger.entry(attempt)?.startedAt})` : '';
  const why = `${ref.kind} ${ref.name}: ${failure.message}${sent}`;
  const isRefused = failure.kind === 'TokenRefused';
  context.servers.leave(server, entered, isRefused ? aboutAdmission(failure) : failure);
  if (!isRefused) {
    const told = { ...failure, message: why };
    const { cooldownMs } = step.connection.recovery;
    const retryAfterMs = unknown ? longerEachTime(cooldownMs, round.key, basis, context) : undefined;
    setBack(round.key, 'Register', basis, told, context, retryAfterMs);
  } else if (!context.servers.isAdmissionRefused(server, step.connection.version)) {
    setBack(round.key, 'Register', basis, ofItsOwn(registration, failure, context), context);
  }
  if (unknown) {
    context.ledger.interrupt(attempt);
    return (await salvage(registration, failure, o, round, context))
      ? DONE
      : reportOrphan(attempt, failure.reason, why, failure.message, o, context);
  }
  context.ledger.settle(attempt);
  warn(failure.reason, 'Register', why, o, context);
  return DONE;
}

function aboutAdmission(failure: Failure): Failure {
  const { reason, message, detail } = failure;
  const told = (what: string) =>
    withCure(reason === 'AdmissionRefused' ? `${REFUSED}: ${what}` : what, reason);
  return { ...failure, ...defined({ message: told(message), detail: detail && told(detail) }) };
}

const REFUSED = 'The admission credential was refused';

/** Not, or not yet, the credential: where others were accepted with it, it is what this client asks for. */
function ofItsOwn(
  { server, step: { ref, connection } }: Registration,
  failure: Failure,
  { servers }: Context,
): Failure {
  const isGood = servers.health(server).acceptedVersion === connection.version;
  const what = isGood ? failure.message : `${REFUSED}: ${failure.message}`;
  const reason = isGood ? 'RegistrationRefused' : failure.reason;
  return { ...failure, reason, message: `${ref.kind} ${ref.name}: ${what}` };
}
