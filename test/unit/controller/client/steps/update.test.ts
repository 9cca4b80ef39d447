import { describe, expect, test } from 'vitest';
import type { HttpOutcome } from '../../../../../src/controller/ports.ts';
import type { CallKind } from '../../../../../src/core/observation.ts';
import type { RegistrationRecord } from '../../../../../src/core/record.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { answered } from '../../../../kit/fakes/fake-ports.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
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
  recorded,
  registrationSecret,
  stored,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { connection, NOW, setback } from '../../../../kit/fixtures/observations.ts';
import { planned } from '../../../../kit/fixtures/steps.ts';

const RECORD = `patch Secret ${OPERATOR_NAMESPACE}/${NAME}`;
const notSent: HttpOutcome = { kind: 'notSent', reason: 'ConnectFailed', detail: 'refused' };

const information = {
  client_id: 'c1',
  client_secret: 'secret-1',
  registration_access_token: 'token-1',
  registration_client_uri: 'https://sso.example.com/register/c1',
  client_name: 'Edited',
};
const updated = answered(200, information);

const objectsOf = (
  spec: Parameters<typeof clientObject>[1],
  record: Partial<RegistrationRecord> = {},
  content = stored,
): readonly Stored[] => [
  ...surroundings(),
  clientObject({}, spec),
  registrationSecret(recorded(record), content),
  workloadSecret(),
];
/** The object of a registered client whose name was edited. */
const edited = objectsOf({ client: { clientName: 'Edited' } });
const update = (options: TakeOptions<'Update'> = {}) => take('Update', { objects: edited, ...options });

const tokenOf = (operator: OperatorInMemory) =>
  contentOf(operator)?.information.registrationAccessToken?.reveal();
const sentBy = ({ http }: OperatorInMemory) => JSON.parse(http.sent[0]?.body ?? '{}') as unknown;
const unanswered = (attempt: string, kind: CallKind = 'Update') => leaveCall({ attempt, kind });

describe('A client whose spec was edited', () => {
  test('is updated with its own token; the answer is recorded before anything uses it', async () => {
    const taken = await update({ outcomes: [updated] });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [RECORD], []]);
    expect(taken.http.sent).toMatchObject([
      {
        method: 'PUT',
        url: 'https://sso.example.com/register/c1',
        headers: { authorization: 'Bearer token-1', 'content-type': 'application/json' },
        timeoutMs: 30_000,
      },
    ]);
    expect(sentBy(taken)).toEqual({ client_id: 'c1', client_name: 'Edited' });
    expect(taken.ledger.begun).toMatchObject([
      { attempt: ATTEMPT, kind: 'Update', registrationSecret: NAME, server: SERVER },
    ]);
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(contentOf(taken)?.sent).toEqual({ client_name: 'Edited' });
    expect(taken.next()).toMatchObject({ type: 'Publish' });
  });

  test('ends what went wrong before, and leaves one line in the log, without a secret', async () => {
    const taken = await update({
      outcomes: [updated],
      before: ({ memory, round }) =>
        memory.setBack(round.key, setback({ action: 'Update', retryAt: NOW, basis: 'before' })),
    });
    expect(setbacksOf(taken)).toEqual([]);
    expect(taken.lines).toHaveLength(1);
    expect(taken.lines[0]).toMatch(/"event":"Update".*"clientId":"c1"/);
    expect(taken.lines[0]).not.toMatch(/secret-1|token-1/);
  });

  test('keeps the marker of the attempt that registered it', async () => {
    const taken = await update({
      outcomes: [updated],
      server: { connection: { ...connection, attemptMarker: 'software_id' } },
    });
    expect(sentBy(taken)).toMatchObject({ client_name: 'Edited', software_id: 'a1' });
  });

  test.each<readonly [string, HttpOutcome, string, string, number]>([
    ['new credentials', answered(200, { ...information, client_secret: 's2' }), 's2', 'token-1', 2],
    ['a new token', answered(200, { ...information, registration_access_token: 't2' }), 'secret-1', 't2', 2],
    ['nothing but a status', answered(204), 'secret-1', 'token-1', 1],
  ])('is recorded with %s', async (_, outcome, secret, token, revision) => {
    const taken = await update({ outcomes: [outcome] });
    expect(contentOf(taken)?.information.clientSecret?.reveal()).toBe(secret);
    expect(tokenOf(taken)).toBe(token);
    expect(taken.observe().records).toMatchObject([{ revision }]);
    expect(contentOf(taken)?.sent).toEqual({ client_name: 'Edited' });
  });

  test('learns what the server registered instead of what was asked', async () => {
    const { round, memory } = await update({
      outcomes: [answered(200, { ...information, client_name: 'X' })],
    });
    expect(memory.learned(round.key)).toEqual([{ member: 'client_name', asked: 'Edited', registered: 'X' }]);
  });

  test('learns nothing of an answer that has no metadata', async () => {
    const { round, memory } = await update({ outcomes: [answered(204)] });
    expect(memory.learned(round.key)).toEqual([]);
  });

  test('waits while the API server does not take the record; its entry stays under way', async () => {
    const taken = await update({ outcomes: [updated], refuses: { 'patch Secret': [refusals.broken] } });
    expect([taken.result, taken.told, taken.ledger.ends]).toEqual([DONE, [], []]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting' });
  });

  test('to what is registered already is recorded, and nothing is sent', async () => {
    const taken = await update({
      objects: objectsOf({}, { metadataHash: 'of an earlier version of the defaults' }),
    });
    expect([taken.result, taken.http.sent, taken.wrote]).toEqual([DONE, [], [RECORD]]);
    expect(taken.ledger.begun).toEqual([]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });
});

