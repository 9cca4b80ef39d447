import { describe, expect, test } from 'vitest';
import { plan } from '../../../src/core/plan.ts';
import { metadataHash } from '../../../src/core/record.ts';
import { summarize } from '../../../src/core/summarize.ts';
import { defined } from '../../../src/oauth/objects.ts';
import {
  absent,
  call,
  connection,
  DOCUMENT_TERMS,
  deleting,
  departed,
  desired,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  served,
  setback,
  unregistered,
} from '../../kit/fixtures/observations.ts';

const at = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
const HOUR = 3_600_000;

const checkedAgain = setback({
  ...{ action: 'CheckDocument', basis: 'oac-uid-1-a1 digest-2 ', reason: 'DocumentNotReachable' },
  message: 'The URL could not be fetched.',
  attempts: 4,
});
const { seen: _, ...unseen } = served({ digest: 'digest-2' });
const of = (document: ReturnType<typeof served>) => record({ document });
const condition = (o: Parameters<typeof plan>[0], type: string) => {
  const idle = plan(o);
  if (idle.type !== 'Idle' || o.object === undefined) {
    throw new Error(`not idle: ${idle.type}`);
  }
  return summarize(o, o.object, idle, undefined).conditions?.find((one) => one.type === type);
};

describe('a client that a document identifies', () => {
  test('is up to date like any other', () => {
    const o = observation({ records: [of(served())] });
    expect(plan(o)).toMatchObject({ finding: 'ClientUpToDate', state: 'Ready' });
    expect(condition(o, 'DocumentServed')).toMatchObject({
      status: 'True',
      reason: 'DocumentServed',
      message: 'Document c1 was fetched through its public URL, as it is to be served.',
    });
  });

  test('is fetched by the server before workloads get it, and waits for that once', () => {
    const primes = [of(served({ primes: true }))];
    expect(plan(observation({ records: primes, secrets: [] }))).toMatchObject({ type: 'PrimeDocument' });
    const refused = setback({
      ...{
        action: 'PrimeDocument',
        basis: 'oac-uid-1-a1 digest-1 ',
        reason: 'AuthorizationServerUnavailable',
      },
      ...{ message: 'The server answered 500.', attempts: 1 },
    });
    const o = observation({ records: primes, secrets: [], setbacks: [refused] });
    expect(plan(o)).toMatchObject({ type: 'Publish' });
  });

  test('is ready, and status says that its document is larger than some servers read', () => {
    const o = observation({ records: [of(served({ large: 2049 }))] });
    expect(condition(o, 'Ready')).toMatchObject({ status: 'True' });
    expect(condition(o, 'DocumentServed')).toMatchObject({
      status: 'True',
      message:
        'Document c1 was fetched through its public URL, as it is to be served. It has 2049 bytes: django-allauth reads 2048 at most, the other servers that were tried 5000 or more.',
    });
  });

  test('is given to workloads only after its document was seen', () => {
    const o = observation({ records: [of(unseen)], secrets: [] });
    expect(plan(o).type).toBe('CheckDocument');
    const failed = { ...o, setbacks: [checkedAgain] };
    expect(plan(failed)).toMatchObject({
      finding: 'DocumentUnseen',
      state: 'Waiting',
      reason: 'DocumentNotReachable',
      until: checkedAgain.retryAt,
    });
    expect(condition(failed, 'Ready')).toMatchObject({ status: 'False', reason: 'DocumentNotReachable' });
    expect(condition(failed, 'DocumentServed')).toMatchObject({
      status: 'False',
      reason: 'DocumentNotReachable',
      message: 'The URL could not be fetched.',
    });
    const asked = { ...failed, object: { ...object(), reconcileRequestedAt: 'now' } };
    expect(plan(asked).type).toBe('CheckDocument');
    expect(plan({ ...o, records: [of({ ...unseen, seen: { digest: 'digest-2', at: at(NOW) } })] }).type).toBe(
      'Publish',
    );
  });

  test('stays ready, with the Secret that it has, while another key or document is not seen yet', () => {
    const { isFirst: __, ...next } = served({ digest: 'digest-2' });
    const current = record({ revision: 2, document: next });
    const o = observation({ records: [current], setbacks: [checkedAgain] });
    expect(plan(o)).toMatchObject({ finding: 'DocumentUnseen', reason: 'DocumentNotReachable' });
    expect(condition(o, 'Ready')).toMatchObject({ status: 'True' });
    expect(condition(o, 'Reconciling')).toMatchObject({ reason: 'DocumentNotReachable' });

    const seen = { ...next, seen: { digest: 'digest-2', at: at(NOW - 59_000) } };
    const settling = observation({ records: [{ ...current, document: seen }] });
    expect(plan(settling)).toMatchObject({ finding: 'SecretHeld', until: NOW + 1_000 });
    expect(condition(settling, 'Ready')).toMatchObject({ status: 'True' });
    expect(condition(settling, 'SecretSynced')).toMatchObject({ status: 'True' });
    expect(condition(settling, 'Reconciling')).toMatchObject({ reason: 'DocumentSettling' });
    const alike = observation({ records: [{ ...current, revision: 1, document: seen }] });
    expect(plan(alike)).toMatchObject({ finding: 'ClientUpToDate' });

    const settled = { ...seen, seen: { digest: 'digest-2', at: at(NOW - 60_000) } };
    expect(plan(observation({ records: [{ ...current, document: settled }] })).type).toBe('Publish');
  });

  test('has its credential tried, and its workloads restarted, when the Secret shows it', () => {
    const { isFirst: __, ...next } = served({ seen: { digest: 'digest-1', at: at(NOW - 59_000) } });
    const keyed = { revision: 2, keyCreatedAt: at(NOW - 60_000), document: next };
    const o = observation({
      object: object({
        desired: desired({ rolloutRestartTargets: [{ kind: 'Deployment', name: 'web' }] }),
      }),
      mayRestart: true,
      records: [record(keyed)],
      server: reached({ verification: { ...connection.verification, mode: 'Report' } }),
    });
    expect(plan(o)).toMatchObject({ finding: 'SecretHeld' });
    const now = NOW + 1_000;
    expect(plan({ ...o, now, earliest: now }).type).toBe('Publish');
    const shown = { ...o, now, earliest: now, secrets: [secret({}, record(keyed))] };
    expect(plan(shown).type).toBe('Restart');
    const restarted = { ...shown, object: object() };
    expect(plan(restarted).type).toBe('Verify');
  });

  test('gets its Secret again at once, if somebody removes it meanwhile', () => {
    const { isFirst: __, ...next } = served({ digest: 'digest-2' });
    const o = observation({ records: [of(next)], secrets: [], setbacks: [checkedAgain] });
    expect(plan(o).type).toBe('Publish');
  });

  test('is withdrawn when its object is deleted, and the object waits until that is seen', () => {
    const o = observation({ object: deleting(), records: [of(served())] });
    expect(plan(o)).toMatchObject({ type: 'Deregister', phase: 'Withdraw', because: 'Deleting' });

    const document = served({ digest: 'digest-2', withdrawnAt: at(NOW) });
    const withdrawn = { ...o, records: [of(document)] };
    expect(plan(withdrawn)).toMatchObject({ type: 'CheckDocument' });
    expect(plan({ ...withdrawn, setbacks: [checkedAgain] })).toMatchObject({
      type: 'Idle',
      state: 'Waiting',
      reason: 'DocumentNotReachable',
      message: `The withdrawal of the document is not seen yet. The URL could not be fetched. The deletion waits until ${at(NOW + 60_000)} at the latest.`,
      until: checkedAgain.retryAt,
    });
    const seen = { ...document, seen: { digest: 'digest-2', at: at(NOW) } };
    expect(plan({ ...o, records: [of(seen)] })).toMatchObject({ type: 'Release', role: 'owed' });
  });

  test('lets its object go after a minute, or at once with its namespace', () => {
    const document = served({ digest: 'digest-2', withdrawnAt: at(NOW - 60_000) });
    const o = observation({ object: deleting(), records: [of(document)], setbacks: [checkedAgain] });
    expect(plan(o)).toMatchObject({ type: 'Release', role: 'owed' });
    const now = observation({
      object: deleting(),
      records: [of({ ...document, withdrawnAt: at(NOW) })],
      namespaceTerminating: true,
    });
    expect(plan(now)).toMatchObject({ type: 'Release', role: 'owed' });
  });

  test('lets its object go after a minute also where the API server refuses the withdrawal', () => {
    const current = of(served());
    const refused = (since: number, retryAt = NOW + 60_000) =>
      setback({ reason: 'WriteRefused', since, retryAt, basis: current.registrationSecret });
    const o = observation({ object: deleting(), records: [current] });
    expect(plan({ ...o, setbacks: [refused(NOW - 59_000)] })).toMatchObject({
      type: 'Idle',
      state: 'Waiting',
      reason: 'WriteRefused',
      until: NOW + 1_000,
    });
    expect(plan({ ...o, setbacks: [refused(NOW - 59_000, NOW)] })).toMatchObject({ phase: 'Withdraw' });
    expect(plan({ ...o, setbacks: [refused(NOW - 60_000, NOW)] })).toMatchObject({
      type: 'Release',
      role: 'owed',
    });
    expect(plan({ ...o, setbacks: [refused(NOW)], namespaceTerminating: true })).toMatchObject({
      type: 'Release',
      role: 'owed',
    });
    const abandoned = deleting({ abandoned: true });
    expect(plan({ ...o, object: abandoned, setbacks: [refused(NOW)] })).toMatchObject({
      type: 'Release',
      role: 'left-behind',
    });
  });

  test('whose object is gone is held for an hour, and then removed', () => {
    const seenAt = NOW - HOUR + 5_000;
    const document = served({
      digest: 'digest-2',
      withdrawnAt: at(seenAt - 1_000),
      seen: { digest: 'digest-2', at: at(seenAt) },
    });
    const owed = departed({ role: 'owed', document });
    expect(plan(absent({ records: [owed] }))).toMatchObject({ type: 'Idle', until: NOW + 5_000 });
    const later = absent({ records: [owed], now: NOW + 5_000 });
    expect(plan(later)).toMatchObject({ type: 'Deregister', phase: 'Remove', because: 'Departed' });
  });

  test('is never given up, however long the API server refuses to remove its document', () => {
    const document = served({ endsAtOnce: true });
    const owed = departed({ role: 'owed', document });
    const refused = setback({ since: NOW - 100 * HOUR, retryAt: NOW, basis: owed.registrationSecret });
    expect(plan(absent({ records: [owed], setbacks: [refused] }))).toMatchObject({
      type: 'Deregister',
      phase: 'Remove',
    });
  });

  test('leaves no open call when a process ended after the record said that it was withdrawn', () => {
    const planned = (withdrawnAt: number) => {
      const document = served({
        withdrawnAt: at(withdrawnAt),
        seen: { digest: 'digest-1', at: at(withdrawnAt) },
      });
      const owed = departed({ role: 'owed', document });
      const { registrationSecret } = owed;
      const interrupted = call({ kind: 'Deregister', state: 'interrupted', registrationSecret });
      return plan(absent({ records: [owed], calls: [interrupted] }));
    };
    expect(planned(NOW - 60_000)).toMatchObject({ type: 'SettleCall', call: { kind: 'Deregister' } });
    expect(planned(NOW - 2 * HOUR)).toMatchObject({ type: 'Deregister', phase: 'Remove' });
  });

  test('in whose place another one came stays for the overlap, and is withdrawn then', () => {
    const former = record({
      attempt: 'a0',
      clientId: 'c0',
      document: served(),
      registeredAt: at(NOW - 26 * HOUR),
    });
    const next = record({
      replaces: former.registrationSecret,
      document: served(),
      registeredAt: at(NOW - 25 * HOUR),
    });
    const o = observation({ records: [former, next], secrets: [secret({}, next)] });
    expect(plan(o)).toMatchObject({ type: 'Deregister', phase: 'Withdraw', because: 'Surplus' });
  });

  test('that was withdrawn is published again when an object needs it', () => {
    const document = served({ withdrawnAt: at(NOW - 1_000) });
    const wanted = desired({ client: { redirectUris: ['https://shop.example.com/cb'] } });
    const server = reached({ documents: DOCUMENT_TERMS });
    const current = record({ document, metadataHash: metadataHash(wanted.hash, server.connection.shape) });
    const o = observation({ object: object({ desired: wanted }), records: [current], server });
    expect(plan(o)).toMatchObject({
      type: 'Update',
      because: 'Drifted',
      message: 'The document of client c1 was withdrawn, and the object needs it.',
    });
  });

  test('and whose registration was interrupted waits until a write may not arrive any more, whatever the mode is by now', () => {
    const call = {
      attempt: 'a1',
      kind: 'Register',
      state: 'interrupted',
      registrationSecret: 'oac-uid-1-a1',
      startedAt: at(NOW - 179_000),
    } as const;
    const server = reached({ documents: DOCUMENT_TERMS });
    for (const scene of [unregistered(), unregistered({ server })]) {
      expect(plan({ ...scene, calls: [call] })).toMatchObject({ type: 'ReportOrphan' });
      expect(plan({ ...scene, calls: [{ ...call, isOwn: true }] })).toMatchObject({
        type: 'Idle',
        message: 'Whether the document was written is not known yet.',
        until: NOW + 1_000,
      });
      const later = { ...scene, calls: [{ ...call, isOwn: true as const }], now: NOW + 1_000 };
      expect(plan(later)).toMatchObject({ type: 'ReportOrphan' });
    }
  });

  test.each([
    [
      'that was registered',
      undefined,
      DOCUMENT_TERMS,
      'was registered, and by identification.mode the server object',
    ],
    ['of a document', served(), undefined, 'is identified by a document, and by identification.mode the'],
  ])('%s stays as it is when the server object changes its mode', (_, document, documents, said) => {
    const server = reached({ documents, shape: 'other' });
    const o = observation({ records: [record(defined({ document }))], server });
    expect(plan(o)).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'UpdateUnsupported',
      message: expect.stringContaining(`Client c1 ${said}`),
    });
  });
});

