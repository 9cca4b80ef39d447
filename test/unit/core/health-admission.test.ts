import { describe, expect, test } from 'vitest';
import { nextProbe } from '../../../src/core/health-probes.ts';
import { HEALTHY, type ServerHealth } from '../../../src/core/server-health.ts';
import { begins, by, ends, NOW } from '../../kit/fixtures/health-calls.ts';
import {
  afterRegistrations,
  denied,
  doubted,
  isOpen,
  neighbours,
  nobody,
  others,
  refusedBy,
  register,
} from '../../kit/fixtures/health-faults.ts';

describe('a refusal with 403 of a client whose credential others are accepted with (H3)', () => {
  const poisoned = afterRegistrations(others, ['b/good', undefined], ['a/poison', denied]);

  test("is that client's: all others go on", () => {
    expect(poisoned.refusedAdmission).toBeUndefined();
    expect(['a/other', 'b/good', 'c/new'].map((client) => isOpen(poisoned, client))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('makes others test the credential if the server has accepted nobody yet', () => {
    const first = afterRegistrations(nobody, ['a/poison', denied]);
    expect(first.refusedAdmission).toMatchObject({ decided: false });
    expect(isOpen(first, 'b/good')).toBe(true);
    expect(isOpen(begins(first, 'Register', by('b/good')), 'c/new')).toBe(false);
  });
});

describe('a refusal with 401', () => {
  test.each<readonly [string, ServerHealth, boolean]>([
    ['one client: not yet', afterRegistrations(others, ['a/x', doubted]), false],
    [
      "another namespace's, with another document",
      afterRegistrations(others, ['a/x', doubted], ['b/y', doubted]),
      true,
    ],
    [
      "another namespace's, with the same document: not yet",
      afterRegistrations(others, ['a/x', doubted, { document: 'd' }], ['b/y', doubted, { document: 'd' }]),
      false,
    ],
    [
      'three namespaces, whatever they sent',
      afterRegistrations(
        others,
        ['a/x', doubted, { document: 'd' }],
        ['b/y', doubted, { document: 'd' }],
        ['c/z', doubted, { document: 'd' }],
      ),
      true,
    ],
    [
      'another client of the namespace, while another namespace waits: not yet',
      afterRegistrations(others, ['a/x', doubted], ['a/y', doubted]),
      false,
    ],
    [
      'another client of the namespace, where no other one waits',
      afterRegistrations(neighbours, ['a/x', doubted], ['a/y', doubted]),
      true,
    ],
    [
      'the same client again, where nobody waits and nobody was accepted',
      afterRegistrations(nobody, ['a/x', doubted], ['a/x', doubted]),
      true,
    ],
    [
      'the same client again, while another waits: not yet',
      afterRegistrations(neighbours, ['a/x', doubted], ['a/x', doubted]),
      false,
    ],
    [
      'the same client again, where another was accepted: not yet',
      afterRegistrations(nobody, ['b/y', undefined], ['a/x', doubted], ['a/x', doubted]),
      false,
    ],
    [
      'one client, where the server says invalid_token',
      afterRegistrations(others, ['a/x', refusedBy('Refused')]),
      true,
    ],
  ])("is the credential's or not: %s", (_, health, decided) => {
    expect(health.refusedAdmission?.decided).toBe(decided);
  });

  test("lets one registration go at a time, another namespace's first, and the one that was refused last", () => {
    const doubt = afterRegistrations(others, ['a/x', doubted]);
    expect(register(doubt, 'a/y', others)).toMatchObject({ open: false, reason: 'Queued' });
    expect(register(doubt, 'a/x', neighbours)).toMatchObject({ open: false, reason: 'Queued' });
    expect(isOpen(doubt, 'a/y', neighbours)).toBe(true);
    expect(isOpen(doubt, 'b/z', others)).toBe(true);
    expect(isOpen(begins(doubt, 'Register', by('b/z')), 'c/w')).toBe(false);
  });

  test('is not held against another namespace by what hangs in the one that was refused', () => {
    const hanging = begins(afterRegistrations(nobody, ['a/x', doubted]), 'Register', by('a/y'));
    expect(isOpen(hanging, 'a/z')).toBe(false);
    expect(isOpen(hanging, 'b/z')).toBe(true);
  });

  test('is forgotten when another is accepted, and says nothing of the credential when it comes again', () => {
    const good = afterRegistrations(others, ['a/x', doubted], ['b/y', undefined]);
    expect(good).toMatchObject({ refusedAdmission: undefined, acceptedVersion: 'v1' });
    const again = ends(good, 'Register', doubted, NOW + 10, by('a/x'));
    expect(again.refusedAdmission).toBeUndefined();
  });

  test("that two clients of one namespace decided doesn't keep another namespace from trying", () => {
    const decided = afterRegistrations(neighbours, ['a/x', doubted], ['a/y', doubted]);
    expect(register(decided, 'a/z')).toMatchObject({ open: false, reason: 'AdmissionRefused' });
    expect(isOpen(decided, 'b/z')).toBe(true);
    const refused = ends(decided, 'Register', doubted, NOW + 10, by('b/z'));
    expect(register(refused, 'c/w')).toMatchObject({ open: false, reason: 'AdmissionRefused' });
  });

  test('asks for no discovery while it is doubted', () => {
    expect(nextProbe(afterRegistrations(others, ['a/x', doubted]))).toBeUndefined();
  });
});

describe('a first registration with a credential', () => {
  test('is made by one client of each namespace, and by two in all', () => {
    const hanging = begins(HEALTHY, 'Register', by('a/x'));
    expect(isOpen(hanging, 'a/y')).toBe(false);
    expect(isOpen(hanging, 'b/y')).toBe(true);
    expect(isOpen(begins(hanging, 'Register', by('b/y')), 'c/z')).toBe(false);
  });

  test('is not waited for by registrations with another: it finds out nothing about theirs', () => {
    const hanging = begins(HEALTHY, 'Register', by('a/x', { version: 'v0' }));
    expect(isOpen(hanging, 'a/y')).toBe(true);
  });
});
