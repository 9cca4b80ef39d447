import { type KubernetesObject, RESOURCES, type Secret } from '../api/kubernetes.ts';
import { FINALIZER, LABELS } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import { classifyDeletion, classifyRegistration, classifyUpdate, type Failure } from '../core/classify.ts';
import { type ClientObject, toClientObject } from '../core/desired.ts';
import { type Substitution, sameDocument, substitutions } from '../core/drift.ts';
import type { CallKind, Observation, ObservedClient } from '../core/observation.ts';
import type { DeregisterStep, PublishStep, RegisterStep, Step, UpdateStep } from '../core/plan.ts';
import {
  type RegistrationContent,
  type RegistrationRecord,
  toContent,
  toRegistrationSecret,
} from '../core/record.ts';
import { serverKey } from '../core/server.ts';
import {
  inputsHash,
  type ObservedSecret,
  toObservedSecret,
  toWorkloadSecret,
} from '../core/workload-secret.ts';
import { opaque } from '../formats/opaque.ts';
import { deleteRequest, readRequest, registerRequest, updateRequest } from '../oauth/registration.ts';
import { managementOf, type Recorded, registered, secretsOf, setBack, updated, withCure } from './answers.ts';
import type { Context } from './context.ts';
import { toRegistrationObject, toSecretObject } from './objects.ts';
import type { ApiResult, HttpOutcome, HttpRequest } from './ports.ts';

/** `done`: look again. `later`: the API server didn't take a write; look again after a pause. */
export type StepResult = { readonly kind: 'done' } | { readonly kind: 'later'; readonly why: string };

/** What one round of looking, planning and doing holds on to. */
export interface Round {
  readonly key: string;
  /** Contents that were just written or read, by the name of their registration Secret: saves reading them. */
  readonly contents: Map<string, RegistrationContent>;
  /** What an answer in this round showed of the server's own choices. */
  learned: readonly Substitution[] | undefined;
}

const DONE: StepResult = { kind: 'done' };
const later = (why: string): StepResult => ({ kind: 'later', why });

/** How long one waits after a registration without an answer, before the same client is registered again. */
const COOLDOWN_MS = 60_000;
/** How often a foreign Secret that stands in the way is looked at. */
const CONFLICT_RETRY_MS = 60_000;

/** Does one step. Every branch is a short list of effects, in the order that crashes permit. */
export function execute(step: Step, o: Observation, round: Round, context: Context): Promise<StepResult> {
  switch (step.type) {
    case 'ReportOrphan':
      return reportOrphan(step.call.attempt, 'The operator stopped before it read the answer', o, context);
    case 'SettleCall':
      context.ledger.settle(step.call.attempt);
      return Promise.resolve(DONE);
    case 'ConfirmAbsence':
      return confirmAbsence(o, round, context);
    case 'AddFinalizer':
      return setFinalizers(step.object, [...step.object.finalizers, FINALIZER], o, context);
    case 'RemoveFinalizer':
      return removeFinalizer(step.object, o, context);
    case 'Register':
      return register(step, o, round, context);
    case 'Update':
      return update(step, o, round, context);
    case 'Deregister':
      return deregister(step, o, round, context);
    case 'Release':
      return release(step, o, round, context);
    case 'Publish':
      return publish(step, o, round, context);
    case 'RemoveSecret':
      return removeSecret(step.secret, context);
  }
}