describe('a document that was seen', () => {
  const drifting = (mode: 'Off' | 'Report', intervalMs = HOUR) =>
    reached({ documents: DOCUMENT_TERMS, drift: { mode, intervalMs, rotatingReads: 'Refuse' } });
  const seenAgo = (ms: number, more: Partial<Parameters<typeof observation>[0]> = {}) =>
    observation({
      records: [of(served())],
      server: drifting('Off'),
      readAt: NOW - ms,
      startedAt: NOW - 24 * HOUR,
      ...more,
    });

  test('is fetched again within an hour and six minutes, whatever drift says', () => {
    expect(plan(seenAgo(1.1 * HOUR))).toMatchObject({ type: 'CheckDocument' });
    const early = plan(seenAgo(0.9 * HOUR - 1));
    expect(early).toMatchObject({ type: 'Idle', state: 'Ready' });
    const { until = 0 } = early as { readonly until?: number };
    expect(until).toBeGreaterThan(NOW);
    expect(until).toBeLessThanOrEqual(NOW + 0.2 * HOUR + 1);
    const seldom = { server: drifting('Report', 24 * HOUR) };
    expect(plan(seenAgo(2 * HOUR, seldom))).toMatchObject({ type: 'Idle' });
    expect(plan(seenAgo(26.4 * HOUR, seldom))).toMatchObject({ type: 'CheckDocument' });
  });

  test('is fetched once within an hour of the start, each at another time', () => {
    const untilOf = (uid: string) => {
      const client = { namespace: 'shop', name: 'storefront', uid };
      const o = observation({
        object: object({ uid }),
        records: [record({ client, document: served() })],
        secrets: [secret({ ownerUid: uid }, record({ client }))],
        server: drifting('Off'),
        ...{ startedAt: NOW, readAt: NOW },
      });
      const idle = plan(o) as { readonly type: string; readonly until?: number };
      return idle.type === 'CheckDocument' ? 0 : (idle.until ?? Number.NaN) - NOW;
    };
    const times = Array.from({ length: 500 }, (_, n) =>
      untilOf(`00000000-0000-4000-8000-${String(n * 7_919).padStart(12, '0')}`),
    );
    expect(Math.max(...times)).toBeLessThan(HOUR);
    const perSixMinutes = Array.from(
      { length: 10 },
      (_, n) => times.filter((ms) => Math.floor(ms / 360_000) === n).length,
    );
    expect(Math.max(...perSixMinutes)).toBeLessThan(100);
  });

  test('is fetched when a person asks for it, once for each request', () => {
    const asked = { object: object({ reconcileRequestedAt: 'now' }) };
    const requested = seenAgo(0, asked);
    expect(plan(requested)).toMatchObject({ type: 'CheckDocument', basis: 'oac-uid-1-a1 digest-1 now' });
    expect(plan({ ...requested, documentChecked: 'oac-uid-1-a1 digest-1 now' })).toMatchObject({
      type: 'Idle',
    });
    const handled = object({
      reconcileRequestedAt: 'now',
      status: { ...object().status, lastHandledReconcileAt: 'now' },
    });
    expect(plan(seenAgo(0, { object: handled }))).toMatchObject({ type: 'Idle' });
  });

  test('and could not be fetched again is tried after each pause, not after an hour', () => {
    const failed = (retryAt: number) =>
      setback({
        ...{ action: 'CheckDocument', basis: 'oac-uid-1-a1 digest-1 ', reason: 'DocumentNotReachable' },
        ...{ message: 'The URL could not be fetched.', attempts: 1, retryAt },
      });
    const waiting = seenAgo(0, { setbacks: [failed(NOW + 1_000)] });
    expect(plan(waiting)).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + 1_000 });
    expect(condition(waiting, 'DocumentServed')).toMatchObject({
      status: 'False',
      reason: 'DocumentNotReachable',
    });
    expect(plan(seenAgo(0, { setbacks: [failed(NOW)] }))).toMatchObject({ type: 'CheckDocument' });
  });

  test('and whose URL answers something else now is written again, and not ready until it is seen', () => {
    const { isFirst: __, seen: ___, ...lost } = served();
    const wanted = desired({ client: { redirectUris: ['https://shop.example.com/cb'] } });
    const server = drifting('Off');
    const current = (document: typeof lost) =>
      record({ document, metadataHash: metadataHash(wanted.hash, server.connection.shape) });
    const differs = (since: number) =>
      setback({
        ...{ action: 'CheckDocument', basis: 'oac-uid-1-a1 digest-1 ', reason: 'DocumentDiffers', since },
        ...{ message: 'c1 answers 410.', attempts: 3, retryAt: NOW + 1_000 },
      });
    const found = { object: object({ desired: wanted }), server };
    const o = observation({ ...found, records: [current(lost)], setbacks: [differs(NOW - 1_000)] });
    expect(plan(o)).toMatchObject({
      type: 'Update',
      because: 'Drifted',
      message: 'What is served as the document of client c1 is another one, or none.',
    });
    const again = current({ ...lost, publishedAt: at(NOW) });
    const published = { ...o, now: NOW + 500, records: [again] };
    expect(plan(published)).toMatchObject({ finding: 'DocumentUnseen', until: NOW + 1_000 });
    expect(condition(published, 'Ready')).toMatchObject({ status: 'False', reason: 'DocumentDiffers' });
    expect(condition(published, 'DocumentServed')).toMatchObject({
      status: 'False',
      reason: 'DocumentDiffers',
    });
    // Right after it was published, replicas may not have it yet.
    const young = current({ ...lost, publishedAt: at(NOW - 9_000) });
    const waiting = {
      ...o,
      records: [young],
      setbacks: [{ ...differs(NOW - 1_000), retryAt: NOW + 16_000 }],
    };
    expect(plan(waiting)).toMatchObject({ finding: 'DocumentUnseen', until: NOW + 1_000 });
  });

  test('is not fetched again after it was withdrawn: it does not come back by that', () => {
    const document = served({ withdrawnAt: at(NOW - HOUR) });
    const o = observation({ object: deleting(), records: [of(document)], readAt: NOW - 2 * HOUR });
    expect(plan(o).type).not.toBe('CheckDocument');
    const owed = departed({
      role: 'owed',
      document: { ...document, seen: { digest: 'digest-1', at: at(NOW - 1_000) } },
    });
    expect(plan(absent({ records: [owed], readAt: NOW - 2 * HOUR }))).toMatchObject({ type: 'Idle' });
  });
});
