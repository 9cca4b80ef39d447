import { describe, expect, test } from 'vitest';
import { readBroughtSecrets } from '../../../../../src/controller/client/brought-secrets.ts';
import type { HttpOutcome } from '../../../../../src/controller/ports.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { answered } from '../../../../kit/fakes/fake-ports.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import {
  ATTEMPT,
  DONE,
  NO_ANSWER,
  registersAnother,
  SERVER,
  setbacksOf,
  type TakeOptions,
  take,
} from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  OPERATOR_NAMESPACE,
  recorded,
  registrationSecret,
  surroundings,
} from '../../../../kit/fixtures/objects.ts';
import { connection, NOW, setback } from '../../../../kit/fixtures/observations.ts';

const NAME = `oac-uid-1-${ATTEMPT}`;
const RECORD = `create Secret ${OPERATOR_NAMESPACE}/${NAME}`;

const brought = {
  client_id: 'c9',
  registration_access_token: 'brought-token',
  registration_client_uri: 'https://sso.example.com/register/c9',
};
const information = { ...brought, client_secret: 'secret-9', client_name: 'Old name' };
const found = answered(200, information);

/** The Secret that the spec names. */
const broughtSecret = (values: Readonly<Record<string, string>> = brought): Stored => ({
  kind: 'Secret',
  metadata: {
    ...{ namespace: 'shop', name: 'old-client', uid: 'brought-uid', resourceVersion: '3' },
    labels: { 'oauth-registrar.dev/credential': 'true' },
  },
  data: Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});
const objects = (secret = broughtSecret(), ...more: readonly Stored[]) => [
  ...surroundings(),
  clientObject({}, { adopt: { secretRef: { name: 'old-client' } } }, {}),
  secret,
  ...more,
];
const adopt = ({ before, ...options }: TakeOptions<'Adopt'> = {}) =>
  take('Adopt', {
    objects: objects(),
    before: async (operator) => {
      await readBroughtSecrets(operator.round.key, operator.context);
      await before?.(operator);
    },
    ...options,
  });

const contentOf = ({ round }: OperatorInMemory) => round.contents.get(NAME);

describe('A client that exists already', () => {
  test('is proven by a read with its own token, and recorded before anything uses it', async () => {
    const taken = await adopt({ outcomes: [found] });
    expect([taken.result, taken.wrote]).toEqual([DONE, [RECORD]]);
    expect(taken.http.sent).toMatchObject([
      {
        method: 'GET',
        url: 'https://sso.example.com/register/c9',
        headers: { authorization: 'Bearer brought-token' },
      },
    ]);
    expect(taken.ledger.begun).toMatchObject([
      { attempt: ATTEMPT, kind: 'Read', registrationSecret: NAME, server: SERVER, client: { uid: 'uid-1' } },
    ]);
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(taken.observe().records).toMatchObject([
      { registrationSecret: NAME, clientId: 'c9', adopted: true, managed: true },
    ]);
    expect(contentOf(taken)).toMatchObject({
      sent: {},
      information: { metadata: { client_name: 'Old name' } },
    });
    expect(contentOf(taken)?.information.clientSecret?.reveal()).toBe('secret-9');
    expect(taken.next()).toMatchObject({ type: 'Publish' });
  });

  test('is reported with an Event and one line of the log, without a secret', async () => {
    const { told, events, lines } = await adopt({ outcomes: [found] });
    expect(told).toEqual(['Normal Adopted Adopt']);
    expect(events[0]).toMatchObject({
      message: 'Client c9 at https://sso.example.com is managed by this object now.',
      regarding: { uid: 'uid-1' },
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/"event":"Adoption".*"clientId":"c9"/);
    expect(lines[0]).not.toMatch(/brought-token|secret-9/);
  });

  test('ends what went wrong before', async () => {
    const taken = await adopt({
      outcomes: [found],
      before: ({ memory, round }) =>
        memory.setBack(round.key, setback({ action: 'Adopt', retryAt: NOW, basis: 'before' })),
    });
    expect(setbacksOf(taken)).toEqual([]);
  });

  test('keeps the token that the read brought, and the secret of the Secret where the server gives none', async () => {
    const { client_secret: _, ...rest } = information;
    const taken = await adopt({
      objects: objects(broughtSecret({ ...brought, client_secret: 'brought-secret' })),
      outcomes: [answered(200, { ...rest, registration_access_token: 'token-2' })],
    });
    const { registrationAccessToken, clientSecret } = contentOf(taken)?.information ?? {};
    expect([registrationAccessToken?.reveal(), clientSecret?.reveal()]).toEqual([
      'token-2',
      'brought-secret',
    ]);
  });

  test('keeps its entry under way while the API server does not take the record, and is not reported', async () => {
    const taken = await adopt({ outcomes: [found], refuses: { 'create Secret': [refusals.broken] } });
    expect([taken.result, taken.told, taken.ledger.ends]).toEqual([DONE, [], []]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting' });
  });
});

describe('A client that the Secret does not prove', () => {
  test.each<readonly [string, HttpOutcome, string]>([
    ['the token is refused', answered(401), 'Client c9 could not be read with the token in the Secret: '],
    ['the client is unknown', answered(404), 'Client c9 could not be read with the token in the Secret: '],
    ['the server has no reads', answered(405), 'Client c9 could not be read with the token in the Secret: '],
    [
      'the token is that of another client',
      answered(200, { ...information, client_id: 'c8' }),
      'The token in the Secret is not that of client c9',
    ],
  ])('is not recorded, and people are warned: %s', async (_, outcome, message) => {
    const taken = await adopt({ outcomes: [outcome] });
    expect([taken.result, taken.wrote]).toEqual([DONE, []]);
    expect(taken.told).toEqual(['Warning AdoptionRefused Adopt']);
    expect(setbacksOf(taken)).toMatchObject([
      { action: 'Adopt', kind: 'Terminal', message: expect.stringContaining(message) },
    ]);
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(taken.servers.isAdmissionRefused(SERVER, 'v1')).toBe(false);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'AdoptionRefused' });
  });

  test.each<readonly [string, HttpOutcome, object]>([
    ['503', answered(503), { reason: 'AuthorizationServerUnavailable' }],
    ['a rate limit', answered(429, '', { 'retry-after': '30' }), { retryAt: NOW + 30_000 }],
    ['no answer', NO_ANSWER, { reason: 'ResponseTimedOut' }],
    ['an answer without a client', answered(200, {}), { reason: 'ResponseNotJSON' }],
    ['an empty answer', answered(204), { reason: 'ResponseNotJSON' }],
    [
      'nothing was sent',
      { kind: 'notSent', reason: 'ConnectFailed', detail: 'refused' },
      { reason: 'AuthorizationServerUnavailable' },
    ],
  ])('now is tried again: %s', async (_, outcome, expected) => {
    const taken = await adopt({ outcomes: [outcome] });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [], []]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Adopt', kind: 'Transient', ...expected }]);
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting' });
  });
});

