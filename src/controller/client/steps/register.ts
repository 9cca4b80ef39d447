import type { Reason } from '../../../api/reasons.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { RegisterStep } from '../../../core/action.ts';
import { classifyRegistration } from '../../../core/classify.ts';
import { type ClientKey, clientKey } from '../../../core/client-key.ts';
import type { DocumentTerms, ServerConnection } from '../../../core/connection.ts';
import { displayNameOf } from '../../../core/content.ts';
import { withKeys } from '../../../core/document-keys.ts';
import { substitutionsOf } from '../../../core/drift.ts';
import { setbackOf } from '../../../core/earlier-calls.ts';
import type { Failure, Verdict } from '../../../core/failure.ts';
import { credentialSecrets } from '../../../core/held-secrets.ts';
import { isInUseBy } from '../../../core/home.ts';
import { withinBounds } from '../../../core/kept-answer.ts';
import { requestReconcile } from '../../../core/kubectl-command.ts';
import type { Observation } from '../../../core/observation.ts';
import type { OrphanTraits } from '../../../core/orphan-entry.ts';
import { overlapEndFrom } from '../../../core/overlap.ts';
import { isAt, type RegistrationRecord, recordName } from '../../../core/record.ts';
import type { Recorded, Registration } from '../../../core/recorded-answer.ts';
import { serverKey } from '../../../core/server-key.ts';
import { viewersOf } from '../../../core/tell.ts';
import { clientDocument, documentUrl } from '../../../oauth/client-document.ts';
import type { ClientInformation } from '../../../oauth/client-information.ts';
import { defined } from '../../../oauth/objects.ts';
import { registerRequest } from '../../../oauth/registration.ts';
import { asSentence } from '../../../oauth/text.ts';
import { admit, forgetRefused } from '../../calls/admission.ts';
import { endOf } from '../../calls/audit.ts';
import { type OwnRequest, ownRequest } from '../../calls/document-registrar.ts';
import { newKey } from '../../calls/generated-keys.ts';
import {
  type Answer,
  type Conclusion,
  type Finish,
  type GuardedCall,
  newAttempt,
} from '../../calls/guarded-call.ts';
import { requestBody } from '../../calls/request-body.ts';
import { warnNotOffered } from '../not-offered.ts';
import { accountHolderOf, clientsInNamespace } from '../observe.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import { longerEachTime, setBack, withCure } from '../setbacks.ts';
import type { StepContext } from '../step-context.ts';
import { unkept } from './kept-means.ts';
import { missingAccount } from './missing-account.ts';
import { reportOrphan } from './orphan.ts';
import { RECORDING, record, SETTLED } from './record.ts';
import { recordedOf } from './recorded-registration.ts';
import { subjectOf, warn } from './report.ts';
import { salvage } from './salvage.ts';
import { isSecretTaken } from './secret-conflict.ts';
import { isWriteRefused, refusedWrite } from './trial-writes.ts';

export async function register(step: RegisterStep, input: StepInput): Promise<StepResult> {
  const { o, round, context } = input;
  const stopped =
    (await refusedWrite(step, input)) ?? (await unkept(step, input)) ?? (await missingAccount(step, input));
  if (stopped !== undefined) {
    setBack(round.key, { action: 'Register', basis: step.basis }, stopped, context);
    warn(stopped.reason, 'Register', stopped.message, input);
    return DONE;
  }
  if (await isSecretTaken(step, input)) {
    return DONE;
  }
  const begun = begin(step, o, context);
  warnNotOffered(begun.document, step.connection, input);
  let [registration, hasReusedToken] = [begun, false];
  const result = await context.calls.guarded<StepResult>(callOf(begun, input), step.connection, {
    prepare: async () => {
      registration = await withNewKey(begun, context);
      const { document } = registration;
      const { connection, ref, statement } = step;
      if (connection.documents !== undefined) {
        await context.recorder.room();
        return ownRegistration(registration, connection.documents);
      }
      const body = await requestBody(document, statement, connection, viewersOf(ref.kind), context);
      if ('kind' in body) {
        return body;
      }
      const admitted = await admit(connection.admission, begun.server, connection, context);
      if ('kind' in admitted) {
        return admitted;
      }
      hasReusedToken = admitted.reused;
      await context.recorder.room();
      return registerRequest(connection.registrationEndpoint, body, admitted.authorization);
    },
    notReady: (failure) => notRegistered(registration, failure, undefined, input),
    conclude: (answer) => {
      const verdict = judge(registration, answer, context);
      if (verdict.kind === 'Done' && verdict.information !== undefined) {
        const { information } = verdict;
        const finish = () => keep(registration, information, input);
        return { shown: undefined, end: { ...endOf(undefined), clientId: information.clientId }, finish };
      }
      const failure = verdict as Failure;
      if (failure.kind === 'TokenRefused' && hasReusedToken) {
        // The refusal proves that nothing was created: retry once, with a fresh token.
        forgetRefused(step.connection.admission, begun.server, context);
        return { shown: 'Nothing', end: endOf(failure), finish: () => SETTLED };
      }
      return notRegistered(registration, failure, answer.sentAt, input);
    },
  });
  return result ?? DONE;
}