describe('An update that the server refuses for what it took in the registration', () => {
  const refusal = answered(400, {
    error: 'invalid_client_metadata',
    error_description: 'client_uri can not be changed',
  });
  const sent = { client_name: 'Storefront', client_uri: 'https://a.example' };
  const editedTo = (client: object) => objectsOf({ client } as never, {}, { ...stored, sent });
  const told = async (client: object) =>
    (await update({ objects: editedTo(client), outcomes: [refusal] })).events[0]?.message;

  test('names the switch that leaves it out of updates', async () => {
    expect(await told({ clientName: 'Edited', clientUri: 'https://a.example' })).toContain(
      'The server took client_uri before, and the edit leaves it as it is. If the server refuses it in every update, name it in dialectOverrides.membersNotUpdated of the server object, so that updates leave it out.',
    );
  });

  test('names no switch where the edit changes it', async () => {
    expect(await told({ clientUri: 'https://b.example' })).not.toContain('membersNotUpdated');
  });
});

describe('An update that is refused', () => {
  test.each<readonly [string, HttpOutcome, object, readonly string[]]>([
    [
      'its metadata',
      answered(400, { error: 'invalid_redirect_uri', error_description: 'no such host' }),
      { kind: 'Terminal', reason: 'InvalidRedirectURI' },
      ['Warning InvalidRedirectURI Update'],
    ],
    [
      'its token',
      answered(401, { error: 'invalid_token' }),
      {
        kind: 'Terminal',
        reason: 'RegistrationAccessTokenLost',
        message: expect.stringContaining(
          `The registration access token of client c1 was refused (update ${ATTEMPT}): The server answered 401`,
        ),
      },
      ['Warning RegistrationAccessTokenLost Update'],
    ],
    [
      'its address',
      answered(404),
      {
        kind: 'Terminal',
        reason: 'RegistrationAccessTokenLost',
        message: expect.stringContaining("The server doesn't know client c1 at its management address"),
      },
      ['Warning RegistrationAccessTokenLost Update'],
    ],
    [
      'updates at all',
      answered(405),
      { kind: 'Terminal', reason: 'UpdateUnsupported' },
      ['Warning UpdateUnsupported Update'],
    ],
    [
      'for now: a rate limit',
      answered(429, '', { 'retry-after': '30' }),
      { kind: 'Transient', reason: 'RateLimited', retryAt: NOW + 30_000 },
      [],
    ],
    [
      'for now: trouble',
      answered(503),
      { kind: 'Transient', reason: 'AuthorizationServerUnavailable', ambiguous: false },
      [],
    ],
    [
      'for now: no connection',
      notSent,
      { kind: 'Transient', reason: 'AuthorizationServerUnavailable', ambiguous: false },
      [],
    ],
  ])('%s: leaves the record as it is', async (_, outcome, expected, told) => {
    const taken = await update({ outcomes: [outcome] });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [], told]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Update', ...expected }]);
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(taken.next()).not.toMatchObject({ type: 'Update' });
  });

  test.each([
    ['a status 500 to a token that a read refuses, too, is a lost token', answered(401), 'Terminal'],
    ['a status 500 to a token that a read accepts is no answer', answered(200, information), 'Transient'],
  ])('%s', async (_, read, kind) => {
    const taken = await update({ outcomes: [answered(500), read] });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['PUT', 'GET']);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Update', kind }]);
    expect(taken.ledger.ends).toEqual([`interrupt ${ATTEMPT}`]);
  });

  test('though a read finds the client: the server has no such call, which is no lost token', async () => {
    const taken = await update({ outcomes: [answered(404), answered(200, { client_id: 'c1' })] });
    expect([taken.wrote, taken.told]).toEqual([[], ['Warning UpdateUnsupported Update']]);
    expect(setbacksOf(taken)).toMatchObject([
      {
        kind: 'Terminal',
        reason: 'UpdateUnsupported',
        message:
          'The server answered status 404, and a read with the same token shows the client: the server has no way to change it. Take the edit back, or set spec.replacement.onEdit to Automatic, so that another client is registered in its place.',
        retryAt: NOW + 86_400_000,
      },
    ]);
    const { unsupported, lostTokens } = taken.servers.health(SERVER);
    expect(unsupported).toMatchObject([{ kind: 'Update', client: 'shop/storefront', at: NOW }]);
    expect(lostTokens.losses).toEqual([]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'UpdateUnsupported' });
  });

  test('where replacement.onEdit is Automatic, another client follows at once, and no Warning is given', async () => {
    const replacement = {
      onEdit: 'Automatic',
      onExpiry: 'Automatic',
      retire: 'AfterOverlap',
      overlap: '24h',
    } as const;
    const taken = await update({
      outcomes: [answered(404), answered(200, { client_id: 'c1' })],
      objects: objectsOf({ client: { clientName: 'Edited' }, replacement }),
    });
    expect(taken.told).toEqual([]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Terminal', reason: 'UpdateUnsupported' }]);
    expect(taken.next()).toMatchObject({
      type: 'Register',
      message: 'The server gives no way to change client c1, and replacement.onEdit is Automatic.',
    });
  });

  test('with a status 500, and a read that rotates the token: the new one is recorded', async () => {
    const rotated = answered(200, { ...information, registration_access_token: 'token-2' });
    const taken = await update({ outcomes: [answered(500), rotated] });
    expect(tokenOf(taken)).toBe('token-2');
    expect(contentOf(taken)?.sent).toEqual({ client_name: 'Storefront' });
  });
});

