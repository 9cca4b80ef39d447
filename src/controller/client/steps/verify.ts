import type { VerifyStep } from '../../../core/action.ts';
import type { RegistrationContent } from '../../../core/content.ts';
import { setbackOf } from '../../../core/earlier-calls.ts';
import { forgottenMessage } from '../../../core/forgotten-client.ts';
import { secretsAround } from '../../../core/held-secrets.ts';
import { managementMode } from '../../../core/management.ts';
import type { ProbeAnswer } from '../../../core/observation.ts';
import { ownCredential } from '../../../core/own-credential.ts';
import { type ProbeVerdict, probeRequest } from '../../../core/probe.ts';
import { readBasis } from '../../../core/read-due.ts';
import { serverKey, serverNamed } from '../../../core/server-key.ts';
import { isBelieved, timesWith } from '../../../core/verification.ts';
import { jtiOf } from '../../calls/admission.ts';
import { askTokenEndpoint } from '../../calls/ask-token-endpoint.ts';
import { observe } from '../observe.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import { setBack, withCure } from '../setbacks.ts';
import { foundAgain, notKnown } from './forgotten.ts';
import { read } from './read.ts';
import { contentOf } from './read-content.ts';
import { notRead, warn } from './report.ts';

/**
 * Asks the token endpoint once with the client's own credential. A refusal counts when it is repeated; then a read shows
 * whether the server still knows the client. Nothing of it has an effect at the server, so the ledger has no entry.
 */
export async function verify(step: VerifyStep, input: StepInput): Promise<StepResult> {
  const { at, basis } = step;
  const { o, context } = input;
  const stored = await contentOf(at.record, input);
  if ('notRead' in stored) {
    return notRead(stored, 'Verify', basis, at.record, input);
  }
  const pausedUntil = context.memory.probesPausedUntil(serverKey(at.ref, o.namespace));
  const pauseMs = pausedUntil - context.clock.now();
  if (pauseMs > 0) {
    return tryLater(step, 'The token endpoint asked for fewer requests', pauseMs, input);
  }
  const verdict = await verdictOf(step, stored, input);
  return verdict === undefined
    ? tryLater(step, 'Other calls to the server go first', undefined, input)
    : conclude(step, verdict, input);
}

/** @returns `undefined` where nothing could be sent now */
async function verdictOf(
  { at }: VerifyStep,
  stored: RegistrationContent,
  { o, context }: StepInput,
): Promise<ProbeVerdict | undefined> {
  const { record, connection, ref } = at;
  const { tokenEndpoint, foreignOrigin } = connection.verification;
  if (tokenEndpoint === undefined) {
    return untried('the server publishes no token endpoint');
  }
  if (foreignOrigin !== undefined) {
    return untried(
      `the discovered token endpoint is at ${foreignOrigin}, another origin than the issuer's, and no credential is sent there. If you trust it, set spec.endpoints.token of the server object`,
    );
  }
  const own = ownCredential(stored, { hasCertificate: false });
  if ('notOurs' in own) {
    return untried(own.notOurs);
  }
  const server = serverKey(ref, o.namespace);
  const request = probeRequest(own, jtiOf(context.random));
  const secrets = secretsAround(stored, connection, []);
  return context.calls.paced({ client: record.client, server }, connection, () =>
    askTokenEndpoint({ own, request, tokenEndpoint, server, connection, secrets }, context),
  );
}

const untried = (why: string): ProbeVerdict => ({
  kind: 'Inconclusive',
  message: `The operator can't try the credential: ${why}`,
});

/** Tells the credential's state from an answer. What may pass is tried again. */
async function conclude(step: VerifyStep, verdict: ProbeVerdict, input: StepInput): Promise<StepResult> {
  const { clientId } = step.at.record;
  const server = serverKey(step.at.ref, input.o.namespace);
  input.context.counters.verified(serverNamed(server), verdict.kind);
  switch (verdict.kind) {
    case 'Accepted':
      foundAgain(step.at.record, input);
      return heard(step, { result: 'Verified', times: 1, message: verdict.message }, input);
    case 'Inconclusive': {
      const message = `It is not known whether the server accepts the credential of client ${clientId}: ${verdict.message}`;
      const reason = 'VerificationInconclusive';
      return heard(step, { result: reason, times: 1, message: withCure(message, reason) }, input);
    }
    case 'Later':
      if (verdict.isLimit) {
        pauseProbes(step, verdict.retryAfterMs, input);
      }
      return tryLater(step, verdict.message, verdict.retryAfterMs, input);
    case 'Refused':
      return refused(step, verdict, input);
  }
}

