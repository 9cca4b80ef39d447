import { type KubernetesObject, RESOURCES, type Secret } from '../../../api/kubernetes.ts';
import { ANNOTATIONS, SHOWS_NONE } from '../../../api/names.ts';
import type { PublishStep } from '../../../core/action.ts';
import { backoff } from '../../../core/backoff.ts';
import type { RegistrationContent } from '../../../core/content.ts';
import { setbackOf } from '../../../core/earlier-calls.ts';
import { failure } from '../../../core/failure.ts';
import { besideOthers } from '../../../core/field-ownership.ts';
import { shownSinceText } from '../../../core/given-credential.ts';
import type { Observation, Setback } from '../../../core/observation.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { isRestored } from '../../../core/restored-object.ts';
import { knownCredential } from '../../../core/shown-credential.ts';
import { unusedNames } from '../../../core/unused-names.ts';
import { endpointsFor } from '../../../core/workload.ts';
import {
  inputsHash,
  type ObservedSecret,
  toObservedSecret,
  toWorkloadSecret,
  undoneBy,
  type WantedSecret,
} from '../../../core/workload-secret.ts';
import { renderSecret } from '../../../formats/render-secret.ts';
import { presentable } from '../../../oauth/error-response.ts';
import { defined } from '../../../oauth/objects.ts';
import type { ApiResult } from '../../ports.ts';
import { toSecretObject } from '../../state/cached-objects.ts';
import { isRefusal, PLACES } from '../../state/refused-writes.ts';
import { DONE, notDone, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import type { StepContext } from '../step-context.ts';
import { contentOf } from './read-content.ts';
import { failed, notRead, subjectOf, warn } from './report.ts';
import { describeConflict, isStillTaken, secretTaken } from './secret-conflict.ts';

export async function publish(step: PublishStep, input: StepInput): Promise<StepResult> {
  const { o, round, context } = input;
  const { record, wanted, object, basis } = step;
  const conflict = `${describeConflict(wanted.name)} The client ${record.clientId} is registered`;
  if (await isStillTaken(wanted.name, input)) {
    return secretTaken(conflict, basis, input);
  }
  const content = await contentOf(record, input);
  if ('notRead' in content) {
    return notRead(content, 'Publish', basis, record, input);
  }
  const { keys = {}, include = [], template } = object.desired.spec.secret;
  const client = publishedOf(o, record, content, include);
  const { endpoints, audience } = client;
  const rendering = renderSecret(client, wanted.format, { keys, template });
  if (!rendering.ok) {
    return notRenderable(rendering.problem, step, input);
  }
  const format = wanted.format.name;
  const inputs = inputsHash({ record, format, keys, include, template, endpoints, audience });
  const known = o.secrets.find(({ name, ownerUid }) => name === wanted.name && ownerUid === object.uid);
  const since = shownSinceText(o, record, known, context.clock.now());
  const toWrite = (resourceVersion?: string) =>
    toWorkloadSecret(
      { namespace: o.namespace, name: o.name, uid: object.uid },
      withRequest(wanted, record),
      { shows: record.registrationSecret, inputs, since, values: rendering.data },
      resourceVersion,
    );
  const written =
    known === undefined
      ? await createOrTakeOver(toWrite, step, input)
      : await replaceSecret(toWrite, known, context);
  if (written === 'conflict') {
    return secretTaken(conflict, basis, input);
  }
  if (!written.ok) {
    return workloadNotWritten(written, step, known === undefined, input);
  }
  if (known === undefined) {
    context.refusedWrites.admitted(PLACES.workload(o.namespace));
  }
  context.caches.secrets.learn(toSecretObject(written.object));
  const undone = undoneBy(toObservedSecret(written.object), record, wanted);
  if (undone !== undefined) {
    return writeUndone(undone, step, input);
  }
  context.memory.succeeded(round.key, 'Publish', basis);
  context.memory.noteSecret(round.key, unusedNames(client, keys));
  if (wasChanged(known, inputs)) {
    tellRestored(step, input);
  }
  return DONE;
}

/** What the Secret may show of the client. */
const publishedOf = (
  o: Observation,
  record: RegistrationRecord,
  { information, sent, endpoints, keys }: RegistrationContent,
  include: readonly string[],
) => ({
  information,
  sent,
  issuer: record.issuer,
  endpoints: endpointsFor(o, record) ?? endpoints,
  key: keys[0],
  include,
  audience: knownCredential(o, record)?.audience,
  provider: record.server.name,
  name: o.name,
});

/**
 * The registration is unchanged. Reports the API server's refusal with its message, and retries with backoff. A Secret
 * that could not be created says that others can't, either; one that can't be changed, such as an immutable one, doesn't.
 */
function workloadNotWritten(
  refused: Extract<ApiResult<Secret>, { readonly ok: false }>,
  { wanted, record, basis }: PublishStep,
  isNew: boolean,
  input: StepInput,
): StepResult {
  const { o, round, context } = input;
  if (!isRefusal(refused) || o.namespaceTerminating) {
    return notDone(`Secret ${wanted.name} is not written`, refused);
  }
  if (isNew) {
    context.refusedWrites.refused(PLACES.workload(o.namespace), refused.message);
  }
  const said = presentable(refused.message, []);
  const message = `Client ${record.clientId} is registered, and the API server refuses its Secret ${wanted.name}: ${said}`;
  const refusal = { kind: 'Transient', reason: 'SecretWriteRefused', message } as const;
  const before = setbackOf(o, 'Publish', basis);
  setBack(round.key, { action: 'Publish', basis }, refusal, context, pauseAfter(before, context));
  if (before?.reason !== 'SecretWriteRefused') {
    warn('SecretWriteRefused', 'Publish', message, input);
  }
  return DONE;
}

/**
 * The answer to the write lacks a part of what was sent: something at admission takes it off, and would do so again. The
 * Secret is written again after a pause that grows; all else goes on.
 */
function writeUndone(undone: string, { wanted, basis }: PublishStep, input: StepInput): StepResult {
  const { o, round, context } = input;
  const message = `Secret ${wanted.name} shows the registration, and lacks ${undone} that the operator wrote: something at admission, such as a mutating policy or webhook, takes it off`;
  const failure = { kind: 'Transient', reason: 'SecretWriteUndone', message } as const;
  const before = setbackOf(o, 'Publish', basis);
  const pauseMs = backoff(UNDONE_PAUSES, before?.attempts ?? 0, context.random);
  setBack(round.key, { action: 'Publish', basis }, failure, context, pauseMs);
  if (before?.reason !== 'SecretWriteUndone') {
    warn('SecretWriteUndone', 'Publish', message, input);
  }
  return DONE;
}

const UNDONE_PAUSES = { firstMs: 5_000, longestMs: 60_000 };

/** Nothing tells that a quota was raised or a policy changed, so a refused write is tried again soon. */
const PAUSES = { firstMs: 2_000, longestMs: 30_000 };

const pauseAfter = (before: Setback | undefined, { random }: StepContext): number =>
  backoff(PAUSES, before?.attempts ?? 0, random);

/**
 * The values of this client don't fit what the spec asks of its Secret. Nothing is written, and a Secret that workloads
 * have stays as it was. Only other values or another spec can help.
 */
function notRenderable(
  problem: string,
  { wanted, record, rendering }: PublishStep,
  input: StepInput,
): StepResult {
  const message = `Client ${record.clientId} is registered, and its Secret ${wanted.name} is not written: it ${problem}.`;
  return failed('Render', rendering, failure('Terminal', 'TemplateInvalid', message), input);
}

/** Marks the request for another registration as served, for an object that is restored without its status. */
const withRequest = (wanted: WantedSecret, { rotatedFor }: RegistrationRecord): WantedSecret =>
  rotatedFor === undefined
    ? wanted
    : {
        ...wanted,
        annotations: { ...wanted.annotations, [ANNOTATIONS.rotateRequestedAt]: rotatedFor },
      };

type ToWrite = (resourceVersion?: string) => Secret;

/** Reads what others wrote beside the operator's fields, where they did; the version that is known guards the write. */
async function replaceSecret(
  toWrite: ToWrite,
  known: ObservedSecret,
  context: StepContext,
): Promise<ApiResult<Secret>> {
  const { api, caches } = context;
  const wanted = toWrite(known.resourceVersion);
  const live = known.isShared
    ? await api.get<KubernetesObject>(RESOURCES.secret, known, 'metadata')
    : undefined;
  const replaced =
    live === undefined
      ? await api.replace(RESOURCES.secret, wanted)
      : live.ok
        ? await api.replace(RESOURCES.secret, besideOthers(wanted, live.object))
        : live;
  if (replaced.ok) {
    return replaced;
  }
  if (replaced.status === 404) {
    caches.secrets.forget({ metadata: placeOf(known) });
    return api.create(RESOURCES.secret, toWrite());
  }
  return replaced.status === 422 ? ofOtherType(toWrite, replaced, context) : replaced;
}

const placeOf = ({ namespace, name, uid }: ObservedSecret) => ({ namespace, name, uid });

/**
 * The type of a Secret can't be changed: where another one is wanted, a new Secret takes the place of the present one. It
 * is tried first without being stored, so that the present one stays where the API server refuses the new one.
 *
 * @param refused why the present one could not be replaced
 */
async function ofOtherType(
  toWrite: ToWrite,
  refused: ApiResult<Secret>,
  { api, caches }: StepContext,
): Promise<ApiResult<Secret>> {
  const wanted = toWrite();
  const { namespace = '', name } = wanted.metadata;
  const found = await api.get<Secret>(RESOURCES.secret, { namespace, name });
  if (!found.ok || (found.object.type ?? 'Opaque') === wanted.type) {
    return refused;
  }
  const tried = await api.dryRun(RESOURCES.secret, wanted);
  if (!tried.ok && tried.reason !== 'AlreadyExists') {
    return tried;
  }
  const { uid, resourceVersion } = found.object.metadata;
  const gone = await api.delete(RESOURCES.secret, { namespace, name }, defined({ uid, resourceVersion }));
  if (!gone.ok && gone.status !== 404) {
    return gone;
  }
  caches.secrets.forget(found.object);
  return api.create(RESOURCES.secret, wanted);
}

async function createOrTakeOver(
  toWrite: ToWrite,
  step: PublishStep,
  { o, context }: StepInput,
): Promise<ApiResult<Secret> | 'conflict'> {
  const { api } = context;
  const created = await api.create(RESOURCES.secret, toWrite());
  if (created.ok || created.reason !== 'AlreadyExists') {
    return created;
  }
  const { name } = toWrite().metadata;
  const found = await api.get<Secret>(RESOURCES.secret, { namespace: o.namespace, name });
  if (!found.ok) {
    return found;
  }
  if (!isOwnSecret(found.object, step, o)) {
    return 'conflict';
  }
  const wanted = besideOthers(toWrite(found.object.metadata.resourceVersion), found.object);
  const replaced = await api.replace(RESOURCES.secret, wanted);
  return !replaced.ok && replaced.status === 422 ? ofOtherType(toWrite, replaced, context) : replaced;
}

/**
 * This object's own Secret; or one that an earlier object of this name left, whose client was removed; or one restored
 * from a backup, which names this object and shows this client, or shows one whose record is gone and in whose place a
 * person had this one registered.
 */
function isOwnSecret(
  secret: Secret,
  { record, wanted }: PublishStep,
  { object, namespace, name }: Observation,
): boolean {
  const observed = toObservedSecret(secret);
  const { keys = {} } = (object?.desired.valid ? object.desired.spec.secret : undefined) ?? {};
  const shown = wanted.format.clientIdIn(textsOf(secret), keys);
  const isLeft = observed.ownerUid === undefined && observed.shows === SHOWS_NONE;
  const isRestoredHere =
    observed.annotations[ANNOTATIONS.client] === `${namespace}/${name}` &&
    (isLeft ||
      observed.shows === record.registrationSecret ||
      shown === record.clientId ||
      (isRestored(observed) && record.rotatedFor !== undefined));
  return observed.ownerUid === object?.uid || isRestoredHere;
}

const textsOf = ({ data = {} }: Secret): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );

/** Whether somebody removed or edited the Secret, rather than the operator has something else to show. */
const wasChanged = (known: ObservedSecret | undefined, inputs: string): boolean =>
  known?.projection === undefined || known.projection.split('.')[0] === inputs;

/** An existing Secret had to be written again although the spec didn't change. */
function tellRestored({ object, wanted, record }: PublishStep, { o, context: { events } }: StepInput): void {
  const { status, generation } = object;
  if (
    status.secretName === wanted.name &&
    status.observedGeneration === generation &&
    status.clientId === record.clientId
  ) {
    const message = `Secret ${wanted.name} was missing or had been edited; it shows client ${record.clientId} again.`;
    events.record({
      reason: 'SecretRestored',
      action: 'Publish',
      message,
      regarding: subjectOf(o, record),
    });
  }
}

export async function removeSecret(
  secret: ObservedSecret,
  { api, caches }: StepContext,
): Promise<StepResult> {
  const { namespace, name, uid } = secret;
  const gone = await api.delete(RESOURCES.secret, { namespace, name }, { uid });
  if (!gone.ok && gone.status !== 404) {
    return notDone(`Secret ${name} is not removed`, gone);
  }
  caches.secrets.forget({ metadata: { namespace, name, uid } });
  return DONE;
}
