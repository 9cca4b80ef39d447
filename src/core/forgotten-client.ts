import { type ErrorResponse, readErrorResponse } from '../oauth/error-response.ts';
import type { HttpOutcome } from '../oauth/http-message.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { Heard, Observation } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/**
 * Clients that their server no longer knows. A refused registration access token proves nothing about the client (RFC
 * 7592 section 2.2 has one answer for both), so only words count that say that the client is unknown, and only where
 * the server says so twice.
 */

/** So many answers in a row are believed. */
const BELIEVED = 2;

/** Codes that servers use beside those of the RFCs. `invalid_client` alone may be about the credential. */
const CODES: readonly string[] = ['client_not_found', 'no_such_client', 'unknown_client'];

const ABOUT_CLIENT = /\bclient(?:[_ ]?id)?s?\b/;
const UNKNOWN =
  /\b(?:does|do|did)(?: not|n't) exist\b|\bnot (?:be )?(?:found|known|registered)\b|\bunknown\b|\bno such\b|\bno longer (?:exists|known|registered)\b|\bnon-?existent\b|\b(?:was|been) (?:deleted|removed)\b/;
/** The words may be about a part of the client or of the request. */
const ABOUT_OTHERS =
  /\b(?:tokens?|secrets?|credentials?|certificates?|scopes?|keys?|assertions?|authentication|method|grants?|redirect)\b/;

/** Whether the server says in its own words that it doesn't know the client that the call is about. */
export function saysClientUnknown(outcome: HttpOutcome, secrets: readonly Sensitive[]): boolean {
  if (outcome.kind !== 'answered' || outcome.status < 400 || outcome.status >= 500) {
    return false;
  }
  const { error = '', description = '' } = readErrorResponse(outcome, secrets);
  const said = description.toLowerCase();
  return CODES.includes(error) || (ABOUT_CLIENT.test(said) && UNKNOWN.test(said) && !ABOUT_OTHERS.test(said));
}

/**
 * Whether a token endpoint says that it doesn't know the client. Servers list there what may be wrong, in parentheses or
 * in a sentence of its own, so each sentence counts for itself.
 */
export function deniesClient({ error = '', description = '' }: ErrorResponse): boolean {
  const sentences = description
    .toLowerCase()
    .replace(/\([^)]*\)/g, '')
    .split(/[.;:!]\s/);
  const says = (text: string) => ABOUT_CLIENT.test(text) && UNKNOWN.test(text) && !ABOUT_OTHERS.test(text);
  return CODES.includes(error) || sentences.some(says);
}

/**
 * What was last heard about the client. Until this process has heard something, what status says holds.
 */
export function heardAbout(
  o: Observation,
  { registrationSecret, clientId }: RegistrationRecord,
): Heard | undefined {
  const { heard, object, readAt } = o;
  if (heard?.registrationSecret === registrationSecret) {
    return heard;
  }
  const told = object?.status.conditions?.find(({ type }) => type === 'Ready');
  return told?.reason === 'ClientForgotten' && object?.status.clientId === clientId
    ? { registrationSecret, forgotten: BELIEVED, message: forgottenMessage(clientId), at: readAt }
    : undefined;
}

/** How the server says that it doesn't know the client; `undefined`: it was not heard to say so, or not twice. */
export function forgottenAs(o: Observation, record: RegistrationRecord): Heard | undefined {
  const heard = heardAbout(o, record);
  return heard !== undefined && heard.forgotten >= BELIEVED ? heard : undefined;
}

/** After another answer that says that the server doesn't know the client. */
export function heardAgain(
  o: Observation,
  record: RegistrationRecord,
  { message, answers, now }: { readonly message: string; readonly answers: number; readonly now: number },
): Heard {
  const before = heardAbout(o, record)?.forgotten ?? 0;
  const { registrationSecret } = record;
  return { registrationSecret, forgotten: before + answers, message, at: now };
}

export const forgottenMessage = (clientId: string, words = ''): string =>
  `The server says that it doesn't know client ${clientId} any more${words === '' ? '' : `: ${words}`}`;
