import { type KubernetesObject, RESOURCES } from '../../../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../api/names.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { DeregisterStep, Step } from '../../../core/action.ts';
import { classifyDeletion } from '../../../core/classify.ts';
import { DOCUMENT_KEYS, type RegistrationContent } from '../../../core/content.ts';
import { isTokenInDoubt, setbackOf } from '../../../core/earlier-calls.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import { credentialSecrets, secretsOf } from '../../../core/held-secrets.ts';
import type { Home } from '../../../core/home.ts';
import { managementOf } from '../../../core/management.ts';
import type { Observation } from '../../../core/observation.ts';
import { describePurpose } from '../../../core/record.ts';
import { isHarmlessToRead } from '../../../core/rules/reading.ts';
import { keyWithoutServer, serverKey, serverNamed } from '../../../core/server-key.ts';
import { parseClientInformation } from '../../../oauth/client-information.ts';
import { deleteRequest, type ManagementAddress, readRequest } from '../../../oauth/registration.ts';
import { sha256 } from '../../../oauth/sha256.ts';
import { originOf } from '../../../oauth/url.ts';
import { type CallTerms, guarded, newAttempt } from '../../calls/guarded-call.ts';
import { authorize, forgetToken } from '../../calls/management-token.ts';
import type { Context } from '../../context.ts';
import { toRegistrationObject } from '../../state/cached-objects.ts';
import { callerOf } from '../observe.ts';
import { DONE, later, type Round, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { contentOf } from './contents.ts';
import { removeFinalizer } from './finalizer.ts';
import { forget } from './forget.ts';
import { failed, notRead, subjectOf } from './report.ts';

export async function deregister(
  step: DeregisterStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { home, basis } = step;
  const { record } = home;
  const content = await contentOf(record, round, context);
  if ('notRead' in content) {
    return notRead(content, 'Deregister', basis, record, round, context);
  }
  const { connection, server, management } = managerOf(home, content);
  const dialect = connection?.dialect ?? content.dialect;
  if (management.kind !== 'Managed' || !dialect.deleteSupported) {
    const message = management.kind === 'Managed' ? 'The server deletes no clients' : management.message;
    const failure = unsupported(message);
    // The credential that manages every client may be known again when the server object is.
    const mayPass = home.kind === 'Alone' && home.isItsServerThere;
    return failed('Deregister', basis, mayPass ? asUnconfirmed(failure) : failure, o, round, context);
  }
  const interrupted = o.calls.filter(
    ({ kind, record: name }) => kind === 'Deregister' && name === record.secretName,
  );
  const wasUnanswered = interrupted.length > 0 || (setbackOf(o, 'Deregister', basis)?.ambiguous ?? false);
  const mayBeGone = wasUnanswered && !isTokenInDoubt(o, record);
  const attempt = interrupted[0]?.attempt ?? newAttempt(context);
  const call = {
    attempt,
    kind: 'Deregister',
    client: record.client,
    record: record.secretName,
    server,
  } as const;
  const terms = connection ?? withoutServerObject(content);
  const address = async () => {
    const authorization = await authorize(management.credential, server, connection, context);
    return 'kind' in authorization ? authorization : { url: management.url, authorization };
  };
  const prepare = async () => {
    const found = await address();
    return 'kind' in found ? found : deleteRequest(found);
  };
  const called = await guarded(call, { ...terms, version: '' }, prepare, context);
  if (called === undefined) {
    return held(step, server, o, round, context);
  }
  if (called.kind === 'NotReady') {
    context.servers.leave(server, called.entered, called.failure);
    return failed('Deregister', basis, asUnconfirmed(called.failure), o, round, context);
  }
  const { outcome, sent } = called;
  context.ledger.interrupt(attempt);
  const ofServer = connection === undefined ? [] : credentialSecrets(connection);
  const secrets = [...secretsOf(content), ...ofServer, ...sent];
  const verdict = classifyDeletion(outcome, { dialect, secrets, now: context.clock.now(), ...called.told });
  context.servers.leave(server, called.entered, verdict.kind === 'Done' ? undefined : verdict);
  const refusedStatus = outcome.kind === 'answered' && dialect.goneStatuses.includes(outcome.status);
  if (verdict.kind === 'Done' || (mayBeGone && refusedStatus)) {
    return deregistered(step, o, round, context);
  }
  // An earlier DELETE without an answer stays in the ledger, whatever a later one is answered: it may have been the end.
  if (verdict.kind !== 'Unknown' && !wasUnanswered) {
    context.ledger.settle(attempt);
  }
  if (verdict.kind === 'TokenRefused') {
    forgetToken(management.credential, server, context);
  }
  const isHarmless = isHarmlessToRead(dialect);
  const failure = await aliveOrNot(verdict, server, isHarmless ? address : undefined, terms, context);
  return failed('Deregister', basis, failure, o, round, context);
}

/**
 * What removes the client: its own server object's connection, else the record with what it holds. A server object that is
 * not the client's own decides nothing: neither where a token goes nor whether the call may be made.
 */
function managerOf(home: Home, content: RegistrationContent) {
  const { server, client } = home.record;
  const own = managementOf(home, content);
  if (home.kind === 'AtServer' && !(home.isRecreated && own.kind === 'Refused')) {
    return { connection: home.connection, server: serverKey(server, client.namespace), management: own };
  }
  const isItsServerThere = home.kind === 'Alone' && home.isItsServerThere;
  return {
    connection: undefined,
    server: isItsServerThere
      ? serverKey(server, client.namespace)
      : keyWithoutServer(server, client.namespace, originOf(content.registrationEndpoint)),
    management: managementOf({ kind: 'Alone', record: home.record, isItsServerThere }, content),
  };
}

/** A record is enough to deregister a client: the server object may be gone. */
function withoutServerObject({ ca }: RegistrationContent): CallTerms {
  const transport = ca === undefined ? undefined : { version: `record ${sha256(ca)}`, ca };
  return { version: '', timeoutMs: 30_000, maxInFlight: 16, transport };
}

const unsupported = (message: string): Failure => failure('Terminal', 'DeletionUnsupported', message);

const asUnconfirmed = (failure: Failure): Failure =>
  failure.kind === 'TokenRefused' || failure.kind === 'Terminal'
    ? { ...failure, kind: 'Transient', reason: 'DeletionUnconfirmed' }
    : failure;

/** How soon one looks again, where the end of the server's trouble doesn't wake one before. */
const HELD_MS = 5_000;

/**
 * The server's state forbids the call: no failure of this one, so what went wrong before stays what is told; unless a
 * person suspended the server.
 */
function held(
  { basis }: DeregisterStep,
  server: string,
  o: Observation,
  { key }: Round,
  context: Context,
): StepResult {
  const gate = context.servers.gate(server, { ...callerOf(key), kind: 'Deregister', version: '' });
  const before = setbackOf(o, 'Deregister', basis);
  const retryAt = context.clock.now() + HELD_MS;
  const why = gate.open
    ? { reason: 'Queued' as const, message: 'The call could not be made yet.' }
    : { reason: gate.reason, message: gate.message };
  context.memory.setBack(key, {
    action: 'Deregister',
    basis,
    kind: 'Transient',
    ...why,
    attempts: 0,
    since: context.clock.now(),
    ambiguous: false,
    ...before,
    ...(why.reason === 'Suspended' ? why : {}),
    retryAt,
  });
  return DONE;
}

/** "Not found" and "not supported" look alike: where reading is harmless, the server is asked whether the client lives. */
async function aliveOrNot(
  failure: Failure,
  server: string,
  address: (() => Promise<ManagementAddress | Failure>) | undefined,
  { timeoutMs, transport }: CallTerms,
  context: Context,
): Promise<Failure> {
  if (failure.kind === 'TokenRefused') {
    return asUnconfirmed(failure);
  }
  if (address === undefined || (failure.kind !== 'NotFound' && failure.kind !== 'Unsupported')) {
    return failure;
  }
  const found = await address();
  if ('kind' in found) {
    return asUnconfirmed(found);
  }
  const read = await context.http.send(readRequest(found), {
    timeoutMs,
    transport,
    server: serverNamed(server),
  });
  const alive =
    read.kind === 'answered' && read.status === 200 && parseClientInformation(read.body) !== undefined;
  return alive
    ? unsupported(`${failure.message}, and the client still exists`)
    : { ...failure, kind: 'Transient', reason: 'DeletionUnconfirmed' };
}

const REMOVED_AT_SERVER = {
  kind: 'Unknown',
  reason: 'Deleting',
  message: 'The client was removed at the server; its record is not removed yet',
} as const;

/** The client is gone at the server: the finalizer goes, then the record, and the ledger's entry with it. */
async function deregistered(
  step: DeregisterStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { record } = step.home;
  const others = o.records.filter(
    ({ client, secretName }) => client.uid === record.client.uid && secretName !== record.secretName,
  );
  // Kept until the record is gone: should a later step fail, the next DELETE finds nothing, and that is right.
  setBack(round.key, 'Deregister', step.basis, REMOVED_AT_SERVER, context, 0);
  context.events.record({
    type: 'Normal',
    reason: 'Deregistered',
    action: 'Deregister',
    message: `Client ${record.clientId}${describePurpose(record.purpose)} was removed at ${record.issuer}. Tokens already issued to it live until they expire.`,
    regarding: subjectOf(o, record),
  });
  if (step.because === 'Deleting' && o.object !== undefined && others.length === 0) {
    const removed = await removeFinalizer(o.object, o, context);
    if (removed.kind === 'later') {
      return removed;
    }
  }
  return forget(record, round, context);
}

/** A merge patch: of a client that nobody manages any more, what finds and manages it is kept. */
const WITHOUT_DOCUMENTS = Object.fromEntries(DOCUMENT_KEYS.map((key) => [key, null]));

const leftAt = ({ clock }: Context) => ({
  [ANNOTATIONS.leftAt]: rfc3339(clock.now()),
});

/** Stops waiting for the server: the record changes its role, people are told, and the object may go. */
export async function release(
  step: Extract<Step, { type: 'Release' }>,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { record, role, setback } = step;
  const { api, settings } = context;
  const isLeft = role === 'left-behind';
  const key = { namespace: settings.operatorNamespace, name: record.secretName };
  const patched = await api.patch<KubernetesObject>(RESOURCES.secret, key, {
    metadata: { labels: { [LABELS.role]: role }, ...(isLeft ? { annotations: leftAt(context) } : {}) },
    ...(isLeft ? { data: WITHOUT_DOCUMENTS } : {}),
  });
  if (!patched.ok && patched.status !== 404) {
    return later(`the record's role could not be changed: ${patched.message}`);
  }
  if (patched.ok) {
    context.caches.registrations.learn(toRegistrationObject(patched.object));
  }
  const what = role === 'owed' ? 'is tried on from' : 'stays behind; its record is in';
  const text = `Client ${record.clientId} at ${record.issuer} was not removed: ${setback.message} Its deregistration ${what} Secret ${key.namespace}/${key.name}.`;
  context.events.record({
    type: 'Warning',
    reason: setback.reason,
    action: 'Deregister',
    message: text,
    regarding: subjectOf(o, record),
  });
  for (const call of context.ledger
    .callsOf(round.key)
    .filter(({ record: name }) => role === 'left-behind' && name === record.secretName)) {
    context.ledger.settle(call.attempt);
  }
  return o.object?.deleting ? removeFinalizer(o.object, o, context) : DONE;
}
