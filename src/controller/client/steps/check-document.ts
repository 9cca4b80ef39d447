import { rfc3339 } from '../../../api/time.ts';
import type { CheckDocumentStep, PrimeDocumentStep } from '../../../core/action.ts';
import { fetchedText } from '../../../core/document-check.ts';
import { type DocumentState, isDocumentSeen, primedState } from '../../../core/document-state.ts';
import { setbackOf } from '../../../core/earlier-calls.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import { recordedTransport } from '../../../core/recorded-transport.ts';
import { keyWithoutServer } from '../../../core/server-key.ts';
import { viewersOf } from '../../../core/tell.ts';
import { documentDigest, keysUrl, withdrawnRedirect } from '../../../oauth/client-document.ts';
import type { HttpOutcome, HttpRequest, Transport } from '../../../oauth/http-message.ts';
import { parseJsonObject } from '../../../oauth/json.ts';
import { omit } from '../../../oauth/objects.ts';
import { originOf } from '../../../oauth/url.ts';
import { type CallTerms, newAttempt } from '../../calls/guarded-call.ts';
import { DONE, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { mark } from './mark.ts';
import { contentOf } from './read-content.ts';
import { failed, notRead, warn } from './report.ts';

/** A server gives up after 1 to 10 seconds. */
const TIMEOUT_MS = 10_000;
const IN_FLIGHT = 16;

/**
 * Fetches document and keys as a server would, through name, route and certificate that are public. Only what is equal
 * to what is to be served counts as seen.
 */
export async function checkDocument(step: CheckDocumentStep, input: StepInput): Promise<StepResult> {
  const { context } = input;
  const { home, document, basis } = step;
  const { record } = home;
  const { clientId: url } = record;
  context.memory.checkedDocument(input.round.key, basis, context.clock.now());
  const body = await fetchText(url, step, input);
  if (body === undefined) {
    return notMade('CheckDocument', basis, input);
  }
  const named = typeof body === 'string' ? parseJsonObject(body)?.['jwks_uri'] : undefined;
  const keys = named === keysUrl(url) ? await fetchText(keysUrl(url), step, input) : '';
  if (keys === undefined) {
    return notMade('CheckDocument', basis, input);
  }
  if (typeof body !== 'string' || typeof keys !== 'string') {
    return unseen(typeof body === 'string' ? (keys as Failure) : body, step, input);
  }
  if (documentDigest({ body, keys }) !== document.digest) {
    const what = `${url} answers another document than the one that is to be served`;
    return unseen(failure('Transient', 'DocumentDiffers', what), step, input);
  }
  context.memory.succeeded(input.round.key, 'CheckDocument', basis);
  if (isDocumentSeen(document)) {
    return DONE;
  }
  const seen = { digest: document.digest, at: rfc3339(context.clock.now()) };
  return mark(record, { document: { ...document, seen } }, context);
}

/** The server fetches the document while it answers; nobody signs in, so that nothing else comes of the request. */
export async function primeDocument(step: PrimeDocumentStep, input: StepInput): Promise<StepResult> {
  const { context } = input;
  const { home, document, basis } = step;
  const { record } = home;
  const content = await contentOf(record, input);
  if ('notRead' in content) {
    return notRead(content, 'PrimeDocument', basis, record, input);
  }
  const known = home.kind === 'AtServer' ? home.connection.endpoints : content.endpoints;
  const { authorization } = known;
  const [redirect] = Array.isArray(content.sent['redirect_uris']) ? content.sent['redirect_uris'] : [];
  if (authorization === undefined || typeof redirect !== 'string') {
    const what =
      'The server publishes no authorization_endpoint, so it can not be made to fetch the document';
    return failed('PrimeDocument', basis, failure('Transient', 'DocumentNotReachable', what, SLOW), input);
  }
  const request = primingRequest(authorization, record.clientId, document, redirect);
  const outcome = await get(request, step, input, content.ca);
  if (outcome === undefined) {
    return notMade('PrimeDocument', basis, input);
  }
  if (outcome.kind === 'answered' && outcome.status < 400) {
    context.memory.succeeded(input.round.key, 'PrimeDocument', basis);
    return mark(record, { document: primedState(document, context.clock.now()) }, context);
  }
  const how = outcome.kind === 'answered' ? `was answered ${outcome.status}` : 'got no answer';
  const what = `The authorization request that makes the server fetch the document ${how}`;
  return failed('PrimeDocument', basis, failure('Transient', 'DocumentNotReachable', what, SLOW), input);
}

const SLOW = { isSlow: true } as const;

function primingRequest(
  endpoint: string,
  url: string,
  { withdrawnAt }: DocumentState,
  redirect: string,
): HttpRequest {
  const target = new URL(endpoint);
  target.searchParams.set('response_type', 'code');
  target.searchParams.set('client_id', url);
  target.searchParams.set('redirect_uri', withdrawnAt === undefined ? redirect : withdrawnRedirect(url));
  target.searchParams.set('scope', 'openid');
  return { method: 'GET', url: target.href, headers: {} };
}

/** @returns the body of a 200; why there is none; `undefined`: the request could not be made now */
async function fetchText(
  url: string,
  step: CheckDocumentStep,
  input: StepInput,
): Promise<string | Failure | undefined> {
  const headers = { accept: 'application/json', 'cache-control': 'no-cache' };
  const outcome = await get({ method: 'GET', url, headers }, step, input);
  return outcome && fetchedText(url, outcome, viewersOf(step.home.record.server.kind));
}

/** Replicas see a new document some milliseconds later, so the first failures are no news. */
const QUIET_TRIES = 3;
const SOON_MS = 500;

async function unseen(why: Failure, step: CheckDocumentStep, input: StepInput): Promise<StepResult> {
  const { home, basis, document } = step;
  const before = setbackOf(input.o, 'CheckDocument', basis);
  const tries = (before?.attempts ?? 0) + 1;
  if (tries < QUIET_TRIES) {
    const queued = { ...why, reason: 'Queued', message: 'The document is being published' } as const;
    setBack(input.round.key, { action: 'CheckDocument', basis }, queued, input.context, SOON_MS);
    return DONE;
  }
  if (isDocumentSeen(document) && why.reason === 'DocumentDiffers') {
    setBack(input.round.key, { action: 'CheckDocument', basis }, why, input.context, SOON_MS);
    return lost(why, step, input);
  }
  if (before?.reason !== why.reason && home.record.document?.withdrawnAt === undefined) {
    warn(why.reason, 'CheckDocument', why.message, input, why.detail);
  }
  // Servers have had it, and nobody waits for it: many such documents must not be a load while a base URL can't be reached.
  const isSlow = isDocumentSeen(document);
  return failed('CheckDocument', basis, isSlow ? { ...why, isSlow } : why, input);
}

/**
 * It was seen before: from now on it counts as not seen, so that status says so and it is served again. Servers may still
 * have it, so the next one is not the first.
 */
async function lost(
  why: Failure,
  { home, document }: CheckDocumentStep,
  input: StepInput,
): Promise<StepResult> {
  warn(why.reason, 'CheckDocument', why.message, input, why.detail);
  return mark(home.record, { document: omit(document, 'seen', 'isFirst') }, input.context);
}

/** The state of the place permits no call now. */
function notMade(action: 'CheckDocument' | 'PrimeDocument', basis: string, input: StepInput): StepResult {
  const queued = { kind: 'Transient', reason: 'Queued', message: 'The document is being checked' } as const;
  setBack(input.round.key, { action, basis }, queued, input.context, 5_000);
  return DONE;
}

/** One GET in the bracket of all calls. What it shows is about the place, not about the authorization server. */
async function get(
  request: HttpRequest,
  { home }: CheckDocumentStep | PrimeDocumentStep,
  { context }: StepInput,
  ca?: string,
): Promise<HttpOutcome | undefined> {
  const { record } = home;
  const call = {
    attempt: newAttempt(context),
    kind: 'Read',
    client: record.client,
    registrationSecret: record.registrationSecret,
    server: keyWithoutServer(record.server, record.client.namespace, originOf(request.url)),
  } as const;
  return context.calls.guarded<HttpOutcome>(call, termsOf(home, ca), {
    prepare: () => Promise.resolve(request),
    notReady: () => {
      throw new Error('a request that is ready was taken for a failure');
    },
    conclude: ({ outcome }) => ({
      shown: 'Nothing',
      finish: () => ({ entry: 'Settle', result: outcome }),
    }),
  });
}

/** Never with the operator's client certificate: it is for the authorization server. */
function termsOf(home: CheckDocumentStep['home'], ca: string | undefined): CallTerms {
  const terms = { timeoutMs: TIMEOUT_MS, maxInFlight: IN_FLIGHT };
  if (home.kind === 'AtServer') {
    const { version, transport } = home.connection;
    return { ...terms, version, transport: transport && withoutCertificate(transport) };
  }
  return { ...terms, version: '', transport: recordedTransport(ca) };
}

const withoutCertificate = (transport: Transport): Transport => ({
  ...omit(transport, 'certificate'),
  version: `${transport.version} documents`,
});