describe('An update of a client that its server does not know any more', () => {
  const unknown = answered(401, { error: 'invalid_client', error_description: 'No such client' });

  test('ends in the truth, where a read with the same token says so, too', async () => {
    const taken = await update({ outcomes: [unknown, unknown] });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['PUT', 'GET']);
    expect([taken.told, setbacksOf(taken)]).toEqual([['Warning ClientForgotten Update'], []]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'ClientForgotten' });
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
  });

  test('is a refused token, where the read says only that the token is refused', async () => {
    const taken = await update({ outcomes: [unknown, answered(401, { error: 'invalid_token' })] });
    expect(taken.told).toEqual(['Warning RegistrationAccessTokenLost Update']);
    expect(taken.events[0]?.message).toMatch(
      / Nothing can change the client with it, and whether the client still works is not known\. /,
    );
  });
});

describe('An update without an answer', () => {
  test('may have had its effect: its entry stays, and it is sent again', async () => {
    const taken = await update({ outcomes: [NO_ANSWER] });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [], []]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', ambiguous: true }]);
    expect(taken.ledger.ends).toEqual([`interrupt ${ATTEMPT}`]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting' });
  });

  test('after others without one: the first entry is enough', async () => {
    const { ledger } = await update({
      outcomes: [NO_ANSWER],
      before: (operator) => {
        for (const attempt of ['u1', 'u2', 'u3']) {
          unanswered(attempt)(operator);
        }
      },
    });
    expect(ledger.ends).toEqual(['settle u2', 'settle u3', `settle ${ATTEMPT}`]);
  });

  test('is sent again though the spec is as registered, and one that is answered settles all', async () => {
    const taken = await update({
      objects: objectsOf({}),
      outcomes: [updated],
      before: (operator) => {
        unanswered('u1')(operator);
        unanswered('r1', 'Read')(operator);
      },
      server: {
        connection: {
          ...connection,
          dialect: {
            ...connection.dialect,
            readEffect: { supported: true, token: 'Rotates', secret: 'None' },
          },
        } as never,
      },
    });
    expect(taken.o.calls).toHaveLength(2);
    expect(sentBy(taken)).toMatchObject({ client_name: 'Storefront' });
    expect(taken.ledger.ends.toSorted()).toEqual(['settle r1', 'settle u1', `settle ${ATTEMPT}`].toSorted());
  });

  test.each<readonly [string, (operator: OperatorInMemory) => void]>([
    ['the ledger', unanswered('u1')],
    [
      'a setback',
      ({ memory, round, observe }) => {
        const { basis } = planned('Update', observe());
        memory.setBack(
          round.key,
          setback({
            ...{ action: 'Update', basis, ambiguous: true, retryAt: NOW },
            since: Date.parse('2026-05-01T11:58:00Z'),
          }),
        );
      },
    ],
  ])('is named as the cause where the token is refused afterwards, by %s', async (_, before) => {
    const taken = await update({ before, outcomes: [answered(401)] });
    expect(taken.events[0]?.message).toMatch(
      /\(update iiiiiiiiii; the update of 2026-05-01T11:58:00(\.000)?Z got no answer\): /,
    );
  });
});

