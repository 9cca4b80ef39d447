import type { UpdateStep } from '../../../core/action.ts';
import { aboutClient, classifyUpdate } from '../../../core/classify.ts';
import type { ServerConnection } from '../../../core/connection.ts';
import type { RegistrationContent, StoredKey } from '../../../core/content.ts';
import { withKeys } from '../../../core/document-keys.ts';
import type { DocumentState } from '../../../core/document-state.ts';
import { refusedUnchanged, sameDocument, substitutionsOf } from '../../../core/drift.ts';
import { renewalBasis } from '../../../core/due.ts';
import { setbackOf, unansweredCalls, unansweredUpdate } from '../../../core/earlier-calls.ts';
import type { Failure, Verdict } from '../../../core/failure.ts';
import { secretsAround } from '../../../core/held-secrets.ts';
import { withinBounds } from '../../../core/kept-answer.ts';
import { type Management, managementOf } from '../../../core/management.ts';
import type { Observation } from '../../../core/observation.ts';
import type { RegistrationRecord } from '../../../core/record.ts';
import { type Recorded, recordUpdate } from '../../../core/recorded-answer.ts';
import { serverKey, serverNamed } from '../../../core/server-key.ts';
import { viewersOf } from '../../../core/tell.ts';
import { UNSUPPORTED_MS } from '../../../core/unsupported-calls.ts';
import { updateBody } from '../../../dialects/encoding.ts';
import { clientDocument } from '../../../oauth/client-document.ts';
import type { ClientInformation } from '../../../oauth/client-information.ts';
import type { ErrorResponse } from '../../../oauth/error-response.ts';
import type { JsonObject } from '../../../oauth/json.ts';
import { defined, omit } from '../../../oauth/objects.ts';
import { updateRequest } from '../../../oauth/registration.ts';
import { asSentence } from '../../../oauth/text.ts';
import { type OwnRequest, ownRequest } from '../../calls/document-registrar.ts';
import { keysAfter } from '../../calls/generated-keys.ts';
import { type Answer, type Conclusion, type Finish, newAttempt } from '../../calls/guarded-call.ts';
import { forgetToken, managementAddress } from '../../calls/management-token.ts';
import { requestBody } from '../../calls/request-body.ts';
import { warnNotOffered } from '../not-offered.ts';
import { callerOf } from '../observe.ts';
import { DONE, later, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import type { StepContext } from '../step-context.ts';
import { refusedOrFailed, updateUnsupported } from './failed-update.ts';
import { foundAgain, isForgotten, notKnown, readAgain } from './forgotten.ts';
import { tryFormerAddress } from './former-address.ts';
import { missingNewAccount } from './missing-account.ts';
import { contentOf } from './read-content.ts';
import { RECORDING, record, SETTLED, TORN_NOT_STORED } from './record.ts';
import { failed, notRead, warn } from './report.ts';
import { keepTorn } from './torn-update.ts';

/** One update: the present record and the intended metadata. */
interface Update {
  readonly step: UpdateStep;
  readonly attempt: string;
  readonly stored: RegistrationContent;
  /** The document to register, in the form that is compared: with a statement's claims, generated keys and the marker. */
  readonly document: JsonObject;
  readonly keys: readonly StoredKey[];
}

export async function update(step: UpdateStep, input: StepInput): Promise<StepResult> {
  const { o, context } = input;
  const { at, basis } = step;
  const { record, connection } = at;
  const stored = await contentOf(record, input);
  if ('notRead' in stored) {
    return notRead(stored, 'Update', basis, record, input);
  }
  const next = await begin(step, stored, context);
  const isUnchanged =
    step.keys === 'Keep' &&
    sameDocument(stored.sent, next.document) &&
    !unansweredUpdate(o, record) &&
    isKeptAsLong(record, connection);
  if (isUnchanged && step.because !== 'Expires' && step.because !== 'Drifted') {
    const now = context.clock.now();
    const same = recordUpdate(step, stored, undefined, stored, now);
    const unsent = { ...same, record: { ...same.record, ...defined({ drifted: record.drifted }) } };
    return (await store(next, unsent, stored.information, input)).result;
  }
  const management = managementOf(at, stored);
  const isTaken = record.document !== undefined || connection.dialect.updateEffect.supported;
  if (management.kind !== 'Managed' || !isTaken) {
    return notSupported(step, updateUnsupported(management), input);
  }
  return sendWithKey(next, management, input);
}

async function sendWithKey(
  next: Update,
  management: Management & { kind: 'Managed' },
  input: StepInput,
): Promise<StepResult> {
  const { step, document } = next;
  const { record, connection } = step.at;
  const missing = await missingNewAccount(step, record.clientId, input);
  if (missing !== undefined) {
    setBack(input.round.key, { action: 'Update', basis: step.basis }, missing, input.context);
    warn(missing.reason, 'Update', missing.message, input);
    return DONE;
  }
  warnNotOffered(document, connection, input);
  const kept = await keepNewKey(next, input);
  return kept === undefined ? later('The new key is not stored yet') : send(kept, management, input);
}

/** Whether servers may keep a document for as long as the server object says now. */
const isKeptAsLong = ({ document }: RegistrationRecord, { documents }: ServerConnection): boolean =>
  document === undefined || documents === undefined || document.maxAge === documents.maxAge;

async function begin(step: UpdateStep, stored: RegistrationContent, context: StepContext): Promise<Update> {
  const { at, object } = step;
  const { record, connection } = at;
  const attempt = newAttempt(context);
  if (object === undefined || step.document === undefined) {
    return { step, attempt, stored, document: stored.sent, keys: stored.keys };
  }
  const spec = object.desired.spec.credential?.generatedKey;
  const { namespace } = record.client;
  // A generated key is stored before the call and reused by retries: it is generated once, whatever happens to the call.
  const keys =
    spec === undefined ? [] : await keysAfter(stored.keys, step.keys, spec.algorithm, namespace, context);
  const marker = connection.attemptMarker === undefined ? {} : { [connection.attemptMarker]: record.attempt };
  return {
    step,
    attempt,
    stored,
    document: withKeys({ ...step.document, ...marker }, keys, connection.dialect),
    keys,
  };
}

/** Stores a key before the server receives it: an answer may be lost, a key must not be. */
async function keepNewKey(next: Update, input: StepInput): Promise<Update | undefined> {
  const { step, stored, keys } = next;
  const [newest] = keys;
  if (newest === undefined || stored.keys.some(({ kid }) => kid === newest.kid)) {
    return next;
  }
  const { record: replaces } = step.at;
  const content = { ...stored, keys: [...stored.keys, newest] };
  const how = { attempt: next.attempt, replaces };
  const written = await record({ record: replaces, content }, how, input);
  if (written === undefined) {
    return undefined;
  }
  const at = step.at.written(written.metadata.resourceVersion ?? '');
  return { ...next, stored: content, step: { ...step, at } };
}

async function send(
  next: Update,
  management: Management & { kind: 'Managed' },
  input: StepInput,
): Promise<StepResult> {
  const { o, context } = input;
  const { step, attempt, stored } = next;
  const { record, connection, ref } = step.at;
  const server = serverKey(ref, o.namespace);
  const { dialect } = connection;
  const body = updateBody(next.document, {
    clientId: record.clientId,
    dialect,
    lastSent: stored.sent,
    returned: omit(stored.information.metadata, ...(connection.codec?.derived ?? [])),
    clientSecret: stored.information.clientSecret,
  });
  const call = {
    attempt,
    kind: 'Update',
    client: record.client,
    registrationSecret: record.registrationSecret,
    server,
    document: step.hash,
    isAdopted: record.adopted === true,
    audited: {
      event: step.keys === 'Keep' ? 'Update' : 'Rotation',
      why: step.message,
      clientId: record.clientId,
    },
  } as const;
  const result = await context.calls.guarded<StepResult>(call, connection, {
    prepare: async () => {
      if (record.document !== undefined) {
        return ownUpdate(next, record.document);
      }
      const viewers = viewersOf(serverNamed(server).kind);
      const content = await requestBody(body, step.statement, connection, viewers, context);
      if ('kind' in content) {
        return content;
      }
      const address = await managementAddress(management, server, connection, context);
      return 'kind' in address ? address : updateRequest(address, content);
    },
    notReady: (failure) => ({
      shown: failure,
      finish: () => ({
        entry: 'Settle',
        result: failed('Update', step.basis, asTransient(failure), input),
      }),
    }),
    conclude: (answer) => conclude(next, management, answer, body, input),
  });
  return result ?? DONE;
}

/** The operator is the registrar: another document is served. */
function ownUpdate({ step, document }: Update, { maxAge: before }: DocumentState): OwnRequest {
  const { record, connection } = step.at;
  const { clientId: url, registrationSecret: name, client } = record;
  const served = { ...clientDocument(url, document), maxAge: connection.documents?.maxAge ?? before };
  return ownRequest(url, { kind: 'Serve', name, client, served, metadata: document, isNew: false });
}

/** The credential for all clients is refused: that is transient, since somebody can correct it. */
const asTransient = (failure: Failure): Failure =>
  failure.kind === 'TokenRefused' ? { ...failure, kind: 'Transient' } : failure;

async function conclude(
  next: Update,
  management: Management & { kind: 'Managed' },
  answer: Answer,
  body: JsonObject,
  input: StepInput,
): Promise<Conclusion<StepResult>> {
  const { o, context } = input;
  const { step, stored, keys, document } = next;
  const { connection, ref, record: recorded } = step.at;
  const server = serverKey(ref, o.namespace);
  const said = judge(next, answer, body, context);
  const unanswered = unansweredCalls(o, recorded);
  if (said.kind === 'Done') {
    const now = context.clock.now();
    const updatedTo = recordUpdate(step, stored, said.information, { sent: document, keys }, now);
    const finish = async () => ({
      ...(await store(next, updatedTo, said.information, input)),
      supersedes: unanswered,
    });
    return { shown: undefined, finish };
  }
  const elsewhere = tryFormerAddress(
    { attempt: next.attempt, record: recorded, content: stored, url: management.url },
    answer.outcome,
    'Settle',
    input,
  );
  if (elsewhere !== undefined) {
    return elsewhere;
  }
  const address = () => managementAddress(management, server, connection, context);
  const read = readAgain(address, server, connection, context);
  const { outcome } = answer;
  const secrets = secretsAround(stored, connection, answer.sent);
  const { dialect } = connection;
  if (await isForgotten({ outcome, secrets, dialect, read })) {
    return {
      shown: said,
      finish: () => ({ entry: 'Settle', result: notKnown(said, recorded, 2, 'Update', input) }),
    };
  }
  const verdict = await refusedOrFailed(said, answer.outcome, management, connection, read);
  // Also if a read shows that the token is refused: the failed update may have rotated it.
  const isUnanswered = said.kind === 'Unknown';
  const failure = tokenLost(
    withAdvice(verdict, stored.sent, document),
    management,
    next,
    o,
    isUnanswered ? answer.sentAt : undefined,
  );
  const [earlier, ...others] = unanswered;
  const finish = async (): Promise<Finish<StepResult>> => {
    if (verdict.kind === 'TokenRefused') {
      forgetToken(management.credential, server, context);
    }
    return {
      // An unanswered call stays in the ledger until another is answered: it may have rotated the token.
      entry: isUnanswered && earlier === undefined ? 'Interrupt' : 'Settle',
      supersedes: others,
      result: await notUpdated(next, failure, input),
    };
  };
  return { shown: failure, finish };
}

function judge(next: Update, answer: Answer, body: JsonObject, { clock }: StepContext): Verdict {
  const { outcome, sent, told } = answer;
  const { connection } = next.step.at;
  const { dialect, hint } = connection;
  const secrets = secretsAround(next.stored, connection, sent);
  const options = {
    dialect,
    hint: hint && ((error: ErrorResponse) => hint(error, body)),
    secrets,
    now: clock.now(),
    ...told,
  };
  const said = withinBounds(classifyUpdate(outcome, options), secrets);
  return aboutClient(said, next.step.at.record.clientId, options);
}

/** The server took in a registration what it refuses now: names the switch of the dialect that leaves it out. */
function withAdvice(failure: Failure, before: JsonObject, document: JsonObject): Failure {
  const member =
    failure.reason === 'InvalidClientMetadata' && refusedUnchanged(failure.message, before, document);
  if (!member) {
    return failure;
  }
  const advice = `The server took ${member} before, and the edit leaves it as it is. If the server refuses it in every update, name it in dialectOverrides.membersNotUpdated of the server object, so that updates leave it out`;
  const told = (text: string) => `${asSentence(text)} ${advice}`;
  const { message, detail } = failure;
  return { ...failure, ...defined({ message: told(message), detail: detail && told(detail) }) };
}

async function notUpdated(
  { step, attempt, stored }: Update,
  failure: Failure,
  input: StepInput,
): Promise<StepResult> {
  const { partial } = failure;
  const isKept = partial === undefined || (await keepTorn(step, attempt, stored, partial, input));
  if (!isKept) {
    return TORN_NOT_STORED;
  }
  const { record: recorded, ref } = step.at;
  if (failure.isCallLacking && recorded.adopted !== true) {
    const server = serverKey(ref, input.o.namespace);
    input.context.servers.metUnsupported(server, 'Update', callerOf(input.round.key));
  }
  return failure.reason === 'UpdateUnsupported'
    ? notSupported(step, failure, input)
    : failed('Update', step.basis, failure, input);
}

/** It holds for a day, as what is learned of a server. Where a replacement follows at once, nobody needs a warning. */
function notSupported(step: UpdateStep, why: Failure, input: StepInput): StepResult {
  const { onEdit } = step.object?.desired.spec.replacement ?? {};
  if (why.reason !== 'UpdateUnsupported' || onEdit !== 'Automatic') {
    return failed('Update', step.basis, why, input, UNSUPPORTED_MS);
  }
  setBack(input.round.key, { action: 'Update', basis: step.basis }, why, input.context, UNSUPPORTED_MS);
  return DONE;
}

/**
 * A refused registration access token isn't a fault of the metadata; an unanswered call may have rotated it. A client that
 * the server doesn't know is lost, whatever credential manages it.
 */
function tokenLost(
  failure: Failure,
  { credential }: Management & { kind: 'Managed' },
  { attempt, step }: Update,
  o: Observation,
  sentAt: string | undefined,
): Failure {
  if (failure.kind !== 'TokenRefused' && failure.kind !== 'NotFound') {
    return failure;
  }
  const { basis } = step;
  const { record } = step.at;
  if (failure.kind === 'TokenRefused' && credential.kind !== 'RegistrationAccessToken') {
    return { ...failure, kind: 'Transient', reason: 'AdmissionRefused', serverTrouble: false };
  }
  const setback = setbackOf(o, 'Update', basis);
  const [call] = unansweredCalls(o, record);
  const unanswered =
    call?.startedAt ?? (setback?.ambiguous ? new Date(setback.since).toISOString() : undefined);
  const which = call?.kind === 'Read' ? 'read' : 'update';
  const cause = sentAt === undefined ? '' : `; sent at ${sentAt}`;
  const lost = unanswered === undefined ? cause : `; the ${which} of ${unanswered} got no answer`;
  const what =
    failure.kind === 'NotFound'
      ? `The server doesn't know client ${record.clientId} at its management address; a wrong address can be put right by management.configurationUrl of the server object`
      : `The registration access token of client ${record.clientId} was refused`;
  const message = `${what} (update ${attempt}${lost}): ${failure.message}`;
  return { ...failure, kind: 'Terminal', reason: 'RegistrationAccessTokenLost', message };
}

/** Records an update's answer; nothing may use it before. */
async function store(
  { step, attempt, stored }: Update,
  next: Recorded,
  answer: ClientInformation | undefined,
  input: StepInput,
): Promise<Finish<StepResult>> {
  const { round, context } = input;
  // An answer without metadata, or none, says nothing of what is registered.
  const { sent } = next.content;
  const answered = { sent, information: { metadata: answer?.metadata ?? {} } };
  const before = { sent: stored.sent, told: input.o.object?.status.substitutions ?? [] };
  const learned = substitutionsOf(answered, step.withheld, before);
  const how = { attempt, replaces: step.at.record, learned };
  const written = await record(next, how, input);
  if (written === undefined) {
    return RECORDING;
  }
  renewed(step, next, input);
  context.memory.succeeded(round.key, 'Update', step.basis);
  foundAgain(step.at.record, input);
  return SETTLED;
}

/** An update that didn't extend the expiry isn't repeated for that purpose. */
function renewed(
  { because, at: { record } }: UpdateStep,
  next: Recorded,
  { round, context }: StepInput,
): void {
  const basis = renewalBasis(record);
  if (because === 'Expires' && basis === renewalBasis(next.record)) {
    const message = "The server's answer to an update didn't move the end of the credentials";
    const ended = { kind: 'Terminal', reason: 'Ended', message } as const;
    setBack(round.key, { action: 'Renew', basis }, ended, context);
  }
}
