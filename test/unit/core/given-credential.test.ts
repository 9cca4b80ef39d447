import { expect, test } from 'vitest';
import {
  isCredentialShown,
  newCredential,
  shownSinceText,
  usableSince,
} from '../../../src/core/given-credential.ts';
import { NOW, observation, record, secret } from '../../kit/fixtures/observations.ts';

const first = record();
const replaced = record({ replaces: 'oac-uid-1-a0', registeredAt: '2026-05-01T11:30:00Z' });
const renewed = record({ ...replaced, secretIssuedAt: '2026-05-01T11:40:00Z' });
const textOf = (shown = replaced, before: Parameters<typeof shownSinceText>[2] = undefined, now = NOW) =>
  shownSinceText({ records: [] }, shown, before, now);
const idOf = (shown = replaced) => newCredential({ records: [] }, shown)?.id;

test('A Secret with the first credential of its object says no time', () => {
  expect([textOf(first), isCredentialShown(observation(), first)]).toEqual([undefined, false]);
});

test('The time is that of the first write, and stays while the credential does', () => {
  const text = textOf();
  expect(text).toBe(`2026-05-01T12:00:00Z ${idOf()}`);
  const before = { shows: replaced.registrationSecret, shownSince: text ?? '' };
  expect(textOf(replaced, before, NOW + 3_600_000)).toBe(text);
  expect(textOf(renewed, before, NOW + 3_600_000)).toBe(`2026-05-01T13:00:00Z ${idOf(renewed)}`);
});

test('The time of another credential is later, also within a second and where the clock goes back a little', () => {
  const before = { shows: replaced.registrationSecret, shownSince: textOf() ?? '' };
  expect(textOf(renewed, before)).toBe(`2026-05-01T12:00:01Z ${idOf(renewed)}`);
  expect(textOf(renewed, before, NOW - 30_000)).toBe(`2026-05-01T12:00:01Z ${idOf(renewed)}`);
  expect(textOf(renewed, before, NOW - 3_600_000)).toBe(`2026-05-01T11:00:00Z ${idOf(renewed)}`);
});

test('What a person wrote into the Secret is no time', () => {
  const before = { shows: replaced.registrationSecret, shownSince: 'soon' };
  expect(textOf(replaced, before)).toBe(`2026-05-01T12:00:00Z ${idOf()}`);
});

test('Workloads have a credential since their Secret shows it; else it is not known, and the time of the credential counts', () => {
  const credential = newCredential({ records: [] }, replaced);
  if (credential === undefined) {
    throw new Error('a credential');
  }
  const sinceIn = (shownSince: string, shown = replaced) => {
    const o = observation({ records: [replaced], secrets: [secret({ shownSince }, shown)] });
    return [usableSince(o, replaced, credential) - NOW, isCredentialShown(o, replaced)];
  };
  const given = Date.parse('2026-05-01T11:30:00Z') - NOW;
  expect(sinceIn(textOf(replaced, undefined, NOW - 60_000) ?? '')).toEqual([-60_000, true]);
  expect(sinceIn(textOf(renewed) ?? '')).toEqual([given, false]);
  expect(sinceIn(textOf() ?? '', record({ registrationSecret: 'oac-uid-1-a9' }))).toEqual([given, false]);
  expect(sinceIn(textOf(replaced, undefined, NOW + 3_600_000) ?? '')).toEqual([given, false]);
});