describe('An answer that is cut off', () => {
  const torn = (received: string): HttpOutcome => ({
    ...{ kind: 'noAnswer', reason: 'ConnectionLost', detail: 'the connection was lost', status: 200 },
    received: new Sensitive(received),
  });
  const withToken = '{"client_id":"c1","registration_access_token":"token-2","client_na';

  test('is not lost with the new credentials in it: they are recorded, and the update is sent again', async () => {
    const taken = await update({ outcomes: [torn(withToken)] });
    expect([taken.result, taken.wrote]).toEqual([DONE, [RECORD]]);
    expect(tokenOf(taken)).toBe('token-2');
    expect(contentOf(taken)?.sent).toEqual({ client_name: 'Storefront' });
    expect(taken.observe().records).toMatchObject([{ metadataHash: recorded().metadataHash }]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', reason: 'ResponseTruncated' }]);
    expect(taken.ledger.ends).toEqual([`interrupt ${ATTEMPT}`]);
  });

  test.each([
    ['of another client', withToken.replace('"c1"', '"c2"')],
    ['without the client', '{"registration_access_token":"token-2","client_na'],
  ])('%s changes nothing', async (_, received) => {
    const { result, wrote, ledger } = await update({ outcomes: [torn(received)] });
    expect([result, wrote, ledger.ends]).toEqual([DONE, [], [`interrupt ${ATTEMPT}`]]);
  });

  test('lets the client wait while its credentials cannot be recorded', async () => {
    const taken = await update({
      outcomes: [torn(withToken)],
      refuses: { 'patch Secret': [refusals.broken] },
    });
    expect(taken.result).toMatchObject({
      kind: 'later',
      why: 'The credentials of an answer that was cut off are not recorded yet; they are in the journal',
    });
    expect([setbacksOf(taken), taken.ledger.ends]).toEqual([[], [`interrupt ${ATTEMPT}`]]);
  });
});

describe('A key that the operator makes', () => {
  const credential = { generatedKey: { algorithm: 'ES256', overlap: '24h' } } as const;
  const objects = objectsOf({ credential });
  const kids = (operator: OperatorInMemory) => contentOf(operator)?.keys.map(({ kid }) => kid);

  test('is stored before the server receives it, and again with the answer', async () => {
    const writes: number[] = [];
    const taken = await update({
      objects,
      outcomes: [updated],
      parts: {
        http: {
          send: async () => {
            writes.push(taken_.writes.length);
            return updated;
          },
        } as never,
      },
      meanwhile: (operator) => {
        taken_ = operator;
      },
    });
    expect(writes).toEqual([1]);
    expect(taken.wrote).toEqual([RECORD, RECORD]);
    expect(kids(taken)).toEqual(['generated-1']);
    expect(contentOf(taken)?.sent).toMatchObject({ jwks: { keys: [{ kid: 'generated-1' }] } });
    expect(taken.lines.join()).toContain('"event":"Rotation"');
  });
  let taken_: OperatorInMemory;

  test('is not sent while it cannot be stored', async () => {
    const taken = await update({ objects, refuses: { 'patch Secret': [refusals.broken] } });
    expect(taken.result).toMatchObject({ kind: 'later', why: 'The new key is not stored yet' });
    expect([taken.http.sent, taken.ledger.begun]).toEqual([[], []]);
  });

  test.each([
    ['the server refuses it', answered(400, { error: 'invalid_client_metadata' })],
    ['there is no answer', NO_ANSWER],
  ])('stays stored for the next try, where %s', async (_, outcome) => {
    const taken = await update({ objects, outcomes: [outcome] });
    expect(taken.wrote).toEqual([RECORD]);
    expect(kids(taken)).toEqual(['generated-1']);
    expect(contentOf(taken)?.sent).toEqual({ client_name: 'Storefront' });
  });
});

describe('With a token that manages every client', () => {
  const management = { ...connection.management, mode: 'Credential', credential: clientCredentials } as const;
  const send = (...outcomes: readonly HttpOutcome[]) =>
    update({
      server: { connection: { ...connection, management } },
      before: ({ context: { tokens } }) => tokens.keep(SERVER, 'v1', GRANT, new Sensitive('t0')),
      outcomes,
    });

  test('a client is updated', async () => {
    const { http, wrote } = await send(updated);
    expect(http.sent).toMatchObject([{ method: 'PUT', headers: { authorization: 'Bearer t0' } }]);
    expect(wrote).toEqual([RECORD]);
  });

  test('a refusal is no fault of the client: it is tried again, with another token', async () => {
    const taken = await send(answered(401, { error: 'invalid_token' }));
    expect([taken.wrote, taken.told]).toEqual([[], []]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', reason: 'AdmissionRefused' }]);
    expect(taken.context.tokens.get(SERVER, 'v1', GRANT)).toBeUndefined();
  });

  test('a client that the server does not know is lost: the credential is not at fault', async () => {
    const taken = await send(answered(404));
    expect(taken.told).toEqual(['Warning RegistrationAccessTokenLost Update']);
    expect(setbacksOf(taken)).toMatchObject([
      {
        kind: 'Terminal',
        reason: 'RegistrationAccessTokenLost',
        message: expect.stringContaining("The server doesn't know client c1 at its management address"),
      },
    ]);
    expect(taken.context.tokens.get(SERVER, 'v1', GRANT)?.reveal()).toBe('t0');
  });

  test('nothing is sent where there is none', async () => {
    const taken = await update({
      server: { connection: { ...connection, management } },
      outcomes: [answered(400, { error: 'invalid_client' })],
    });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['POST']);
    expect([taken.result, taken.told, taken.ledger.begun]).toEqual([DONE, [], []]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Update', kind: 'Transient' }]);
  });
});

describe('What expires is renewed', () => {
  const ends = '2026-05-01T12:10:00Z';
  const objects = objectsOf({}, { registrationAccessTokenExpiresAt: ends });
  const renewal = { ...information, client_name: 'Storefront' };

  test('by an update of what is registered already', async () => {
    const taken = await update({
      objects,
      outcomes: [
        answered(200, {
          ...renewal,
          registration_access_token: 'token-2',
          registration_access_token_expires_in: 3600,
        }),
      ],
    });
    expect(sentBy(taken)).toMatchObject({ client_name: 'Storefront' });
    expect(tokenOf(taken)).toBe('token-2');
    expect(setbacksOf(taken)).toEqual([]);
    expect(taken.observe().records).toMatchObject([
      { registrationAccessTokenExpiresAt: '2026-05-01T13:00:00Z' },
    ]);
  });

  test('once: an answer that does not move the end is not asked for again', async () => {
    const { registration_access_token: _, ...rest } = renewal;
    const taken = await update({ objects, outcomes: [answered(200, rest)] });
    expect(taken.observe().records).toMatchObject([{ registrationAccessTokenExpiresAt: ends }]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Renew', kind: 'Terminal', reason: 'Ended' }]);
    expect(taken.next()).not.toMatchObject({ type: 'Update' });
  });

  test('also of a client that outlived its object: the last document is sent again', async () => {
    const retained = recorded({ role: 'retained', retain: true, registrationAccessTokenExpiresAt: ends });
    const taken = await update({
      objects: [...surroundings(), registrationSecret(retained)],
      outcomes: [answered(200, { ...renewal, registration_access_token: 'token-2' })],
    });
    expect(sentBy(taken)).toMatchObject({ client_name: 'Storefront' });
    expect(taken.observe().records).toMatchObject([{ role: 'retained', retain: true }]);
    expect(tokenOf(taken)).toBe('token-2');
  });
});

describe('An update that cannot be made: nothing is sent', () => {
  const unmanaged = { ...stored, information: { ...stored.information, registrationAccessToken: undefined } };

  test.each<readonly [string, TakeOptions<'Update'>, string]>([
    [
      'the server changes no clients',
      {
        server: {
          connection: {
            ...connection,
            dialect: {
              ...connection.dialect,
              updateEffect: { ...connection.dialect.updateEffect, supported: false },
            },
          },
        },
      },
      'UpdateUnsupported',
    ],
    [
      'the server gave no token',
      {
        objects: objectsOf({ client: { clientName: 'Edited' } }, { managed: false }, unmanaged as never),
      },
      'UpdateUnsupported',
    ],
    [
      'its address is elsewhere',
      {
        objects: objectsOf(
          { client: { clientName: 'Edited' } },
          {},
          {
            ...stored,
            information: { ...stored.information, registrationClientUri: 'https://elsewhere.example.com/c1' },
          },
        ),
      },
      'ConfigurationURLRefused',
    ],
  ])('%s', async (_, options, reason) => {
    const taken = await update(options);
    expect([taken.http.sent, taken.ledger.begun, taken.wrote]).toEqual([[], [], []]);
    expect(taken.told).toEqual([`Warning ${reason} Update`]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Update', kind: 'Terminal', reason }]);
  });

  test('its record is damaged', async () => {
    const { data: _, ...damaged } = registrationSecret();
    const taken = await update({
      objects: [
        ...surroundings(),
        clientObject({}, { client: { clientName: 'Edited' } }),
        damaged,
        workloadSecret(),
      ],
    });
    expect(taken.http.sent).toEqual([]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Update', reason: 'RegistrationRecordMissing' }]);
  });

  test('its record cannot be read now', async () => {
    const taken = await update({ refuses: { 'get Secret': refusals.unanswered } });
    expect([taken.result.kind, taken.http.sent, setbacksOf(taken)]).toEqual(['later', [], []]);
  });

  test.each<readonly [string, TakeOptions<'Update'>, readonly string[]]>([
    [
      'its entry cannot be stored',
      {
        meanwhile: ({ ledger }) => {
          ledger.isOpen = false;
        },
      },
      [],
    ],
    ['the lead is lost', { parts: { lead: { held: () => false } } }, [`settle ${ATTEMPT}`]],
    [
      'the server was suspended since',
      {
        meanwhile: ({ servers }) => {
          const state = servers.state(SERVER);
          if (state !== undefined) {
            servers.set(SERVER, { ...state, suspended: true });
          }
        },
      },
      [],
    ],
  ])('now, since %s', async (_, options, ends) => {
    const taken = await update({ outcomes: [updated], ...options });
    expect([taken.result, taken.http.sent, taken.told, taken.wrote]).toEqual([DONE, [], [], []]);
    expect([taken.ledger.ends, setbacksOf(taken)]).toEqual([ends, []]);
  });
});
