import { describe, expect, test } from 'vitest';
import {
  type WatchView,
  whatIsMissing,
  whatRestartCures,
  whySecretsAreUnwatched,
} from '../../../../src/adapters/kubernetes/watch-health.ts';

const SAID = 'unable to transform key "/registry/secrets/other/broken"';
const view = (change: Partial<WatchView> = {}): WatchView => ({
  silentMs: 1_000,
  isSynced: true,
  refused: undefined,
  ...change,
});
const refused = (agoMs: number, cure?: string) => ({ agoMs, message: SAID, cure });
const of = (name: string, change: Partial<WatchView>) =>
  new Map([
    ['oauthclients', view()],
    [name, view(change)],
  ]);

describe('/livez', () => {
  test('wants a restart of a process whose watch is open and silent, or ended without another try', () => {
    const deaf = 'The watch of credentials has been silent for more than five minutes';
    expect(whatRestartCures(of('credentials', { silentMs: 300_001 }))).toBe(deaf);
    expect(whatRestartCures(of('credentials', { silentMs: 900_000, refused: refused(300_001) }))).toBe(deaf);
    expect(whatRestartCures(of('credentials', { silentMs: 300_000 }))).toBeUndefined();
  });

  test('wants none while the API server refuses the watch: a new process could not start', () => {
    const views = of('credentials', { silentMs: 900_000, refused: refused(20_000) });
    expect(whatRestartCures(views)).toBeUndefined();
  });
});

describe('/readyz', () => {
  test.each<readonly [Partial<WatchView>, string | undefined]>([
    [{}, undefined],
    [{ silentMs: 900_000 }, undefined],
    [{ silentMs: 59_000, refused: refused(1_000) }, undefined],
    [{ silentMs: 61_000, refused: refused(1_000) }, `The watch of credentials is refused: ${SAID}.`],
    [
      { silentMs: 61_000, refused: refused(1_000, 'Give it the right.') },
      `The watch of credentials is refused: ${SAID}. Give it the right.`,
    ],
    [
      { isSynced: false, refused: refused(1_000, 'Give it the right.') },
      `The first list of credentials is not read yet: ${SAID}. Give it the right.`,
    ],
    [{ isSynced: false }, 'The first list of credentials is not read yet.'],
    [{ isSynced: false, refused: refused(1_000) }, `The first list of credentials is not read yet: ${SAID}.`],
  ])('says which watch is missing, in the words of the API server: %j', (change, expected) => {
    expect(whatIsMissing(of('credentials', change))).toBe(expected);
  });
});

test.each<readonly [string, Partial<WatchView>, string | undefined]>([
  ['credentials', { silentMs: 61_000, refused: refused(1_000) }, SAID],
  ['workloadsecrets of shop', { silentMs: 61_000, refused: refused(1_000) }, SAID],
  ['registrations', { silentMs: 61_000, refused: refused(1_000) }, undefined],
  ['credentials', { silentMs: 61_000 }, undefined],
])('Server objects say why Secrets are not watched: %s %j', (name, change, expected) => {
  expect(whySecretsAreUnwatched(of(name, change))).toBe(expected);
});
