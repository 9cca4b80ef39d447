import { expect, test } from 'vitest';
import { byOurClock } from '../../../src/core/server-time.ts';
import { retryAfterMs } from '../../../src/oauth/retry-after.ts';
import { NOW } from '../../kit/fixtures/observations.ts';

const SECOND = NOW / 1_000;
const DAY = 86_400;
const HOUR = 3_600;

/** What is left of a secret that a server gives for some hours, by its own clock. */
function leftOf({
  aheadS = 0,
  hours = 24,
  isNew = true,
  date = aheadS as number | undefined,
  issued = undefined as number | undefined,
} = {}) {
  const headers = date === undefined ? {} : { date: new Date((SECOND + date) * 1_000).toUTCString() };
  const information = {
    ...{ clientId: 'c1', metadata: {}, clientSecretExpiresAt: SECOND + aheadS + hours * HOUR },
    ...(issued === undefined ? {} : { clientIdIssuedAt: SECOND + issued }),
  };
  const { clientSecretExpiresAt = 0 } = byOurClock(information, { headers }, isNew, NOW);
  return (clientSecretExpiresAt - SECOND) / HOUR;
}

test.each([
  ['days ahead', 2 * DAY],
  ['days behind', -2 * DAY],
  ['right', 0],
])('a secret for 24 hours has 24 hours left, where the clock of the server is %s', (_, aheadS) => {
  expect(leftOf({ aheadS })).toBe(24);
  expect(leftOf({ aheadS, isNew: false })).toBe(24);
});

test('an end that the server had passed by its own clock is over', () => {
  expect(leftOf({ hours: -1 })).toBe(-1);
  expect(leftOf({ hours: -1, aheadS: -2 * DAY })).toBe(-1);
});

test('a difference of seconds changes no end', () => {
  expect(leftOf({ aheadS: 0, date: 55 })).toBe(24);
});

test.each([
  ['has no Date', undefined],
  ['got its Date from a proxy whose clock is right', 0],
])('where the answer to a registration %s, the end counts from client_id_issued_at', (_, date) => {
  expect(leftOf({ aheadS: -2 * DAY, date, issued: -2 * DAY })).toBe(24);
  expect(leftOf({ aheadS: 2 * DAY, date, issued: 2 * DAY })).toBe(24);
});

test('client_id_issued_at of a client that exists is not the present time of the server', () => {
  expect(leftOf({ hours: -1, date: undefined, issued: -30 * DAY, isNew: false })).toBe(-1);
  expect(leftOf({ hours: 1, issued: -30 * DAY })).toBe(1);
});

test('an answer without an end stays as it is', () => {
  const headers = { date: new Date(NOW + DAY * 1_000).toUTCString() };
  const forever = { clientId: 'c1', metadata: {}, clientSecretExpiresAt: 0 };
  expect(byOurClock(forever, { headers }, true, NOW)).toEqual(forever);
});

test('a Retry-After with a date counts from the Date of the answer', () => {
  const at = (seconds: number) => new Date(NOW + seconds * 1_000).toUTCString();
  const headers = { 'retry-after': at(2 * DAY + 30), date: at(2 * DAY) };
  expect(retryAfterMs({ headers }, NOW)).toBe(30_000);
  expect(retryAfterMs({ headers: { 'retry-after': at(30) } }, NOW)).toBe(30_000);
});
