import { REASONS } from '../api/reasons.ts';
import type { RegisterStep, UpdateStep } from '../core/action.ts';
import type { Failure } from '../core/classify.ts';
import type { Setback, SetbackAction } from '../core/observation.ts';
import { type RegistrationContent, type RegistrationRecord, recordName } from '../core/record.ts';
import { opaque } from '../formats/opaque.ts';
import { type ClientInformation, mergeClientInformation } from '../oauth/client-information.ts';
import { canonicalJson } from '../oauth/json.ts';
import type { Management } from '../oauth/registration.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { originOf, resolveUrl } from '../oauth/url.ts';
import type { Context } from './context.ts';

/** From an answer to what is recorded of it; from a failure to what is remembered of it. */

export interface Recorded {
  readonly record: Omit<RegistrationRecord, 'resourceVersion'>;
  readonly content: RegistrationContent;
}

/** What an answered registration is recorded as. */
export function registered(
  step: RegisterStep,
  attempt: string,
  information: ClientInformation,
  client: RegistrationRecord['client'],
  namespaceUid: string,
  context: Context,
): Recorded {
  const { connection, document, hash, ref } = step;
  const { registrationEndpoint, allowedOrigins, endpoints } = connection;
  const now = context.clock.now();
  return {
    record: {
      secretName: recordName(client.uid, attempt),
      role: 'current',
      attempt,
      client,
      namespaceUid,
      installation: context.settings.installation,
      server: ref,
      issuer: connection.issuer,
      clientId: information.clientId,
      metadataHash: hash,
      revision: 1,
      registeredAt: rfc3339(now),
      managed: isManaged(information),
      ...expiries(information, information, now),
    },
    content: { information, sent: document, registrationEndpoint, allowedOrigins, endpoints },
  };
}

/** What the record becomes by an update's answer; without a readable one only the document is new. */
export function updated(
  step: UpdateStep,
  stored: RegistrationContent,
  answer: ClientInformation | undefined,
  now: number,
): Recorded {
  const { record, connection, document, hash } = step;
  const information =
    answer === undefined ? stored.information : mergeClientInformation(stored.information, answer);
  const content = { ...stored, information, sent: document, allowedOrigins: connection.allowedOrigins };
  const {
    resourceVersion: _,
    clientSecretExpiresAt: __,
    registrationAccessTokenExpiresAt: ___,
    ...kept
  } = record;
  const changed = visible(stored, record.issuer) !== visible(content, record.issuer);
  return {
    record: {
      ...kept,
      metadataHash: hash,
      revision: record.revision + (changed ? 1 : 0),
      managed: isManaged(information),
      ...expiries(information, answer ?? {}, now, record.registrationAccessTokenExpiresAt),
    },
    content,
  };
}

/** What a workload may see, to be compared. */
function visible({ information, sent, endpoints }: RegistrationContent, issuer: string): string {
  return canonicalJson(opaque({ information, sent, issuer, endpoints }, {}));
}

const isManaged = ({ registrationAccessToken, registrationClientUri }: ClientInformation): boolean =>
  registrationAccessToken !== undefined && registrationClientUri !== undefined;

/** The life of the token counts from the answer that brought it: a later one without it changes nothing. */
function expiries(
  { clientSecretExpiresAt = 0 }: ClientInformation,
  { registrationAccessTokenExpiresIn, registrationAccessToken }: Partial<ClientInformation>,
  now: number,
  before?: string,
) {
  const secretEnd = clientSecretExpiresAt === 0 ? undefined : rfc3339(clientSecretExpiresAt * 1000);
  const life = registrationAccessTokenExpiresIn;
  const renewed = life === undefined ? undefined : rfc3339(now + life * 1000);
  const tokenEnd = registrationAccessToken === undefined ? (renewed ?? before) : renewed;
  return {
    ...(secretEnd === undefined ? {} : { clientSecretExpiresAt: secretEnd }),
    ...(tokenEnd === undefined ? {} : { registrationAccessTokenExpiresAt: tokenEnd }),
  };
}

/** A server may answer any number: the end of what RFC 3339 can say stands for all that is later. */
function rfc3339(ms: number): string {
  return new Date(Math.min(ms, Date.UTC(9999, 11, 31))).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Where and with what the client is managed; or why not, as a reason and a sentence. */
export function managementOf(
  content: RegistrationContent,
): Management | { readonly refused: string } | undefined {
  const { information, registrationEndpoint, allowedOrigins } = content;
  const { registrationAccessToken, registrationClientUri } = information;
  if (registrationAccessToken === undefined || registrationClientUri === undefined) {
    return undefined;
  }
  const uri = resolveUrl(registrationClientUri, registrationEndpoint);
  const origin = uri === undefined ? undefined : originOf(uri);
  if (
    uri === undefined ||
    origin === undefined ||
    ![originOf(registrationEndpoint), ...allowedOrigins].includes(origin)
  ) {
    return {
      refused: `The management address is at ${origin ?? 'no readable origin'}, and the token was issued by ${originOf(registrationEndpoint)}`,
    };
  }
  return { registrationClientUri: uri, registrationAccessToken };
}

/** Everything that must not come back to people in a server's own words. */
export function secretsOf(
  information: ClientInformation,
  ...more: readonly (Sensitive | undefined)[]
): readonly Sensitive[] {
  const { clientSecret, registrationAccessToken } = information;
  return [clientSecret, registrationAccessToken, ...more].filter((secret) => secret !== undefined);
}

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;

/** Remembers a failure, and says when the same makes sense again. */
export function setBack(
  key: string,
  action: SetbackAction,
  basis: string,
  failure: Pick<Failure, 'reason' | 'message' | 'retryAfterMs'> & { readonly kind: Failure['kind'] },
  context: Context,
  retryAfterMs?: number,
): Setback {
  const { clock, memory, random } = context;
  const now = clock.now();
  const again = memory.setbacks(key).find((before) => before.action === action && before.basis === basis);
  const attempts = (again?.attempts ?? 0) + 1;
  const terminal = failure.kind === 'Terminal' || failure.kind === 'Unsupported';
  const backoff =
    Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 10), LONGEST_RETRY_MS) * (0.8 + 0.4 * random());
  const delay = retryAfterMs ?? failure.retryAfterMs ?? backoff;
  const setback: Setback = {
    action,
    kind: terminal ? 'Terminal' : 'Transient',
    reason: failure.reason,
    message: withCure(failure.message, failure.reason),
    attempts,
    since: again?.since ?? now,
    retryAt: terminal && retryAfterMs === undefined ? Number.POSITIVE_INFINITY : now + delay,
    basis,
    ambiguous: failure.kind === 'Unknown' || (again?.ambiguous ?? false),
  };
  memory.setBack(key, setback);
  return setback;
}

/** What happened, then what to do. */
export function withCure(message: string, reason: Failure['reason']): string {
  const end = /[.!?…]$/.test(message) ? '' : '.';
  return `${message}${end} ${REASONS[reason].cure}`;
}