/** What a server asks one client to wait, others wait for at most a minute: the client itself may be the cause. */
const LONGEST_COMMON_PAUSE_MS = 60_000;
const COMMON_PAUSE_MS = 10_000;

function pauseProbes(
  { at }: VerifyStep,
  askedMs = COMMON_PAUSE_MS,
  { o, context: { clock, memory } }: StepInput,
): void {
  const pauseMs = Math.min(askedMs, LONGEST_COMMON_PAUSE_MS);
  memory.pauseProbes(serverKey(at.ref, o.namespace), clock.now() + pauseMs);
}

function tryLater(
  { at: { record }, basis }: VerifyStep,
  why: string,
  retryAfterMs: number | undefined,
  { round, context }: StepInput,
): StepResult {
  const message = `The credential of client ${record.clientId} could not be tried: ${why}`;
  const failure = { kind: 'Transient', reason: 'VerificationInconclusive', message, isSlow: true } as const;
  const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
  setBack(round.key, { action: 'Verify', basis }, { ...failure, ...asked }, context);
  return DONE;
}

type Refused = Extract<ProbeVerdict, { readonly kind: 'Refused' }>;

async function refused(
  step: VerifyStep,
  { message: words, detail = words, isUnknown }: Refused,
  input: StepInput,
): Promise<StepResult> {
  const { o } = input;
  const { at, credential } = step;
  const { clientId } = at.record;
  const times = timesWith(o, at.record, true);
  const message = `The server refuses the credential of client ${clientId}: ${words}`;
  const said = { result: 'CredentialRefused', times, message } as const;
  if (!isBelieved({ ...said, credential, at: o.now })) {
    return heard(step, said, input);
  }
  const known = await isKnown(step, isUnknown, input);
  if (known === 'Changed') {
    return DONE;
  }
  if (known === 'No') {
    const result = 'ClientForgotten';
    const forgotten = `${forgottenMessage(clientId, words)}. See the condition Ready.`;
    heard(step, { result, times, message: forgotten }, input);
    return notKnown({ message: words }, at.record, BELIEVED, 'Read', input);
  }
  if (o.object?.status.verification?.result !== 'CredentialRefused') {
    warn('CredentialRefused', 'Verify', message, input, `${message} ${detail}`);
  }
  return heard(step, { ...said, message: withCure(message, 'CredentialRefused') }, input);
}

/** Two answers: that of the token endpoint, and that to the read; or two of the token endpoint. */
const BELIEVED = 2;

/**
 * Whether the server still knows the client whose credential it refuses: it does if it accepts the client's registration
 * access token. `Changed`: the read brought another secret, which is published and tried next.
 */
async function isKnown(
  { at }: VerifyStep,
  isUnknown: boolean,
  input: StepInput,
): Promise<'Yes' | 'No' | 'Changed'> {
  const { record, connection } = at;
  const { round, context } = input;
  const mode = managementMode(record.managed, connection.management);
  const { readEffect } = connection.dialect;
  const isReadable = mode !== 'None' && mode !== 'ClientCredential';
  if (!isReadable || !readEffect.supported || readEffect.secret !== 'None') {
    return isUnknown ? 'No' : 'Yes';
  }
  const basis = readBasis(at);
  const startedAt = context.clock.now();
  await read({ type: 'Read', message: 'The credential of the client is refused.', at, basis }, input);
  const now = observe(round.key, context);
  const setback = setbackOf(now, 'Read', basis);
  const isTokenRefused = setback?.reason === 'RegistrationAccessTokenLost' && (setback.at ?? 0) >= startedAt;
  const isToldGone = now.heard?.registrationSecret === record.registrationSecret && now.heard.forgotten > 0;
  if (isTokenRefused || isToldGone) {
    return 'No';
  }
  const after = now.records.find(
    ({ registrationSecret }) => registrationSecret === record.registrationSecret,
  );
  return after?.revision === record.revision ? 'Yes' : 'Changed';
}

function heard(
  { credential, basis }: VerifyStep,
  said: Pick<ProbeAnswer, 'result' | 'times' | 'message'>,
  { o, round, context }: StepInput,
): StepResult {
  const request = o.object?.reconcileRequestedAt;
  context.memory.probed(round.key, { credential, at: context.clock.now(), request, ...said });
  context.memory.succeeded(round.key, 'Verify', basis);
  return DONE;
}