const callOf = (
  { step, attempt, client, server }: Registration,
  { o, round, context }: StepInput,
): GuardedCall => ({
  attempt,
  kind: 'Register',
  client,
  registrationSecret: recordName(client.uid, attempt),
  server,
  document: step.hash,
  audited:
    step.replaces === undefined
      ? { event: 'Registration', why: step.message }
      : { event: 'Replacement', why: step.message, replaces: step.replaces.clientId },
  isWanted: () =>
    !isWriteRefused(step, o.namespace, context) &&
    accountHolderOf(round.key, step.ref, context).accountHolder === undefined &&
    (isReplacementThere(step) || isWithinQuota(o, step.connection, context)),
});

/** The operator is the registrar: the client is the document that it serves. */
function ownRegistration(
  { attempt, client, document }: Registration,
  { baseUrl, maxAge }: DocumentTerms,
): OwnRequest {
  const url = documentUrl(baseUrl, client, attempt);
  const served = { ...clientDocument(url, document), maxAge };
  const name = recordName(client.uid, attempt);
  return ownRequest(url, { kind: 'Serve', name, client, served, metadata: document, isNew: true });
}

function judge(
  { step: { connection }, document }: Registration,
  { outcome, sent, told }: Answer,
  { clock }: StepContext,
): Verdict {
  const { dialect, hint } = connection;
  const secrets = [...credentialSecrets(connection), ...sent];
  const said = classifyRegistration(outcome, {
    dialect,
    hint: hint && ((error) => hint(error, document)),
    secrets,
    now: clock.now(),
    ...told,
  });
  return withinBounds(said, secrets);
}

/** A client that moves from another server is a further client. */
const isReplacementThere = ({ replaces, ref }: RegisterStep): boolean =>
  replaces !== undefined && isAt(replaces, ref);

/** Other calls may have begun since this one was planned. */
export function isWithinQuota(o: Observation, { policy }: ServerConnection, context: StepContext): boolean {
  const most = policy?.maxClientsPerNamespace;
  return most === undefined || clientsInNamespace(clientKey(o), context) < most;
}

