import type { ClientInformation } from '../oauth/client-information.ts';
import type { HttpAnswer } from '../oauth/http-message.ts';
import { defined } from '../oauth/objects.ts';

/**
 * Times in an answer are by the server's clock. An end is a span from the server's present time, so a server whose clock is
 * days behind does not give secrets that are over at once.
 */

/** A smaller difference is the way of the answer, and of usual clocks. */
const TOLERANCE_MS = 60_000;

/**
 * The server's present time by `client_id_issued_at` of a registration: where that is in the future, or where the end would
 * be over otherwise. A proxy may have set the header `Date` by a clock of its own. All times in milliseconds.
 */
const presentTime = (said: number, end: number, issuedAt: number): number | undefined =>
  issuedAt > said + TOLERANCE_MS || (end <= said && issuedAt < end) ? issuedAt : undefined;

/**
 * The answer with its times by the clock here.
 *
 * @param isNew whether the answer is to a registration, so that it may say when the client was issued
 * @param now milliseconds since the epoch
 */
export function byOurClock(
  information: ClientInformation,
  { headers }: Pick<HttpAnswer, 'headers'>,
  isNew: boolean,
  now: number,
): ClientInformation {
  const { clientSecretExpiresAt: end = 0, clientIdIssuedAt: issuedAt } = information;
  const date = Date.parse(headers['date'] ?? '');
  const said = Number.isNaN(date) ? now : date;
  const present = isNew ? (presentTime(said, end * 1000, (issuedAt ?? Number.NaN) * 1000) ?? said) : said;
  const aheadMs = present - now;
  if (end === 0 || Math.abs(aheadMs) <= TOLERANCE_MS) {
    return information;
  }
  const here = (seconds: number) => Math.max(seconds - Math.round(aheadMs / 1000), 1);
  return {
    ...information,
    ...defined({
      clientSecretExpiresAt: here(end),
      clientIdIssuedAt: issuedAt === undefined ? undefined : here(issuedAt),
    }),
  };
}