describe('An answer that is cut off', () => {
  const torn = (received: string): HttpOutcome => ({
    ...{ kind: 'noAnswer', reason: 'ConnectionLost', detail: 'the connection was lost', status: 200 },
    received: new Sensitive(received),
  });
  const withToken = '{"client_id":"c9","registration_access_token":"token-2","client_na';

  test('is recorded with the new token in it: the one of the Secret is invalid', async () => {
    const taken = await adopt({ outcomes: [torn(withToken)] });
    expect([taken.wrote, taken.told]).toEqual([[RECORD], ['Normal Adopted Adopt']]);
    expect(contentOf(taken)?.information.registrationAccessToken?.reveal()).toBe('token-2');
  });

  test.each([
    ['the token of the Secret', withToken.replace('token-2', 'brought-token')],
    ['no token', '{"client_id":"c9","client_na'],
    ['the token of another client', withToken.replace('"c9"', '"c8"')],
  ])('with %s is tried again', async (_, received) => {
    const taken = await adopt({ outcomes: [torn(received)] });
    expect(taken.wrote).toEqual([]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', reason: 'ResponseTruncated' }]);
  });
});

describe('A client that must not be adopted: nothing is sent', () => {
  const stranger = recorded({
    client: { namespace: 'blog', name: 'other', uid: 'uid-7' },
    clientId: 'c9',
    attempt: 'a7',
  });

  test.each<readonly [string, TakeOptions<'Adopt'>, string, string]>([
    [
      'it is recorded for another object',
      { objects: objects(broughtSecret(), registrationSecret(stranger)) },
      'ClientAlreadyManaged',
      'Client c9 is recorded for another OAuthClient of this installation',
    ],
    [
      'its management address is at another origin',
      {
        objects: objects(
          broughtSecret({ ...brought, registration_client_uri: 'https://elsewhere.example.com/c9' }),
        ),
      },
      'ConfigurationURLRefused',
      'The management address is at another origin than the one that issued the token',
    ],
    [
      'clients of this server are managed by another credential',
      {
        server: {
          connection: {
            ...connection,
            management: {
              ...connection.management,
              mode: 'Credential',
              credential: { kind: 'Token', scheme: 'Bearer', token: new Sensitive('admin') },
            },
          },
        },
      },
      'ConfigurationURLRefused',
      'Only its own token proves a client',
    ],
  ])('%s', async (_, options, reason, message) => {
    const taken = await adopt(options);
    expect([taken.http.sent, taken.ledger.begun, taken.wrote]).toEqual([[], [], []]);
    expect(taken.told).toEqual([`Warning ${reason} Adopt`]);
    expect(setbacksOf(taken)).toMatchObject([
      { action: 'Adopt', kind: 'Terminal', reason, message: expect.stringContaining(message) },
    ]);
  });

  test('but one that was left behind may be', async () => {
    const left = { ...stranger, role: 'left-behind' } as const;
    const { told } = await adopt({
      objects: objects(broughtSecret(), registrationSecret(left)),
      outcomes: [found],
    });
    expect(told).toEqual(['Normal Adopted Adopt']);
  });

  test.each<readonly [string, (operator: OperatorInMemory) => void, object]>([
    [
      'its entry cannot be stored',
      ({ ledger }) => {
        ledger.isOpen = false;
      },
      {},
    ],
    [
      'the quota of the namespace is used up since it was planned',
      registersAnother,
      { connection: { ...connection, policy: { adoption: 'Allow', maxClientsPerNamespace: 1 } } },
    ],
  ])('now, since %s: it is tried again without a word', async (_, meanwhile, server) => {
    const taken = await adopt({ outcomes: [found], meanwhile, server });
    expect([taken.result, taken.http.sent, taken.told]).toEqual([DONE, [], []]);
    expect(setbacksOf(taken)).toEqual([]);
  });
});
