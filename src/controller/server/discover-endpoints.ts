import type { AuthorizationServerSpec } from '../../api/authorization-server.ts';
import { boundedMs } from '../../api/durations.ts';
import type { Reason } from '../../api/reasons.ts';
import { SHARES } from '../../api/shares.ts';
import type { Problem } from '../../core/problem.ts';
import type { ServerName } from '../../core/server-key.ts';
import { tellNotSent } from '../../core/tell.ts';
import { objectViewerOf } from '../../core/viewers.ts';
import {
  type DiscoveryAnswer,
  describeDiscovery,
  discoveryUrls,
  type FoundEndpoints,
  isComplete,
  mergeDiscovery,
  type NothingCause,
  readDiscoveryAnswer,
} from '../../oauth/discovery.ts';
import type { HttpNoAnswer, HttpNotSent, HttpOutcome, Transport } from '../../oauth/http-message.ts';
import { omit } from '../../oauth/objects.ts';
import type { UrlRules } from '../../oauth/url.ts';
import type { Context } from '../context.ts';

interface DiscoveredEndpoints extends FoundEndpoints {
  /** Of the document that completed the discovery. */
  readonly url: string;
}

/** How documents are read. */
interface Reading {
  readonly transport?: Transport | undefined;
  /** Default: {@link LONGEST_READ_MS}. */
  readonly longestReadMs?: number;
}

/** How long the answer to one read is waited for. */
export const LONGEST_READ_MS = 10_000;
/** Minimal remaining time for a call to be made. */
const SHORTEST_CALL_MS = 250;

/**
 * Reads each possible location of a discovery document until one contains the registration endpoint. At most four reads
 * share one time bound: a server that never answers occupies a worker no longer than one slow answer.
 */
export async function discover(
  server: ServerName,
  spec: AuthorizationServerSpec,
  { http, clock }: Pick<Context, 'http' | 'clock'>,
  rules: UrlRules,
  { transport, longestReadMs = LONGEST_READ_MS }: Reading = {},
): Promise<DiscoveredEndpoints | Problem> {
  const issuer = spec.discovery.acceptedIssuer ?? spec.issuer;
  const longestMs = Math.min(boundedMs('timeout', spec.connection.timeout ?? '30s'), longestReadMs);
  const prefer = spec.discovery.prefer ?? 'OAuth';
  const until = clock.monotonic() + SHARES.discoveryTime.most * 1000;
  const answers: DiscoveryAnswer[] = [];
  for (const url of spec.discovery.url ? [spec.discovery.url] : discoveryUrls(spec.issuer, prefer)) {
    const leftMs = until - clock.monotonic();
    if (leftMs < SHORTEST_CALL_MS) {
      answers.push({
        url,
        kind: 'nothing',
        detail: 'not asked: those before took too long',
        cause: 'Timeout',
      });
      break;
    }
    const timeoutMs = Math.min(longestMs, Math.ceil(leftMs));
    const outcome = await http.send(
      { method: 'GET', url, headers: { accept: 'application/json' } },
      { timeoutMs, transport, server },
    );
    if (outcome.kind === 'notSent') {
      return unreachable(server, url, outcome);
    }
    answers.push(toAnswer(url, outcome, rules));
    // The other URLs are of the same host: one that does not answer would not answer them either.
    const isSilent = outcome.kind === 'noAnswer' && outcome.reason === 'Timeout';
    if (isSilent || isComplete(answers, issuer, prefer)) {
      break;
    }
  }
  return conclude(answers, issuer);
}

/**
 * Whether the server gives its discovery document again: one GET.
 *
 * @param url where it was found before
 * @returns `undefined`: it does
 */
