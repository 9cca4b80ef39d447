import type { DeregisterStep } from '../../../core/action.ts';
import { classifyDeletion } from '../../../core/classify.ts';
import type { ServerConnection } from '../../../core/connection.ts';
import type { RegistrationContent } from '../../../core/content.ts';
import { GONE_ALREADY, isGoneAlready, isTokenInDoubt, setbackOf } from '../../../core/earlier-calls.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import { forgottenMessage } from '../../../core/forgotten-client.ts';
import { credentialSecrets, managementSecrets, secretsOf } from '../../../core/held-secrets.ts';
import type { Home } from '../../../core/home.ts';
import { type Management, managementOf } from '../../../core/management.ts';
import { isHarmlessToRead } from '../../../core/read-due.ts';
import { describePurpose, type RegistrationRecord } from '../../../core/record.ts';
import { recordedTransport } from '../../../core/recorded-transport.ts';
import { keyWithoutServer, type ServerKey, serverKey } from '../../../core/server-key.ts';
import type { ServerMeans } from '../../../core/server-record.ts';
import { mayLackCall } from '../../../core/unsupported-calls.ts';
import type { Dialect } from '../../../dialects/dialect.ts';
import { isFromApi } from '../../../oauth/body-form.ts';
import { parseClientInformation } from '../../../oauth/client-information.ts';
import { presentable } from '../../../oauth/error-response.ts';
import type { HttpOutcome } from '../../../oauth/http-message.ts';
import { deleteRequest, type ManagementAddress } from '../../../oauth/registration.ts';
import type { Sensitive } from '../../../oauth/sensitive.ts';
import { asSentence } from '../../../oauth/text.ts';
import { originOf } from '../../../oauth/url.ts';
import type { TokenTerms } from '../../calls/admission.ts';
import { endOf } from '../../calls/audit.ts';
import {
  type Answer,
  type CallTerms,
  type Conclusion,
  type Finish,
  newAttempt,
} from '../../calls/guarded-call.ts';
import { forgetToken, managementAddress } from '../../calls/management-token.ts';
import { callerOf } from '../observe.ts';
import { DONE, later, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { disown } from './disown.ts';
import { endDocument } from './end-document.ts';
import { removeFinalizer } from './finalizer.ts';
import { forget } from './forget.ts';
import { isForgotten, isNotRead, type ReadAgain, readAgain } from './forgotten.ts';
import { tryFormerAddress } from './former-address.ts';
import { meansWithoutServer } from './kept-means.ts';
import { contentOf } from './read-content.ts';
import { failed, notRead, subjectOf } from './report.ts';

/** One DELETE: its target, its authorization, and what earlier attempts imply for its answer. */
interface Deletion {
  readonly step: DeregisterStep;
  readonly attempt: string;
  readonly content: RegistrationContent;
  readonly manager: Manager;
  /** An earlier DELETE got no answer. */
  readonly wasUnanswered: boolean;
  /** An earlier DELETE may have removed the client: then the answer that the client doesn't exist proves that. */
  readonly mayBeGone: boolean;
}

export async function deregister(step: DeregisterStep, input: StepInput): Promise<StepResult> {
  const { context } = input;
  const { home, basis } = step;
  const { record } = home;
  if (isGoneAlready(setbackOf(input.o, 'Deregister', basis))) {
    return (await letRecordGo(step, input)).result;
  }
  if (record.document !== undefined) {
    return endDocument(step, record.document, () => deregistered(step, input), input);
  }
  const content = await contentOf(record, input);
  if ('notRead' in content) {
    return notRead(content, 'Deregister', basis, record, input);
  }
  const means = await meansWithoutServer(home, input);
  if (means !== undefined && 'notRead' in means) {
    return later(`What is kept of the server object could not be read: ${presentable(means.notRead, [])}`);
  }
  const manager = managerOf(home, content, means);
  const { management, terms, server } = manager;
  if (management.kind !== 'Managed' || !dialectOf(manager, content).deleteEffect.supported) {
    const message = management.kind === 'Managed' ? 'The server deletes no clients' : management.message;
    const failure = notDeregistered(message);
    // The credential for all clients may be available again when the server object is.
    const mayPass = home.kind === 'Alone' && home.isItsServerThere;
    return failed('Deregister', basis, mayPass ? asUnconfirmed(failure) : failure, input);
  }
  const address = () => managementAddress(management, server, terms, context);
  const deletion = begin(step, content, manager, input);
  const { attempt } = deletion;
  const { client, registrationSecret, clientId } = record;
  const audited = { event: 'Deregistration', why: step.message, clientId } as const;
  const call = { attempt, kind: 'Deregister', client, registrationSecret, server, audited } as const;
  const result = await context.calls.guarded<StepResult>(
    call,
    { ...terms, version: '' },
    {
      prepare: async () => {
        const found = await address();
        return 'kind' in found ? found : deleteRequest(found);
      },
      notReady: (failure) =>
        isProvenGone(deletion, failure)
          ? { shown: undefined, end: endOf(undefined), finish: () => deregistered(step, input) }
          : {
              shown: failure,
              finish: () => ({
                entry: deletion.wasUnanswered ? 'Interrupt' : 'Settle',
                result: failed('Deregister', basis, unadmitted(failure, management), input),
              }),
            },
      conclude: (answer) => conclude(deletion, address, answer, input),
    },
  );
  return result ?? held(step, server, input);
}

/** Whether the client manages itself, with its own credential. */
const managesItself = (management: Management): boolean =>
  management.kind === 'Managed' &&
  management.credential.kind === 'ClientCredentials' &&
  management.credential.isOwn === true;

/** A client that manages itself, and that the token endpoint does not know after an earlier DELETE got no answer. */
const isProvenGone = ({ manager, mayBeGone }: Deletion, { isClientRefused }: Failure): boolean =>
  mayBeGone && isClientRefused === true && managesItself(manager.management);

function begin(
  step: DeregisterStep,
  content: RegistrationContent,
  manager: Manager,
  { o, context }: StepInput,
): Deletion {
  const { record } = step.home;
  const [earlier] = o.calls.filter(
    ({ kind, registrationSecret: name }) => kind === 'Deregister' && name === record.registrationSecret,
  );
  const isAmbiguous = setbackOf(o, 'Deregister', step.basis)?.ambiguous ?? false;
  const wasUnanswered = earlier !== undefined || isAmbiguous;
  const mayBeGone = wasUnanswered && !isTokenInDoubt(o, record);
  const attempt = earlier?.attempt ?? newAttempt(context);
  return { step, attempt, content, manager, wasUnanswered, mayBeGone };
}

function conclude(
  { step, attempt, content, manager, wasUnanswered, mayBeGone }: Deletion,
  address: () => Promise<ManagementAddress | Failure>,
  { outcome, sent, told }: Answer,
  input: StepInput,
): Conclusion<StepResult> {
  const { context } = input;
  const { management, server, terms } = manager;
  const dialect = dialectOf(manager, content);
  const secrets = [...secretsOf(content), ...manager.secrets, ...sent];
  const elsewhere =
    management.kind === 'Managed'
      ? tryFormerAddress(
          { attempt, record: step.home.record, content, url: management.url },
          outcome,
          wasUnanswered ? 'Interrupt' : 'Settle',
          input,
        )
      : undefined;
  if (elsewhere !== undefined) {
    return elsewhere;
  }
  const verdict = classifyDeletion(outcome, { dialect, secrets, now: context.clock.now(), ...told });
  const refusedStatus =
    outcome.kind === 'answered' && isFromApi(outcome) && dialect.goneStatuses.includes(outcome.status);
  if (verdict.kind === 'Done' || (mayBeGone && refusedStatus)) {
    const finish = () => deregistered(step, input);
    return { shown: verdict.kind === 'Done' ? undefined : verdict, end: endOf(undefined), finish };
  }
  const finish = async (): Promise<Finish<StepResult>> => {
    const read = readAgain(address, server, terms, context);
    if (await isForgotten({ outcome, secrets, dialect, read })) {
      return deregistered(step, input, true);
    }
    if (verdict.kind === 'TokenRefused' && management.kind === 'Managed') {
      forgetToken(management.credential, server, context);
    }
    const again = isHarmlessToRead(dialect) && mayLackCall(outcome) ? read : undefined;
    const failure = await aliveOrNot(verdict, again);
    if (failure.isCallLacking && step.home.record.adopted !== true) {
      context.servers.metUnsupported(server, 'Deregister', callerOf(input.round.key));
    }
    return {
      // An earlier unanswered DELETE stays in the ledger, whatever a later one is answered: it may have removed the client.
      entry: verdict.kind !== 'Unknown' && !wasUnanswered ? 'Settle' : 'Interrupt',
      result: failed('Deregister', step.basis, failure, input),
    };
  };
  return { shown: verdict, finish };
}

/** The means to remove a client. */
interface Manager {
  /** `undefined`: the record, and what is kept of its server object. */
  readonly connection: ServerConnection | undefined;
  readonly terms: CallTerms & TokenTerms;
  /** Of the server object. */
  readonly secrets: readonly Sensitive[];
  /** Key of `serverKey` or `keyWithoutServer`. */
  readonly server: ServerKey;
  readonly management: Management;
}

const dialectOf = ({ connection }: Manager, content: RegistrationContent): Dialect =>
  connection?.dialect ?? content.dialect;

/**
 * The means to remove the client: the connection of its own server object, else the record and what is kept of that server
 * object. Another server object decides nothing: neither where a token is sent nor whether the call may be made.
 */
function managerOf(home: Home, content: RegistrationContent, means: ServerMeans | undefined): Manager {
  const { server, client } = home.record;
  const own = managementOf(home, content);
  if (home.kind === 'AtServer' && !(home.isRecreated && own.kind === 'Refused')) {
    const { connection } = home;
    return {
      connection,
      terms: connection,
      secrets: credentialSecrets(connection),
      server: serverKey(server, client.namespace),
      management: own,
    };
  }
  const isItsServerThere = home.kind === 'Alone' && home.isItsServerThere;
  return {
    connection: undefined,
    terms: withoutServerObject(home.record, content, means),
    secrets: means === undefined ? [] : managementSecrets(means),
    server: isItsServerThere
      ? serverKey(server, client.namespace)
      : keyWithoutServer(server, client.namespace, originOf(content.registrationEndpoint)),
    management: managementOf({ kind: 'Alone', record: home.record, isItsServerThere }, content, means),
  };
}

/** A client is deregistered also when its server object, or what that refers to, is deleted. */
function withoutServerObject(
  { issuer }: RegistrationRecord,
  { ca, dialect }: RegistrationContent,
  means: ServerMeans | undefined,
): Manager['terms'] {
  const { tokenEndpoint, transport } = means ?? {
    tokenEndpoint: undefined,
    transport: recordedTransport(ca),
  };
  return { version: '', issuer, dialect, tokenEndpoint, timeoutMs: 30_000, maxInFlight: 16, transport };
}

const notDeregistered = (message: string): Failure => failure('Terminal', 'DeletionUnsupported', message);

/** The answer means an unknown client or a wrong credential, so it proves nothing (RFC 6749 section 5.2). */
const UNKNOWN_OR_WRONG =
  'The server does not say whether it has forgotten the client or refuses its credential';

/** Why no token was given. The refusal of the client's own credential is counted. */
function unadmitted(refused: Failure, management: Management): Failure {
  const failure = asUnconfirmed(refused);
  if (!failure.isClientRefused || !managesItself(management)) {
    return failure;
  }
  return {
    ...failure,
    message: `${asSentence(failure.message)} ${UNKNOWN_OR_WRONG}`,
    ...(failure.detail !== undefined && { detail: `${asSentence(failure.detail)} ${UNKNOWN_OR_WRONG}` }),
    isOwnRefusal: true,
    isSlow: true,
  };
}

const asUnconfirmed = (failure: Failure): Failure =>
  failure.kind === 'TokenRefused' || failure.kind === 'Terminal'
    ? { ...failure, kind: 'Transient', reason: 'DeletionUnconfirmed' }
    : failure;

/** Retry delay while the server's gate is closed; its recovery wakes the client earlier. */
const HELD_MS = 5_000;

/**
 * The gate is closed, which is no failed attempt: status keeps the earlier reason, except when a person suspended the
 * server. For `deletion.retryFor` the time counts only after a first try, and while the server fails.
 */
function held(
  { basis }: DeregisterStep,
  server: ServerKey,
  { o, round: { key }, context }: StepInput,
): StepResult {
  const gate = context.servers.gate(server, { ...callerOf(key), kind: 'Deregister', version: '' });
  const before = setbackOf(o, 'Deregister', basis);
  const now = context.clock.now();
  const retryAt = now + HELD_MS;
  const why = gate.open
    ? { reason: 'Queued' as const, message: 'The call could not be made yet.' }
    : { reason: gate.reason, message: gate.message };
  const isTried =
    before !== undefined && before.attempts > 0 && why.reason === 'AuthorizationServerUnavailable';
  context.memory.setBack(key, {
    action: 'Deregister',
    basis,
    kind: 'Transient',
    ...why,
    attempts: 0,
    ambiguous: false,
    ...before,
    ...(before === undefined || before.attempts > 0 ? {} : why),
    ...(why.reason === 'Suspended' ? why : {}),
    since: before?.since ?? now,
    uncountedMs: (before?.uncountedMs ?? 0) + (isTried ? 0 : retryAt - Math.min(before?.retryAt ?? now, now)),
    retryAt,
  });
  return DONE;
}

/** "Not found" and "not supported" look alike: if reads are harmless, a read finds out whether the client exists. */
async function aliveOrNot(failure: Failure, again: ReadAgain | undefined): Promise<Failure> {
  if (failure.kind === 'TokenRefused') {
    return asUnconfirmed(failure);
  }
  if (again === undefined) {
    return failure;
  }
  const read = await again.outcome();
  if (isNotRead(read)) {
    return asUnconfirmed(read);
  }
  const alive =
    read.kind === 'answered' && read.status === 200 && parseClientInformation(read.body) !== undefined;
  if (alive) {
    return { ...notDeregistered(`${failure.message}, and the client still exists`), isCallLacking: true };
  }
  switch (failure.kind) {
    case 'Unsupported':
      return notTold(failure, read);
    case 'Transient':
      return failure;
    default:
      return { ...failure, kind: 'Transient', reason: 'DeletionUnconfirmed' };
  }
}

/** A server that has no such call is not asked again soon, unless the read may have failed for a passing reason. */
const UNSUPPORTED_PAUSE_MS = 600_000;

/** The server refuses the method, and a read does not show whether the client exists. */
function notTold({ message, ...failure }: Failure, read: HttpOutcome): Failure {
  const isAnswer = read.kind === 'answered' && read.status < 500 && read.status !== 429;
  const how = read.kind === 'answered' ? `was answered status ${read.status}` : 'got no answer';
  return {
    ...failure,
    kind: 'Transient',
    reason: 'DeletionUnconfirmed',
    message: `${message}, and a read ${how}, so it is not known whether the client exists`,
    ...(isAnswer ? { retryAfterMs: UNSUPPORTED_PAUSE_MS } : {}),
  };
}

const REMOVED_AT_SERVER = {
  kind: 'Unknown',
  reason: GONE_ALREADY,
  message: 'The client was removed at the server; its record is not removed yet',
} as const;

/** Tells that the client is gone at the server. */
function tellDeregistered(
  { home: { record } }: DeregisterStep,
  wasForgotten: boolean,
  { o, context: { events } }: StepInput,
): void {
  const { clientId, issuer, purpose } = record;
  if (record.document !== undefined) {
    const message = `Document ${clientId}${describePurpose(purpose)} is gone: servers can not fetch it any more.`;
    events.record({ reason: 'Deregistered', action: 'Deregister', message, regarding: subjectOf(o, record) });
    return;
  }
  events.record({
    reason: 'Deregistered',
    action: 'Deregister',
    message: wasForgotten
      ? `${forgottenMessage(clientId)}, so nothing had to be removed at ${issuer}.`
      : `Client ${clientId}${describePurpose(purpose)} was removed at ${issuer}. Tokens already issued to it live until they expire.`,
    regarding: subjectOf(o, record),
  });
}

/**
 * The client is gone at the server: removes the finalizer, then the record, and settles the ledger's entry.
 *
 * @param wasForgotten the server didn't know the client any more
 */
async function deregistered(
  step: DeregisterStep,
  input: StepInput,
  wasForgotten = false,
): Promise<Finish<StepResult>> {
  // Kept until the record is deleted: if a later step fails, only that step is made again.
  setBack(input.round.key, { action: 'Deregister', basis: step.basis }, REMOVED_AT_SERVER, input.context, 0);
  tellDeregistered(step, wasForgotten, input);
  return letRecordGo(step, input);
}

/** Lets go of what is left here of a client that is gone at the server. */
async function letRecordGo(step: DeregisterStep, input: StepInput): Promise<Finish<StepResult>> {
  const { o } = input;
  const { record } = step.home;
  const others = o.records.filter(
    ({ client, registrationSecret }) =>
      client.uid === record.client.uid && registrationSecret !== record.registrationSecret,
  );
  if (step.because === 'Deleting' && o.object !== undefined && others.length === 0) {
    const disowned = await disown(record, input);
    const removed = disowned.kind === 'later' ? disowned : await removeFinalizer(o.object, input);
    if (removed.kind === 'later') {
      return { entry: 'Interrupt', result: removed };
    }
  }
  const result = await forget(record, input);
  return { entry: result.kind === 'done' ? 'Settle' : 'Interrupt', result };
}