function begin(step: RegisterStep, o: Observation, context: StepContext): Registration {
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

/** Generates a key only after the call is permitted. */
async function withNewKey(begun: Registration, context: StepContext): Promise<Registration> {
  const { object, connection } = begun.step;
  const generated = object.desired.spec.credential?.generatedKey;
  if (generated === undefined) {
    return begun;
  }
  const keys = [await newKey(generated.algorithm, begun.client.namespace, context)];
  return { ...begun, keys, document: withKeys(begun.document, keys, connection.dialect) };
}

async function keep(
  registration: Registration,
  information: ClientInformation,
  input: StepInput,
): Promise<Finish<StepResult>> {
  const { attempt, server, step } = registration;
  const { memory, servers } = input.context;
  const recorded = await recordedOf(registration, information, input);
  const learned = substitutionsOf(recorded.content, step.withheld);
  const written = await record(recorded, { attempt, learned }, input);
  servers.learn(server, recorded.record.managed, step.connection);
  if (written === undefined) {
    return RECORDING;
  }
  memory.succeeded(input.round.key, 'Register', step.basis);
  input.context.orphans.inUse(recorded.record.client.uid, recorded.record.clientId);
  if (step.replaces !== undefined) {
    tellReplacement(recorded.record, step.replaces, input);
  }
  return SETTLED;
}

/** A new client_id may require changes of consents and audience lists, so this gets an Event; a first registration doesn't. */
function tellReplacement(record: Recorded['record'], replaced: RegistrationRecord, input: StepInput): void {
  const { o, context } = input;
  const { clientId } = record;
  if (isInUseBy(record, replaced)) {
    const same = `The server answered with client ${clientId}, which this object has already: no other client was registered, and none ends`;
    warn('ClientNotReplaced', 'Replace', same, input);
    return;
  }
  const ends = rfc3339(overlapEndFrom(o, replaced, record, o.now));
  context.events.record({
    reason: 'Registered',
    action: 'Replace',
    message: `Client ${clientId} takes the place of client ${replaced.clientId}, which is kept until ${ends}.`,
    regarding: subjectOf(o, undefined),
  });
}

/** @param sentAt `undefined` where nothing was sent */
function notRegistered(
  registration: Registration,
  refused: Failure,
  sentAt: string | undefined,
  input: StepInput,
): Conclusion<StepResult> {
  const failure = fitting(refused, registration, input);
  const { attempt, step } = registration;
  const { ref } = step;
  const unknown = failure.kind === 'Unknown';
  const sent = unknown ? ` (sent at ${sentAt})` : '';
  const why = `${ref.kind} ${ref.name}: ${failure.message}${sent}`;
  return {
    shown: failure.kind === 'TokenRefused' ? aboutAdmission(failure) : failure,
    end: { ...endOf(failure, sentAt !== undefined), clientId: failure.partial?.clientId },
    finish: async () => {
      remember(registration, failure, why, input);
      if (!unknown) {
        warn(failure.reason, 'Register', why, input);
        return SETTLED;
      }
      if (step.connection.documents !== undefined) {
        // Nobody was told of its URL: the next round removes what may have been written.
        return { entry: 'Interrupt', result: DONE };
      }
      const salvaged = await salvage(registration, failure, input);
      return salvaged === undefined
        ? reportOrphan(
            attempt,
            failure.reason,
            why,
            { said: failure.message, traits: traitsOf(registration) },
            input,
          )
        : { entry: salvaged, result: DONE };
    },
  };
}

/** By what a person finds the client at its server. */
const traitsOf = ({ step, document }: Registration): OrphanTraits =>
  defined({ issuer: step.connection.issuer, clientName: displayNameOf(document) });

/** Refusals that seem to be of the metadata. */
const OF_METADATA: readonly Reason[] = [
  'InvalidClientMetadata',
  'InvalidRedirectURI',
  'InvalidSoftwareStatement',
  'UnapprovedSoftwareStatement',
  'RegistrationRefused',
];

/**
 * The server refuses what it took before: the metadata is not at fault. It may permit one client of its kind, which is
 * the one that is to be replaced, or one whose answer was lost.
 */
function fitting(failure: Failure, { step }: Registration, { o }: StepInput): Failure {
  const { replaces, hash, basis, connection } = step;
  if (!OF_METADATA.includes(failure.reason)) {
    return failure;
  }
  if (replaces?.metadataHash === hash && replaces.issuer === connection.issuer) {
    return { ...failure, reason: 'ReplacementRefused' };
  }
  const { count, latestAt } = o.suspects;
  if (replaces !== undefined || count === 0) {
    return failure;
  }
  const said = `${asSentence(failure.message)} ${count === 1 ? 'A registration' : `${count} registrations`} of this object got no answer, the last one sent at ${rfc3339(latestAt)}, so the server may have made the client already`;
  const wasLost = setbackOf(o, 'Register', basis)?.ambiguous === true;
  return { ...failure, message: said, ...(wasLost ? { reason: 'RegistrationOutcomeUnknown' } : {}) };
}

/** A credential that is known to be refused is a fault of the server object: it sets no registration back. */
function remember(
  registration: Registration,
  failure: Failure,
  why: string,
  { o, round: { key }, context }: StepInput,
): void {
  const { server, step } = registration;
  const { basis, connection } = step;
  const tries = triesInPart(failure, key, basis, context);
  if (tries >= connection.recovery.maxAttempts) {
    const message = `${why}. ${tries} registrations were answered in part, so another is tried only when you say so: ${requestReconcile(o)}`;
    setBack(key, { action: 'Register', basis }, { ...failure, kind: 'Terminal', message }, context);
  } else if (failure.kind !== 'TokenRefused') {
    const { cooldownMs } = connection.recovery;
    const retryAfterMs =
      failure.kind === 'Unknown' ? longerEachTime(cooldownMs, key, basis, context) : undefined;
    setBack(key, { action: 'Register', basis }, { ...failure, message: why }, context, retryAfterMs);
  } else if (!context.servers.isAdmissionRefused(server, connection.version)) {
    setBack(key, { action: 'Register', basis }, ofItsOwn(registration, failure, context), context);
  }
}

/** How many registrations in a row made a client of which the answer brought a part, this one included. */
function triesInPart(
  { partial }: Failure,
  key: ClientKey,
  basis: string,
  { memory }: Pick<StepContext, 'memory'>,
): number {
  const isSalvaged = partial?.registrationAccessToken !== undefined;
  const before = setbackOf({ setbacks: memory.setbacks(key) }, 'Register', basis);
  return isSalvaged ? (before?.attempts ?? 0) + 1 : 0;
}

function aboutAdmission(failure: Failure): Failure {
  const { reason, message, detail } = failure;
  const told = (what: string) =>
    withCure(reason === 'AdmissionRefused' ? `${REFUSED}: ${what}` : what, reason);
  return { ...failure, ...defined({ message: told(message), detail: detail && told(detail) }) };
}

const REFUSED = 'The admission credential was refused';

/** The credential isn't at fault, or isn't known to be: if others were accepted with it, this client's metadata is. */
function ofItsOwn(
  { server, step: { ref, connection } }: Registration,
  failure: Failure,
  { servers }: StepContext,
): Failure {
  const isGood = servers.health(server).acceptedVersion === connection.version;
  const what = isGood ? failure.message : `${REFUSED}: ${failure.message}`;
  const reason = isGood ? 'RegistrationRefused' : failure.reason;
  return { ...failure, reason, message: `${ref.kind} ${ref.name}: ${what}` };
}