export async function probeDocument(
  server: ServerName,
  url: string,
  { http }: Pick<Context, 'http'>,
  rules: UrlRules,
  { transport, longestReadMs: timeoutMs = LONGEST_READ_MS }: Reading = {},
): Promise<Problem | undefined> {
  const outcome = await http.send(
    { method: 'GET', url, headers: { accept: 'application/json' } },
    { timeoutMs, transport, server },
  );
  if (outcome.kind === 'notSent') {
    return unreachable(server, url, outcome);
  }
  const answer = toAnswer(url, outcome, rules);
  return answer.kind === 'document' ? undefined : nothingFound([answer]);
}

/** The origin is unreachable, so its other URLs are not tried. */
function unreachable({ kind }: ServerName, url: string, outcome: HttpNotSent): Problem {
  const { reason } = outcome;
  const detail = tellNotSent(outcome)(objectViewerOf(kind));
  if (reason === 'AddressRefused' || reason === 'TlsVerificationFailed') {
    return { reason, message: detail };
  }
  const what = `${url} can't be reached: ${detail}`;
  return reason === 'ConnectFailed'
    ? { reason: 'AuthorizationServerUnavailable', message: `${what}. ${TRIED_AGAIN}` }
    : { reason: 'DiscoveryFailed', message: what };
}

function toAnswer(url: string, outcome: Exclude<HttpOutcome, HttpNotSent>, rules: UrlRules): DiscoveryAnswer {
  if (outcome.kind === 'noAnswer') {
    return { url, kind: 'nothing', detail: outcome.detail, cause: lossOf(outcome) };
  }
  return readDiscoveryAnswer(url, outcome, rules);
}

function lossOf({ reason, received }: HttpNoAnswer): NothingCause {
  if (reason === 'ResponseTooLarge') {
    return 'TooLarge';
  }
  return reason === 'ConnectionLost' && received !== undefined ? 'Truncated' : reason;
}

function conclude(answers: readonly DiscoveryAnswer[], issuer: string): DiscoveredEndpoints | Problem {
  const found = mergeDiscovery(answers, issuer);
  switch (found.kind) {
    case 'found':
      return { ...omit(found, 'kind'), url: answers.at(-1)?.url ?? '' };
    case 'issuerMismatch':
      return {
        reason: 'IssuerMismatch',
        message: `${found.url} is the document of issuer "${found.published}", not of "${issuer}". Correct the issuer, or set discovery.acceptedIssuer to "${found.published}" if you trust it.`,
      };
    case 'nothing':
      return nothingFound(answers);
  }
}

function nothingFound(answers: readonly DiscoveryAnswer[]): Problem {
  const reason = reasonOf(answers);
  const cure = UNANSWERED.includes(reason) ? TRIED_AGAIN : CHECK_ISSUER;
  return { reason, message: `No discovery document: ${describeDiscovery(answers)}. ${cure}` };
}

const CHECK_ISSUER = 'Check the issuer, or set registration.endpoint and discovery.mode None.';
const TRIED_AGAIN = 'The server does not answer. It is tried again from time to time.';

/** Problems that say nothing against the issuer: the server does not answer. */
export const UNANSWERED: readonly Problem['reason'][] = [
  'AuthorizationServerUnavailable',
  'ResponseTimedOut',
  'ResponseTruncated',
];

/** If all reads failed for one cause, that is the reason; else the reason is that nothing was found. */
function reasonOf(answers: readonly DiscoveryAnswer[]): Problem['reason'] {
  const causes = new Set(answers.map((answer) => (answer.kind === 'nothing' ? answer.cause : undefined)));
  const [cause] = causes.size === 1 ? causes : [undefined];
  return cause === undefined ? 'DiscoveryFailed' : REASON_OF[cause];
}

const REASON_OF: Readonly<Record<NothingCause, Reason>> = {
  Timeout: 'ResponseTimedOut',
  ConnectionLost: 'AuthorizationServerUnavailable',
  RedirectRefused: 'RedirectRefused',
  TooLarge: 'ResponseTooLarge',
  NotJSON: 'ResponseNotJSON',
  Truncated: 'ResponseTruncated',
  TooDeep: 'ResponseTooDeep',
};
