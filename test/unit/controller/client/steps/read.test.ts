import { describe, expect, test } from 'vitest';
import type { HttpOutcome } from '../../../../../src/controller/ports.ts';
import type { CallKind, PendingCall } from '../../../../../src/core/observation.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import { answered } from '../../../../kit/fakes/fake-ports.ts';
import { refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import {
  ATTEMPT,
  contentOf,
  DONE,
  leaveCall,
  NAME,
  NO_ANSWER,
  SERVER,
  setbacksOf,
  type TakeOptions,
  take,
} from '../../../../kit/fakes/step-runner.ts';
import { clientCredentials, GRANT } from '../../../../kit/fixtures/credentials.ts';
import {
  clientObject,
  OPERATOR_NAMESPACE,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { connection, FORGOTTEN, NOW, setback } from '../../../../kit/fixtures/observations.ts';

const RECORD = `patch Secret ${OPERATOR_NAMESPACE}/${NAME}`;
const HOUR = 3_600_000;
const drift = { mode: 'Report', intervalMs: HOUR, rotatingReads: 'Refuse' } as const;

/** A server whose reads rotate the token. */
const rotating = {
  connection: {
    ...connection,
    drift: { ...drift, rotatingReads: 'Allow' },
    dialect: { ...connection.dialect, readEffect: { supported: true, token: 'Rotates', secret: 'None' } },
  },
} as NonNullable<TakeOptions<'Read'>['server']>;

const information = {
  client_id: 'c1',
  client_secret: 'secret-1',
  registration_access_token: 'token-1',
  registration_client_uri: 'https://sso.example.com/register/c1',
  client_name: 'Storefront',
};
const same = answered(200, information);

const read = ({ before, ...options }: TakeOptions<'Read'> = {}) =>
  take('Read', {
    server: { connection: { ...connection, drift } },
    before: (operator) => {
      operator.memory.wasRead(operator.round.key, NOW - 2 * HOUR);
      before?.(operator);
    },
    ...options,
  });
const unanswered = (attempt: string, kind: CallKind = 'Read', state: PendingCall['state'] = 'interrupted') =>
  leaveCall({ attempt, kind }, state);

describe('A client that is due to be read', () => {
  test('is read with its own token; where nothing changed, nothing is written or reported', async () => {
    const taken = await read({ outcomes: [same] });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [], []]);
    expect(taken.http.sent).toMatchObject([
      {
        method: 'GET',
        url: 'https://sso.example.com/register/c1',
        headers: { authorization: 'Bearer token-1' },
        timeoutMs: 30_000,
      },
    ]);
    expect(taken.ledger.begun).toMatchObject([
      { attempt: ATTEMPT, kind: 'Read', registrationSecret: NAME, server: SERVER },
    ]);
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(setbacksOf(taken)).toEqual([]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('is not due again until the interval has passed, also if the read failed', async () => {
    const { memory, round } = await read({ outcomes: [answered(503)] });
    expect(memory.readAt(round.key, undefined, NOW)).toBe(NOW);
  });

  test('has no line in the audit trail', async () => {
    const { lines } = await read({ outcomes: [same] });
    expect(lines).toEqual([]);
  });

  test('ends what went wrong before', async () => {
    const taken = await read({
      outcomes: [same],
      before: ({ memory, round }) =>
        memory.setBack(round.key, setback({ action: 'Read', basis: 'before', retryAt: NOW })),
    });
    expect(setbacksOf(taken)).toEqual([]);
  });

  test('settles earlier reads without an answer', async () => {
    const { ledger } = await read({
      server: rotating,
      outcomes: [same],
      before: (operator) => {
        unanswered('r1')(operator);
        unanswered('r2')(operator);
      },
    });
    expect(ledger.ends).toEqual(['settle r1', 'settle r2', `settle ${ATTEMPT}`]);
  });
});

describe('An answer with new credentials', () => {
  test.each<readonly [string, object, object, object]>([
    [
      'a token: the workload does not see it',
      { registration_access_token: 'token-2' },
      { revision: 1 },
      { registrationAccessToken: new Sensitive('token-2') },
    ],
    [
      'a secret, where the server answers no hash instead: the workload gets it',
      { client_secret: 'secret-2' },
      { revision: 2 },
      { clientSecret: new Sensitive('secret-2') },
    ],
  ])('is recorded before anything uses it: %s', async (_, changed, record, kept) => {
    const dialect = { ...connection.dialect, secretOnRead: 'Trust' } as const;
    const taken = await read({
      server: { connection: { ...connection, drift, dialect } },
      outcomes: [answered(200, { ...information, ...changed })],
    });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [RECORD], []]);
    expect(taken.observe().records).toMatchObject([record]);
    for (const [name, value] of Object.entries(kept)) {
      const now = contentOf(taken)?.information[name as 'clientSecret'];
      expect(now?.reveal()).toBe((value as Sensitive).reveal());
    }
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
  });

  test('but no secret, where the server may answer a hash instead', async () => {
    const { wrote } = await read({ outcomes: [answered(200, { ...information, client_secret: 'hash' })] });
    expect(wrote).toEqual([]);
  });

  test('keeps the entry under way while the API server does not take the record', async () => {
    const taken = await read({
      outcomes: [answered(200, { ...information, registration_access_token: 'token-2' })],
      refuses: { 'patch Secret': [refusals.broken] },
    });
    expect([taken.result, taken.told, taken.ledger.ends]).toEqual([DONE, [], []]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting' });
  });
});

describe('A client that somebody else changed', () => {
  const changed = answered(200, { ...information, client_name: 'Mallory' });

  test('is reported once: the change is recorded, so that the next read finds none', async () => {
    const taken = await read({ outcomes: [changed] });
    expect([taken.wrote, taken.told]).toEqual([[RECORD], ['Warning DriftDetected Read']]);
    expect(taken.events[0]?.message).toMatch(
      /^Somebody changed client_name of client c1 at the server\. Take the change back/,
    );
    expect(taken.memory.learned(taken.round.key)).toEqual([
      { member: 'client_name', asked: 'Storefront', registered: 'Mallory' },
    ]);
    expect(contentOf(taken)?.information.metadata).toEqual({ client_name: 'Mallory' });
    expect(taken.next()).toMatchObject({ type: 'Publish' });
  });

  test('is sent the spec again, where the server object says so', async () => {
    const taken = await read({
      server: { connection: { ...connection, drift: { ...drift, mode: 'Correct' } } },
      outcomes: [changed],
    });
    expect(taken.events[0]?.message).toMatch(/at the server; the spec is sent again\. /);
    expect(contentOf(taken)?.sent).toEqual({ client_name: 'Mallory' });
    expect(taken.observe().records).toMatchObject([{ metadataHash: 'drifted' }]);
  });

  test('is reported only when that is on record', async () => {
    const { told, ledger } = await read({
      outcomes: [changed],
      refuses: { 'patch Secret': [refusals.broken] },
    });
    expect([told, ledger.ends]).toEqual([[], []]);
  });
});

describe('A read that fails', () => {
  test.each<readonly [string, HttpOutcome, object, readonly string[]]>([
    [
      '401: its next update would be refused, too, so people are warned',
      answered(401, { error: 'invalid_token' }),
      { reason: 'RegistrationAccessTokenLost' },
      ['Warning RegistrationAccessTokenLost Read'],
    ],
    [
      '404: the same',
      answered(404),
      { reason: 'RegistrationAccessTokenLost' },
      ['Warning RegistrationAccessTokenLost Read'],
    ],
    ['405', answered(405), { reason: 'UpdateUnsupported' }, []],
    ['503', answered(503), { reason: 'AuthorizationServerUnavailable' }, []],
    ['429 with a pause', answered(429, '', { 'retry-after': '30' }), { retryAt: NOW + 30_000 }, []],
    ['200 without JSON', answered(200, '<html>'), { reason: 'ResponseNotJSON' }, []],
    ['200 without a client', answered(200, {}), { reason: 'ResponseNotJSON' }, []],
    ['204', answered(204), { reason: 'ResponseNotJSON' }, []],
    ['no answer', NO_ANSWER, { reason: 'ResponseTimedOut', ambiguous: false }, []],
    [
      'nothing was sent',
      { kind: 'notSent', reason: 'ConnectFailed', detail: 'refused' },
      { reason: 'AuthorizationServerUnavailable' },
      [],
    ],
  ])('makes the client no less ready, and is tried again: %s', async (_, outcome, expected, told) => {
    const taken = await read({ outcomes: [outcome] });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [], told]);
    expect(setbacksOf(taken)).toMatchObject([
      { action: 'Read', kind: 'Transient', message: expect.stringMatching(/^Client c1 could not be read: /) },
    ]);
    expect(setbacksOf(taken)).toMatchObject([expected]);
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('without an answer, where a read rotates the token: the entry stays until a call is answered', async () => {
    const { ledger, next } = await read({ server: rotating, outcomes: [NO_ANSWER] });
    expect(ledger.ends).toEqual([`interrupt ${ATTEMPT}`]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('without an answer again: the first entry is enough', async () => {
    const { ledger } = await read({ server: rotating, outcomes: [NO_ANSWER], before: unanswered('r1') });
    expect(ledger.ends).toEqual([`settle ${ATTEMPT}`]);
  });

  test('that is refused leaves the entry of one without an answer: it may have cost the token', async () => {
    const { ledger } = await read({ server: rotating, outcomes: [answered(401)], before: unanswered('r1') });
    expect(ledger.ends).toEqual([`settle ${ATTEMPT}`]);
  });
});

describe('A client that its server does not know any more', () => {
  const unknown = answered(401, { error: 'invalid_client', error_description: 'No such client' });

  test('is asked about again before that is believed', async () => {
    const taken = await read({ outcomes: [unknown] });
    expect([taken.result, taken.told, setbacksOf(taken)]).toEqual([DONE, [], []]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + 10_000 });
  });

  test('is not ready after a second read that says so, and one Event says it', async () => {
    const taken = await read({
      outcomes: [unknown],
      before: ({ memory, round }) =>
        memory.hear(round.key, { ...FORGOTTEN, forgotten: 1, registrationSecret: NAME }),
    });
    expect(taken.told).toEqual(['Warning ClientForgotten Read']);
    expect(taken.events[0]?.message).toMatch(
      /^The server says that it doesn't know client c1 any more: The server answered 401 invalid_client; its words are for the platform team\. Restore the server's data/,
    );
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'ClientForgotten' });
    const again = await read({
      outcomes: [unknown],
      before: ({ memory, round }) => memory.hear(round.key, { ...FORGOTTEN, registrationSecret: NAME }),
    });
    expect(again.told).toEqual([]);
  });

  test('is ready again, once it is found', async () => {
    const taken = await read({
      outcomes: [same],
      before: ({ memory, round }) => memory.hear(round.key, { ...FORGOTTEN, registrationSecret: NAME }),
    });
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });
});

describe('An answer that is cut off', () => {
  const torn = (received: string): HttpOutcome => ({
    ...{ kind: 'noAnswer', reason: 'ConnectionLost', detail: 'the connection was lost', status: 200 },
    received: new Sensitive(received),
  });
  const withToken = '{"client_id":"c1","registration_access_token":"token-2","client_na';

  test('is not lost with the new token in it: the old one is invalid', async () => {
    const taken = await read({ server: rotating, outcomes: [torn(withToken)] });
    expect([taken.result, taken.wrote]).toEqual([DONE, [RECORD]]);
    expect(contentOf(taken)?.information.registrationAccessToken?.reveal()).toBe('token-2');
    expect(contentOf(taken)?.information.metadata).toEqual({ client_name: 'Storefront' });
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Read', reason: 'ResponseTruncated' }]);
    expect(taken.ledger.ends).toEqual([`interrupt ${ATTEMPT}`]);
  });

  test.each([
    ['the token that is known', withToken.replace('token-2', 'token-1')],
    ['the token of another client', withToken.replace('"c1"', '"c2"')],
    ['no token', '{"client_id":"c1","client_na'],
  ])('with %s changes nothing', async (_, received) => {
    const { result, wrote } = await read({ server: rotating, outcomes: [torn(received)] });
    expect([result, wrote]).toEqual([DONE, []]);
  });

  test('lets the client wait while its token cannot be recorded', async () => {
    const taken = await read({
      server: rotating,
      outcomes: [torn(withToken)],
      refuses: { 'patch Secret': [refusals.broken] },
    });
    expect(taken.result.kind).toBe('later');
    expect(setbacksOf(taken)).toEqual([]);
  });
});

describe('With a token that manages every client', () => {
  const management = { ...connection.management, mode: 'Credential', credential: clientCredentials } as const;
  const server = { connection: { ...connection, drift, management } };

  test('a client is read, and a refusal says nothing of its own token', async () => {
    const { http, told, context } = await read({
      server,
      outcomes: [answered(401)],
      before: ({ context: { tokens } }) => tokens.keep(SERVER, 'v1', GRANT, new Sensitive('t0')),
    });
    expect(http.sent).toMatchObject([{ method: 'GET', headers: { authorization: 'Bearer t0' } }]);
    expect(told).toEqual([]);
    expect(context.tokens.get(SERVER, 'v1', GRANT)).toBeUndefined();
  });

  test('nothing is read where there is none', async () => {
    const taken = await read({ server, outcomes: [answered(400, { error: 'invalid_client' })] });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['POST']);
    expect([taken.result, taken.told, taken.ledger.begun]).toEqual([DONE, [], []]);
  });
});

describe('A client is not read', () => {
  test('where its management address may not be called', async () => {
    const elsewhere = 'https://elsewhere.example.com/{client_id}';
    const management = { ...connection.management, isExplicit: true, configurationUrl: elsewhere };
    const { result, http, ledger } = await read({
      server: { connection: { ...connection, drift, management } },
    });
    expect([result, http.sent, ledger.begun]).toEqual([DONE, [], []]);
  });

  test('where its record is damaged: that is remembered', async () => {
    const { data: _, ...damaged } = registrationSecret();
    const taken = await read({ objects: [...surroundings(), clientObject(), damaged, workloadSecret()] });
    expect([taken.result, taken.http.sent]).toEqual([DONE, []]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Read', reason: 'RegistrationRecordMissing' }]);
  });

  test('where its record cannot be read now: later', async () => {
    const taken = await read({ refuses: { 'get Secret': refusals.unanswered } });
    expect(taken.result).toMatchObject({
      kind: 'later',
      why: `Registration Secret ${NAME} could not be read: no answer`,
    });
    expect([taken.http.sent, setbacksOf(taken)]).toEqual([[], []]);
  });

  test('while its entry cannot be stored', async () => {
    const { result, http } = await read({
      meanwhile: ({ ledger }) => {
        ledger.isOpen = false;
      },
    });
    expect([result, http.sent]).toEqual([DONE, []]);
  });
});