async function reportOrphan(
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

/** Only an answer that names the object proves that it doesn't exist: a bare 404 means that the CRD is gone. */
async function confirmAbsence(o: Observation, round: Round, context: Context): Promise<StepResult> {
  const found = await context.api.get(RESOURCES.oauthClient, { namespace: o.namespace, name: o.name });
  if (found.ok) {
    return later('the object exists; the watch has not shown it yet');
  }
  if (found.reason !== 'NotFound') {
    return later(`whether the object is gone isn't known: ${found.message}`);
  }
  context.memory.absenceProven(round.key);
  return DONE;
}

async function setFinalizers(
  object: ObservedClient,
  finalizers: readonly string[],
  o: Observation,
  { api, caches }: Context,
): Promise<StepResult> {
  const patch = { metadata: { resourceVersion: object.resourceVersion, finalizers } };
  const patched = await api.patch(RESOURCES.oauthClient, { namespace: o.namespace, name: o.name }, patch);
  if (!patched.ok) {
    return later(`finalizer not written: ${patched.message}`);
  }
  caches.clients.learn(toClientObject(patched.object));
  return DONE;
}

/** Without its last finalizer an object that is being deleted is gone at once. */
async function removeFinalizer(
  object: ObservedClient,
  o: Observation,
  context: Context,
): Promise<StepResult> {
  const finalizers = object.finalizers.filter((name) => name !== FINALIZER);
  const patch = { metadata: { resourceVersion: object.resourceVersion, finalizers } };
  const patched = await context.api.patch<ClientObject>(
    RESOURCES.oauthClient,
    { namespace: o.namespace, name: o.name },
    patch,
  );
  if (!patched.ok && patched.status !== 404) {
    return later(`finalizer not removed: ${patched.message}`);
  }
  const known = context.caches.clients.get(`${o.namespace}/${o.name}`);
  if (patched.ok && finalizers.length > 0) {
    context.caches.clients.learn(toClientObject(patched.object));
  } else if (known !== undefined) {
    context.caches.clients.forget(known);
  }
  return DONE;
}

async function register(
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
  const outcome = await guarded(call, connection.version, connection.timeoutMs, request, context);
  if (outcome === undefined) {
    return DONE;
  }
  const secrets = secretsOf({ clientId: '', metadata: {} }, connection.initialAccessToken);
  const verdict = classifyRegistration(outcome, {
    dialect: context.dialect,
    secrets,
    now: context.clock.now(),
  });
  if (verdict.kind !== 'Done' || verdict.information === undefined) {
    const failure = verdict as Failure;
    return registrationFailed(step, attempt, failure, o, round, context);
  }
  const namespaceUid = context.caches.namespaces.get(o.namespace)?.metadata.uid ?? '';
  const recorded = registered(step, attempt, verdict.information, client, namespaceUid, context);
  const { operatorNamespace } = context.settings;
  const written = await context.recorder.create(
    attempt,
    toRegistrationSecret(recorded.record, recorded.content, operatorNamespace),
  );
  context.servers.leave(call.server, 'Register', connection.version, undefined);
  if (written === undefined) {
    context.ledger.interrupt(attempt);
    return later('the registration Secret could not be written; the answer is in the journal');
  }
  context.servers.learn(call.server, recorded.record.managed ? 'RegistrationAccessToken' : 'None');
  keep(written, recorded, round, context);
  context.ledger.settle(attempt);
  context.memory.succeeded(round.key, 'Register');
  return DONE;
}

async function registrationFailed(
  step: RegisterStep,
  attempt: string,
  failure: Failure,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { connection, basis, ref } = step;
  const unknown = failure.kind === 'Unknown';
  const why = `${ref.kind} ${ref.name}: ${failure.message}`;
  const refused = failure.kind === 'TokenRefused';
  const told = refused
    ? { ...failure, message: withCure(`${failure.message} to the admission credential`, failure.reason) }
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
  context.servers.leave(serverKey(ref, o.namespace), 'Register', connection.version, told);
  if (unknown) {
    context.ledger.interrupt(attempt);
    return reportOrphan(attempt, why, o, context);
  }
  context.ledger.settle(attempt);
  warn(failure.reason, 'Register', why, o, context);
  return DONE;
}

interface GuardedCall {
  readonly attempt: string;
  readonly kind: CallKind;
  readonly client: RegistrationRecord['client'];
  readonly record: string;
  readonly server: string;
}

/**
 * One call with an effect: the server permits it, its entry is committed, the lead is held; then it is sent, once.
 * `undefined` when it wasn't sent. Otherwise the caller settles the entry and leaves the server.
 */
async function guarded(
  call: GuardedCall,
  version: string,
  timeoutMs: number,
  request: HttpRequest,
  context: Context,
): Promise<HttpOutcome | undefined> {
  const { clock, ledger, lead, servers, http } = context;
  if (!servers.enter(call.server, call.kind, version)) {
    return undefined;
  }
  const startedAt = new Date(clock.now()).toISOString();
  const committed = await ledger.begin({ ...call, startedAt });
  if (!committed || !lead.held()) {
    ledger.settle(call.attempt);
    servers.abandon(call.server);
    return undefined;
  }
  return http.send(request, { timeoutMs });
}

async function update(step: UpdateStep, o: Observation, round: Round, context: Context): Promise<StepResult> {
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
  const outcome = await guarded(call, connection.version, connection.timeoutMs, request, context);
  if (outcome === undefined) {
    return DONE;
  }
  const secrets = secretsOf(stored.information, connection.initialAccessToken);
  const verdict = classifyUpdate(outcome, { dialect: context.dialect, secrets, now: context.clock.now() });
  const failure = verdict.kind === 'Done' ? undefined : tokenLost(verdict, attempt, record, o);
  context.servers.leave(call.server, 'Update', connection.version, failure);
  if (verdict.kind === 'Done') {
    const next = updated(step, stored, verdict.information, context.clock.now());
    return store(attempt, step, next, round, context);
  }
  context.ledger.settle(attempt);
  return failed('Update', basis, failure ?? verdict, o, round, context);
}

/** A refused registration access token is no fact about the metadata; after a lost answer it may have been rotated. */
function tokenLost(failure: Failure, attempt: string, record: RegistrationRecord, o: Observation): Failure {
  if (failure.kind !== 'TokenRefused' && failure.kind !== 'NotFound') {
    return failure;
  }
  const lost = o.setbacks.Update?.ambiguous
    ? `; an update since ${new Date(o.setbacks.Update.since).toISOString()} got no answer`
    : '';
  const message = `${failure.message} to the registration access token of client ${record.clientId} (update ${attempt}${lost})`;
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
  context.memory.succeeded(round.key, 'Update');
  return DONE;
}

async function deregister(
  step: DeregisterStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { record, basis } = step;
  const content = await contentOf(record, round, context);
  if (content === undefined) {
    return damaged('Deregister', basis, record, round, context);
  }
  const management = managementOf(content);
  if (management === undefined || 'refused' in management) {
    const message = management?.refused ?? 'The server gave no token or address to manage the client with';
    return failed(
      'Deregister',
      basis,
      { kind: 'Terminal', reason: 'DeletionUnsupported', message, serverTrouble: false },
      o,
      round,
      context,
    );
  }
  const interrupted = o.calls.filter(
    ({ kind, record: name }) => kind === 'Deregister' && name === record.secretName,
  );
  const mayBeGone = interrupted.length > 0 || (o.setbacks.Deregister?.ambiguous ?? false);
  const attempt = interrupted[0]?.attempt ?? newAttempt(context);
  const server = serverKey(record.server, record.client.namespace);
  const call = {
    attempt,
    kind: 'Deregister',
    client: record.client,
    record: record.secretName,
    server,
  } as const;
  const outcome = await guarded(call, '', DELETE_TIMEOUT_MS, deleteRequest(management), context);
  if (outcome === undefined) {
    return failed('Deregister', basis, notPermitted, o, round, context);
  }
  const secrets = secretsOf(content.information);
  const verdict = classifyDeletion(outcome, { dialect: context.dialect, secrets, now: context.clock.now() });
  context.servers.leave(server, 'Deregister', '', verdict.kind === 'Done' ? undefined : verdict);
  const refusedStatus = outcome.kind === 'answered' && context.dialect.goneStatuses.includes(outcome.status);
  if (verdict.kind === 'Done' || (mayBeGone && refusedStatus)) {
    return deregistered(step, o, round, context);
  }
  if (verdict.kind === 'Unknown') {
    context.ledger.interrupt(attempt);
  } else {
    context.ledger.settle(attempt);
  }
  const failure = await aliveOrNot(verdict, management, context);
  return failed('Deregister', basis, failure, o, round, context);
}

const DELETE_TIMEOUT_MS = 30_000;

const notPermitted: Failure = {
  kind: 'Transient',
  reason: 'AuthorizationServerUnavailable',
  message: 'The server is in trouble; the call waits',
  serverTrouble: false,
};

/** "Not found" and "not supported" look alike: where reading is harmless, the server is asked whether the client lives. */
async function aliveOrNot(
  failure: Failure,
  management: Parameters<typeof readRequest>[0],
  context: Context,
): Promise<Failure> {
  const isUnclear = failure.kind === 'NotFound' || failure.kind === 'Unsupported';
  if (failure.kind === 'TokenRefused') {
    return { ...failure, kind: 'Transient', reason: 'DeletionUnconfirmed' };
  }
  if (!isUnclear || context.dialect.readEffect !== 'None') {
    return failure;
  }
  const read = await context.http.send(readRequest(management), { timeoutMs: DELETE_TIMEOUT_MS });
  const alive = read.kind === 'answered' && read.status === 200;
  const message = alive ? `${failure.message}, and the client still exists` : failure.message;
  return alive
    ? { ...failure, kind: 'Terminal', reason: 'DeletionUnsupported', message }
    : { ...failure, kind: 'Transient', reason: 'DeletionUnconfirmed' };
}

/** The client is gone at the server: the finalizer goes, then the record, and the ledger's entry with it. */
async function deregistered(
  step: DeregisterStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { record } = step;
  const others = o.records.filter(
    ({ client, secretName }) => client.uid === record.client.uid && secretName !== record.secretName,
  );
  // Kept until the record is gone: should a later step fail, the next DELETE finds nothing, and that is right.
  setBack(round.key, 'Deregister', step.basis, { ...notPermitted, kind: 'Unknown' }, context, 0);
  context.events.record({
    type: 'Normal',
    reason: 'Deregistered',
    action: 'Deregister',
    message: `Client ${record.clientId} was removed at ${record.issuer}. Tokens already issued to it live until they expire.`,
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

async function forget(record: RegistrationRecord, round: Round, context: Context): Promise<StepResult> {
  const { api, caches, settings, ledger, memory } = context;
  const key = { namespace: settings.operatorNamespace, name: record.secretName };
  const gone = await api.delete(RESOURCES.secret, key);
  if (!gone.ok && gone.status !== 404) {
    return later(`the registration Secret could not be removed: ${gone.message}`);
  }
  const known = caches.registrations.get(`${key.namespace}/${key.name}`);
  if (known !== undefined) {
    caches.registrations.forget(known);
  }
  for (const call of ledger.callsOf(round.key).filter(({ record: name }) => name === record.secretName)) {
    ledger.settle(call.attempt);
  }
  memory.succeeded(round.key, 'Deregister');
  return DONE;
}

/** Stops waiting for the server: the record changes its role, people are told, and the object may go. */
async function release(
  step: Extract<Step, { type: 'Release' }>,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { record, role, setback } = step;
  const { api, settings } = context;
  const key = { namespace: settings.operatorNamespace, name: record.secretName };
  const patched = await api.patch<KubernetesObject>(RESOURCES.secret, key, {
    metadata: { labels: { [LABELS.role]: role } },
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

async function publish(
  step: PublishStep,
  o: Observation,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { record, wanted, object, basis } = step;
  const content = await contentOf(record, round, context);
  if (content === undefined || !object.desired.valid) {
    return damaged('Publish', basis, record, round, context);
  }
  const keys = object.desired.spec.secret?.keys ?? {};
  const endpoints =
    (o.server.available ? o.server.connection.endpoints : o.server.endpoints) ?? content.endpoints;
  const values = opaque(
    { information: content.information, sent: content.sent, issuer: record.issuer, endpoints },
    keys,
  );
  const inputs = inputsHash({ record, keys, endpoints });
  const known = o.secrets.find(({ name, ownerUid }) => name === wanted.name && ownerUid === object.uid);
  const toWrite = (resourceVersion?: string) =>
    toWorkloadSecret(
      { namespace: o.namespace, name: o.name, uid: object.uid },
      wanted,
      record.secretName,
      inputs,
      values,
      resourceVersion,
    );
  const written =
    known === undefined
      ? await createOrTakeOver(toWrite, record, o, context)
      : await replaceSecret(toWrite, known, context);
  if (written === 'conflict') {
    const message = `Secret ${wanted.name} exists and isn't this object's; it was not touched. The client ${record.clientId} is registered`;
    const failure: Failure = { kind: 'Terminal', reason: 'SecretConflict', message, serverTrouble: false };
    return failed('Publish', basis, failure, o, round, context, CONFLICT_RETRY_MS);
  }
  if (!written.ok) {
    return later(`Secret ${wanted.name} not written: ${written.message}`);
  }
  context.caches.secrets.learn(toSecretObject(written.object));
  context.memory.succeeded(round.key, 'Publish');
  tellRestored(step, o, context);
  return DONE;
}

type ToWrite = (resourceVersion?: string) => Secret;

async function replaceSecret(
  toWrite: ToWrite,
  known: ObservedSecret,
  { api, caches }: Context,
): Promise<ApiResult<Secret>> {
  const replaced = await api.replace(RESOURCES.secret, toWrite(known.resourceVersion));
  const cached = caches.secrets.get(`${known.namespace}/${known.name}`);
  if (!replaced.ok && replaced.status === 404 && cached !== undefined) {
    caches.secrets.forget(cached);
    return api.create(RESOURCES.secret, toWrite());
  }
  return replaced;
}

async function createOrTakeOver(
  toWrite: ToWrite,
  record: RegistrationRecord,
  o: Observation,
  { api }: Context,
): Promise<ApiResult<Secret> | 'conflict'> {
  const created = await api.create(RESOURCES.secret, toWrite());
  if (created.ok || created.reason !== 'AlreadyExists') {
    return created;
  }
  const { name } = toWrite().metadata;
  const found = await api.get<Secret>(RESOURCES.secret, { namespace: o.namespace, name });
  if (!found.ok) {
    return found;
  }
  return isOurs(found.object, record, o)
    ? api.replace(RESOURCES.secret, toWrite(found.object.metadata.resourceVersion))
    : 'conflict';
}

/** This object's own Secret; or one restored from a backup, which names this object and shows this client. */
function isOurs(secret: Secret, record: RegistrationRecord, o: Observation): boolean {
  const { ownerUid, annotations } = toObservedSecret(secret);
  const shown = Buffer.from(secret.data?.['client_id'] ?? '', 'base64').toString();
  const names = Object.values(annotations).includes(`${o.namespace}/${o.name}`);
  return ownerUid === o.object?.uid || (names && shown === record.clientId);
}

/** A Secret that was there before and had to be written again, though nobody asked for a change. */
function tellRestored({ object, wanted, record }: PublishStep, o: Observation, { events }: Context): void {
  const { status, generation } = object;
  if (
    status.secretName === wanted.name &&
    status.observedGeneration === generation &&
    status.clientId === record.clientId
  ) {
    const message = `Secret ${wanted.name} was missing or had been edited; it shows client ${record.clientId} again.`;
    events.record({
      type: 'Normal',
      reason: 'SecretRestored',
      action: 'Publish',
      message,
      regarding: subjectOf(o, record),
    });
  }
}

async function removeSecret(secret: ObservedSecret, { api, caches }: Context): Promise<StepResult> {
  const { namespace, name, uid } = secret;
  const gone = await api.delete(RESOURCES.secret, { namespace, name }, { uid });
  if (!gone.ok && gone.status !== 404) {
    return later(`Secret ${name} not removed: ${gone.message}`);
  }
  const known = caches.secrets.get(`${namespace}/${name}`);
  if (known !== undefined) {
    caches.secrets.forget(known);
  }
  return DONE;
}

async function contentOf(
  record: RegistrationRecord,
  round: Round,
  { api, settings }: Context,
): Promise<RegistrationContent | undefined> {
  const known = round.contents.get(record.secretName);
  if (known !== undefined) {
    return known;
  }
  const found = await api.get<Secret>(RESOURCES.secret, {
    namespace: settings.operatorNamespace,
    name: record.secretName,
  });
  const content = found.ok ? toContent(found.object) : undefined;
  if (content !== undefined) {
    round.contents.set(record.secretName, content);
  }
  return content;
}

/** Keeps what was just recorded, so that neither the watch nor a read is needed to go on. */
function keep(written: Secret, { record, content }: Recorded, round: Round, { caches }: Context): void {
  round.contents.set(record.secretName, content);
  round.learned = substitutions(content.sent, content.information.metadata);
  caches.registrations.learn(toRegistrationObject(written));
}

function damaged(
  action: CallKind | 'Publish',
  basis: string,
  record: RegistrationRecord,
  round: Round,
  context: Context,
): Promise<StepResult> {
  const { operatorNamespace } = context.settings;
  const message = `Registration Secret ${operatorNamespace}/${record.secretName} can't be read`;
  setBack(
    round.key,
    action,
    basis,
    { kind: 'Transient', reason: 'RegistrationRecordMissing', message },
    context,
  );
  return Promise.resolve(DONE);
}

/** Remembers the failure; people are told where it needs them. */
function failed(
  action: CallKind | 'Publish',
  basis: string,
  failure: Failure,
  o: Observation,
  round: Round,
  context: Context,
  retryAfterMs?: number,
): Promise<StepResult> {
  const setback = setBack(round.key, action, basis, failure, context, retryAfterMs);
  if (setback.kind === 'Terminal' && action !== 'Deregister') {
    warn(failure.reason, action, failure.message, o, context);
  }
  return Promise.resolve(DONE);
}

function warn(
  reason: Reason,
  action: string,
  message: string,
  o: Observation,
  { events, log }: Context,
): void {
  log.warn('client needs attention', { client: `${o.namespace}/${o.name}`, action, reason, detail: message });
  events.record({
    type: 'Warning',
    reason,
    action,
    message: withCure(message, reason),
    regarding: subjectOf(o, undefined),
  });
}

function subjectOf(o: Observation, record: RegistrationRecord | undefined) {
  const { namespace, name, namespaceTerminating } = o;
  return {
    kind: 'OAuthClient',
    namespace,
    name,
    uid: o.object?.uid ?? record?.client.uid ?? '',
    namespaceTerminating,
  };
}

/** Ten characters of base 36: unique among the attempts of one client for all purposes. */
function newAttempt({ random }: Context): string {
  return Array.from({ length: 10 }, () => Math.floor(random() * 36).toString(36)).join('');
}
