import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../../../src/api/names.ts';
import { execute } from '../../../../../src/controller/client/execute.ts';
import type { HttpOutcome } from '../../../../../src/controller/ports.ts';
import type { Step } from '../../../../../src/core/action.ts';
import { clientKey } from '../../../../../src/core/client-key.ts';
import type { CallKind } from '../../../../../src/core/observation.ts';
import { limited, NO_LIMITS } from '../../../../../src/core/rate-limits.ts';
import { HEALTHY } from '../../../../../src/core/server-health.ts';
import { omit } from '../../../../../src/oauth/objects.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { answered } from '../../../../kit/fakes/fake-ports.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import {
  ATTEMPT,
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
  OBJECT,
  OPERATOR_NAMESPACE,
  recorded,
  registrationSecret,
  serverObject,
  stored,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { connection, NOW, setback } from '../../../../kit/fixtures/observations.ts';
import { OWN_REF, serverRecord } from '../../../../kit/fixtures/server-records.ts';

const RECORD = `Secret ${OPERATOR_NAMESPACE}/${NAME}`;
const deleted = clientObject({ deletionTimestamp: '2026-05-01T11:59:00Z' });
const objects = [...surroundings(), deleted, registrationSecret()];

const deregister = (options: Partial<TakeOptions<'Deregister'>>) =>
  take('Deregister', { objects, ...options });
/** An earlier call about the client that has had no answer. */
const unanswered = (kind: CallKind, attempt = 'a0', registrationSecret = NAME) =>
  leaveCall({ attempt, kind, registrationSecret });

describe('A client whose object is deleted', () => {
  test('is removed at the server; then its object may go, and then its record', async () => {
    const taken = await deregister({ outcomes: [answered(204)] });
    expect(taken.result).toEqual(DONE);
    expect(taken.http.sent).toMatchObject([
      {
        method: 'DELETE',
        url: 'https://sso.example.com/register/c1',
        headers: { authorization: 'Bearer token-1' },
        timeoutMs: 30_000,
      },
    ]);
    expect(taken.ledger.begun).toMatchObject([
      { attempt: ATTEMPT, kind: 'Deregister', registrationSecret: NAME },
    ]);
    expect(taken.wrote).toEqual([`patch ${OBJECT}`, `delete ${RECORD}`]);
    expect(taken.told).toEqual(['Normal Deregistered Deregister']);
    expect(taken.events[0]?.message).toBe(
      'Client c1 was removed at https://sso.example.com. Tokens already issued to it live until they expire.',
    );
    expect(taken.ledger.ends).toContain(`settle ${ATTEMPT}`);
    expect(setbacksOf(taken)).toEqual([]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Gone' });
  });

  test('says what it was for', async () => {
    const purpose = { purpose: 'invoices', session: 'run-42' };
    const { events } = await deregister({
      objects: [...surroundings(), deleted, registrationSecret(recorded({ purpose }))],
      outcomes: [answered(204)],
    });
    expect(events[0]?.message).toMatch(/^Client c1 \(purpose invoices, session run-42\) was removed at /);
  });

  test('holds its object while the object has another client', async () => {
    const other = registrationSecret(
      recorded({ attempt: 'a2', registrationSecret: 'oac-uid-1-a2', clientId: 'c2' }),
    );
    const { wrote, next } = await deregister({ objects: [...objects, other], outcomes: [answered(204)] });
    expect(wrote).toHaveLength(1);
    expect(wrote[0]).toMatch(/^delete Secret /);
    expect(next()).toMatchObject({ type: 'Deregister' });
  });

  test.each([
    ['its object does not let go', { 'patch OAuthClient': refusals.forbidden }, [`patch ${OBJECT}`]],
    [
      'its record is not removed',
      { 'delete Secret': refusals.broken },
      [`patch ${OBJECT}`, `delete ${RECORD}`],
    ],
  ])('is remembered to be gone at the server where %s', async (_, refuses, wrote) => {
    const taken = await deregister({ outcomes: [answered(204)], refuses });
    expect(taken.result.kind).toBe('later');
    expect(taken.wrote).toEqual(wrote);
    expect(taken.ledger.ends).toEqual([`interrupt ${ATTEMPT}`]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Deregister', ambiguous: true, retryAt: NOW }]);
  });
});

describe('What is left of a client that is gone at the server', () => {
  test('is removed without another DELETE', async () => {
    const taken = await deregister({
      outcomes: [answered(204)],
      refuses: { 'patch OAuthClient': [refusals.forbidden] },
    });
    const { context, round } = taken;
    const next = taken.next();
    expect(next).toMatchObject({ type: 'Deregister' });
    await execute(next as Step, { o: taken.observe(), round, context });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['DELETE']);
    expect(taken.writes.map(({ what }) => what)).toEqual([
      `patch ${OBJECT}`,
      `patch ${OBJECT}`,
      `delete ${RECORD}`,
    ]);
    expect(taken.events).toHaveLength(1);
    expect(setbacksOf(taken)).toEqual([]);
  });

  test.each([
    ['the garbage collector will take its owner off', { finalizers: [FINALIZER, 'orphan'] }, {}],
    ['the garbage collector has taken its owner off', {}, { ownerReferences: [] }],
  ])(
    'leaves a Secret that says that it shows no client, by --cascade=orphan: %s',
    async (_, object, secret) => {
      const taken = await deregister({
        objects: [
          ...surroundings(),
          clientObject({ deletionTimestamp: '2026-05-01T11:59:00Z', ...object }),
          registrationSecret(),
          workloadSecret(secret),
        ],
        outcomes: [answered(204)],
      });
      expect(taken.writes[0]).toMatchObject({
        what: 'patch Secret shop/storefront-oauth',
        body: { metadata: { annotations: { 'oauth-registrar.dev/shows': '' } } },
      });
    },
  );
});

describe('A client that its server does not know any more', () => {
  const unknown = answered(401, { error: 'invalid_client', error_description: 'No such client' });

  test('needs no removal, where a read says so, too', async () => {
    const taken = await deregister({ outcomes: [unknown, unknown] });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['DELETE', 'GET']);
    expect(taken.told).toEqual(['Normal Deregistered Deregister']);
    expect(taken.events[0]?.message).toBe(
      "The server says that it doesn't know client c1 any more, so nothing had to be removed at https://sso.example.com.",
    );
    expect(taken.wrote).toEqual([`patch ${OBJECT}`, `delete ${RECORD}`]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Gone' });
  });

  test.each([
    ['a read is answered otherwise', [unknown, answered(401, { error: 'invalid_token' })]],
    ['the DELETE is refused in other words', [answered(401, { error: 'invalid_token' })]],
  ])('may be there still, where %s', async (_, outcomes) => {
    const taken = await deregister({ outcomes });
    expect([taken.told, taken.wrote]).toEqual([[], []]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Deregister', reason: 'DeletionUnconfirmed' }]);
  });
});

describe('A client of an object that is gone', () => {
  const gone = [...surroundings(), registrationSecret()];
  const before = ({ memory, round }: OperatorInMemory) => {
    memory.absence(round.key, NOW - 61_000);
    memory.absenceProven(round.key);
  };

  test('is removed with its record', async () => {
    const { wrote, told } = await deregister({ objects: gone, before, outcomes: [answered(204)] });
    expect([wrote, told]).toEqual([[`delete ${RECORD}`], ['Normal Deregistered Deregister']]);
  });

  test('is removed by its record alone, where the server object is gone, too', async () => {
    const [namespace, operators] = surroundings();
    const { http, result } = await deregister({
      objects: [
        namespace,
        operators,
        registrationSecret(recorded(), { ...stored, ca: 'PEM' }),
      ] as typeof gone,
      before,
      outcomes: [answered(204)],
    });
    expect(result).toEqual(DONE);
    expect(http.sent).toMatchObject([
      {
        method: 'DELETE',
        url: 'https://sso.example.com/register/c1',
        timeoutMs: 30_000,
        transport: { ca: 'PEM' },
      },
    ]);
  });
});

describe('A client of an AuthorizationServer that is gone, or whose Secrets are', () => {
  const [namespace, operators] = surroundings() as readonly [Stored, Stored];
  const own = recorded({ server: OWN_REF, managed: false });
  const untokened = {
    ...stored,
    information: omit(stored.information, 'registrationAccessToken'),
  };
  const left = (content = stored) => [namespace, operators, deleted, registrationSecret(own, content)];
  const KEPT = `Secret ${OPERATOR_NAMESPACE}/as-server-1`;
  const unready = { ...serverObject('sso', { namespace: 'shop', metadata: { uid: 'server-1' } }) };

  test.each([
    ['with its server object', []],
    ['while its server object is not ready', [unready]],
  ])('is removed %s, with the certificate and the admin token that were kept', async (_, present) => {
    const { http, reads, result } = await deregister({
      objects: [...left(untokened), ...present, serverRecord()],
      outcomes: [answered(204)],
    });
    expect([result, reads]).toEqual([DONE, [RECORD, KEPT]]);
    expect(http.sent).toMatchObject([
      {
        method: 'DELETE',
        url: 'https://sso.example.com/register/c1',
        headers: { authorization: 'Bearer admin-1' },
        transport: { certificate: { cert: 'CERT', key: new Sensitive('KEY') } },
      },
    ]);
  });

  test('is removed by its own token, over the connection that was kept', async () => {
    const registered = registrationSecret(recorded({ server: OWN_REF }));
    const { http } = await deregister({
      objects: [namespace, operators, deleted, registered, serverRecord()],
      outcomes: [answered(204)],
    });
    expect(http.sent).toMatchObject([
      { headers: { authorization: 'Bearer token-1' }, transport: { certificate: { cert: 'CERT' } } },
    ]);
  });

  test('is not removed with what was kept of another server object', async () => {
    const taken = await deregister({ objects: [...left(untokened), serverRecord('server-0')] });
    expect([taken.http.sent, taken.reads]).toEqual([[], [RECORD]]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Terminal', reason: 'DeletionUnsupported' }]);
  });

  test('waits while what was kept cannot be read', async () => {
    const { result, http } = await deregister({
      objects: [...left(untokened), serverRecord()],
      before: ({ round }) => void round.contents.set(NAME, untokened),
      refuses: { 'get Secret': refusals.broken },
    });
    expect(result).toMatchObject({
      kind: 'later',
      why: 'What is kept of the server object could not be read: etcd is down',
    });
    expect(http.sent).toEqual([]);
  });

  test('is removed by its record alone where what was kept is damaged', async () => {
    const damaged = { ...serverRecord(), data: { 'server.json': 'eA==' } };
    const registered = registrationSecret(recorded({ server: OWN_REF }));
    const { http } = await deregister({
      objects: [namespace, operators, deleted, registered, damaged],
      outcomes: [answered(204)],
    });
    expect(http.sent).toMatchObject([{ headers: { authorization: 'Bearer token-1' }, transport: undefined }]);
  });
});

describe('A DELETE that is answered otherwise', () => {
  test.each<readonly [string, HttpOutcome, object, string]>([
    [
      'a refused token is told to be unconfirmed',
      answered(401, { error: 'invalid_token' }),
      { kind: 'Transient', reason: 'DeletionUnconfirmed' },
      'settle',
    ],
    [
      'a server in trouble is asked again',
      answered(503),
      { kind: 'Transient', reason: 'AuthorizationServerUnavailable' },
      'settle',
    ],
    ['none at all may have removed it', NO_ANSWER, { kind: 'Transient', ambiguous: true }, 'interrupt'],
    [
      'none, since nothing was sent',
      { kind: 'notSent', reason: 'ConnectFailed', detail: 'refused' },
      { kind: 'Transient', ambiguous: false },
      'settle',
    ],
  ])('%s', async (_, outcome, expected, end) => {
    const taken = await deregister({ outcomes: [outcome] });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [], []]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Deregister', basis: NAME, ...expected }]);
    expect(taken.ledger.ends).toEqual([`${end} ${ATTEMPT}`]);
    expect(taken.next()).toMatchObject({ type: 'Idle' });
  });

  test.each([404, 405, 501])('%i is told apart by a read: the client lives', async (status) => {
    const taken = await deregister({ outcomes: [answered(status), answered(200, { client_id: 'c1' })] });
    expect(taken.http.sent.map(({ method }) => method)).toEqual(['DELETE', 'GET']);
    expect(taken.http.sent[1]).toMatchObject({ headers: { authorization: 'Bearer token-1' } });
    expect(setbacksOf(taken)).toMatchObject([
      {
        kind: 'Terminal',
        reason: 'DeletionUnsupported',
        message: expect.stringContaining('and the client still exists'),
      },
    ]);
    expect(taken.wrote).toEqual([]);
    expect(taken.servers.health(SERVER).unsupported).toMatchObject([
      { kind: 'Deregister', client: 'shop/storefront' },
    ]);
    // The operator in memory knows one namespace there: a second client shows it for all.
    taken.servers.metUnsupported(SERVER, 'Deregister', {
      namespace: 'shop',
      client: clientKey({ namespace: 'shop', name: 'basket' }),
    });
    expect(taken.observe().servers[0]?.view).toMatchObject({
      connection: { dialect: { deleteEffect: { supported: false }, updateEffect: { supported: true } } },
    });
  });

  test.each([404, 405, 501])(
    '%i in HTML, as frameworks answer unknown routes, is told apart by a read, too',
    async (status) => {
      const html = answered(status, 'Cannot DELETE /register/c1', { 'content-type': 'text/html' });
      const alive = await deregister({ outcomes: [html, answered(200, { client_id: 'c1' })] });
      expect(setbacksOf(alive)).toMatchObject([{ kind: 'Terminal', reason: 'DeletionUnsupported' }]);
      const unclear = await deregister({ outcomes: [html, answered(503)] });
      const reason = status === 501 ? 'AuthorizationServerUnavailable' : 'ResponseNotJSON';
      expect(setbacksOf(unclear)).toMatchObject([{ kind: 'Transient', reason }]);
    },
  );

  test('is learned of no server from an adopted client', async () => {
    const adopted = [...surroundings(), deleted, registrationSecret(recorded({ adopted: true }))];
    const outcomes = [answered(405), answered(200, { client_id: 'c1' })];
    const taken = await deregister({ objects: adopted, outcomes });
    expect(setbacksOf(taken)).toMatchObject([{ reason: 'DeletionUnsupported' }]);
    expect(taken.servers.health(SERVER).unsupported).toEqual([]);
  });

  test.each([
    ['401', answered(401)],
    ['an answer that names no client', answered(200, {})],
    ['no answer', NO_ANSWER],
  ])('404 is unconfirmed where a read brings %s', async (_, read) => {
    const taken = await deregister({ outcomes: [answered(404), read] });
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', reason: 'DeletionUnconfirmed' }]);
    expect(taken.wrote).toEqual([]);
  });

  test.each<readonly [string, HttpOutcome, number]>([
    ['was answered status 400', answered(400), 600_000],
    ['was answered status 401', answered(401), 600_000],
    ['was answered status 503', answered(503), 0],
    ['got no answer', NO_ANSWER, 0],
  ])('405 says so where a read %s, and is not repeated soon after an answer', async (how, read, pauseMs) => {
    const taken = await deregister({ outcomes: [answered(405), read] });
    const [setback] = setbacksOf(taken);
    expect(setback).toMatchObject({ kind: 'Transient', reason: 'DeletionUnconfirmed' });
    expect(setback?.message).toMatch(/^The server answered status 405/);
    expect(setback?.message).toContain(`, and a read ${how}, so it is not known whether the client exists. `);
    const waitsMs = (setback?.retryAt ?? 0) - NOW;
    expect([waitsMs >= pauseMs, waitsMs < 600_000]).toEqual([true, pauseMs === 0]);
  });

  test('404 is unconfirmed where a read could rotate the token: it is not made', async () => {
    const dialect = { ...connection.dialect, readEffect: { token: 'Rotates', secret: 'Keeps' } } as const;
    const taken = await deregister({
      server: { connection: { ...connection, dialect: dialect as never } },
      outcomes: [answered(404)],
    });
    expect(taken.http.sent).toHaveLength(1);
    expect(taken.wrote).toEqual([]);
  });
});

describe('A DELETE after one without an answer', () => {
  test.each([401, 404])(
    'is made under the same attempt; %i proves that the first one had its effect',
    async (status) => {
      const taken = await deregister({ before: unanswered('Deregister'), outcomes: [answered(status)] });
      expect(taken.ledger.begun).toMatchObject([{ attempt: 'a0' }]);
      expect(taken.http.sent).toHaveLength(1);
      expect(taken.wrote).toEqual([`patch ${OBJECT}`, `delete ${RECORD}`]);
      expect(taken.told).toEqual(['Normal Deregistered Deregister']);
      expect(taken.ledger.ends).toContain('settle a0');
    },
  );

  test.each([401, 404])('%i in HTML proves nothing: a proxy may have answered', async (status) => {
    const html = answered(status, '<html>', { 'content-type': 'text/html' });
    const taken = await deregister({ before: unanswered('Deregister'), outcomes: [html] });
    expect([taken.wrote, taken.told]).toEqual([[], []]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', reason: 'ResponseNotJSON' }]);
  });

  test('of another client of this object is none', async () => {
    const other = recorded({ attempt: 'a2', registrationSecret: 'oac-uid-1-a2', clientId: 'c2' });
    const taken = await deregister({
      objects: [...objects, registrationSecret(other)],
      before: unanswered('Deregister', 'a7', 'oac-uid-1-a2'),
      outcomes: [answered(401)],
    });
    expect(taken.ledger.begun).toMatchObject([{ attempt: ATTEMPT, registrationSecret: NAME }]);
    expect(taken.wrote).toEqual([]);
  });

  test('is remembered also by a setback, where the ledger is gone', async () => {
    const taken = await deregister({
      before: ({ memory, round }) =>
        memory.setBack(round.key, setback({ basis: NAME, ambiguous: true, retryAt: NOW })),
      outcomes: [answered(401)],
    });
    expect(taken.told).toEqual(['Normal Deregistered Deregister']);
  });

  test('stays without an end while the server has no answer to another', async () => {
    const { ledger, wrote } = await deregister({
      before: unanswered('Deregister'),
      outcomes: [answered(503)],
    });
    expect([ledger.ends, wrote]).toEqual([['interrupt a0'], []]);
  });

  test.each(['Read', 'Update'] as const)(
    'proves nothing if the token was refused to an earlier call: %s',
    async (action) => {
      const taken = await deregister({
        before: (operator) => {
          unanswered('Deregister')(operator);
          operator.memory.setBack(
            operator.round.key,
            setback({ action, basis: 'any', reason: 'RegistrationAccessTokenLost' }),
          );
        },
        outcomes: [answered(401)],
      });
      expect(taken.wrote).toEqual([]);
      expect(taken.told).toEqual([]);
    },
  );

  test('proves nothing where the token may have been lost to an update', async () => {
    const taken = await deregister({
      before: (operator) => {
        unanswered('Deregister')(operator);
        unanswered('Update', 'a9')(operator);
      },
      outcomes: [answered(401)],
    });
    expect(taken.wrote).toEqual([]);
    expect(setbacksOf(taken)).toMatchObject([{ reason: 'DeletionUnconfirmed' }]);
  });
});

describe('A client that cannot be removed', () => {
  test.each([
    [
      'the server gave no token',
      registrationSecret(recorded({ managed: false }), {
        ...stored,
        information: omit(stored.information, 'registrationAccessToken'),
      }),
      {},
      /^The server gave no registration access token/,
    ],
    [
      'the server deletes no clients',
      registrationSecret(),
      { deleteEffect: { supported: false } },
      /^The server deletes no clients/,
    ],
  ])('is reported as left behind, and nothing is sent: %s', async (_, secret, more, said) => {
    const taken = await deregister({
      objects: [...surroundings(), deleted, secret],
      server: { connection: { ...connection, dialect: { ...connection.dialect, ...(more as object) } } },
    });
    expect([taken.http.sent, taken.ledger.begun, taken.wrote]).toEqual([[], [], []]);
    expect(setbacksOf(taken)).toMatchObject([
      { kind: 'Terminal', reason: 'DeletionUnsupported', message: expect.stringMatching(said) },
    ]);
    expect(taken.next()).toMatchObject({ type: 'Release' });
  });

  const unmanaged = registrationSecret(recorded({ managed: false }), {
    ...stored,
    information: omit(stored.information, 'registrationAccessToken'),
  });

  test('now, since its server object is not ready, may be removed later by what manages every client', async () => {
    const taken = await deregister({
      objects: [...surroundings(), deleted, unmanaged],
      server: { connection: undefined, problem: { reason: 'DiscoveryFailed', message: 'nothing there' } },
    });
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', reason: 'DeletionUnconfirmed' }]);
  });

  test('by anybody, since its server object is gone, stays behind', async () => {
    const [namespace, operators] = surroundings();
    const taken = await deregister({ objects: [namespace, operators, deleted, unmanaged] as typeof objects });
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Terminal', reason: 'DeletionUnsupported' }]);
  });

  test('because its record is damaged is reported', async () => {
    const { data: _, ...damaged } = registrationSecret();
    const taken = await deregister({ objects: [...surroundings(), deleted, damaged] });
    expect(taken.http.sent).toEqual([]);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Deregister', reason: 'RegistrationRecordMissing' }]);
  });
});

describe('A server object that was created again', () => {
  const again = recorded({ serverUid: 'server-0' });
  const at = (more: object) => ({ ...connection, timeoutMs: 5_000, ...more }) as typeof connection;
  const management = { ...connection.management, isExplicit: true };

  test('decides how the client is removed, where it leads to the same address', async () => {
    const { http } = await deregister({
      objects: [...surroundings(), deleted, registrationSecret(again)],
      server: { connection: at({}) },
      outcomes: [answered(204)],
    });
    expect(http.sent).toMatchObject([{ url: 'https://sso.example.com/register/c1', timeoutMs: 5_000 }]);
  });

  test('decides nothing, where it leads to another: the record is enough', async () => {
    const configurationUrl = 'https://sso.example.com/steal/{client_id}';
    const { http } = await deregister({
      objects: [...surroundings(), deleted, registrationSecret(again)],
      server: { connection: at({ management: { ...management, configurationUrl } }) },
      outcomes: [answered(204)],
    });
    expect(http.sent).toMatchObject([{ url: 'https://sso.example.com/register/c1', timeoutMs: 30_000 }]);
  });
});

describe('With a token that manages every client', () => {
  const management = { ...connection.management, mode: 'Credential', credential: clientCredentials } as const;
  const remove = (...outcomes: readonly HttpOutcome[]) =>
    deregister({
      server: { connection: { ...connection, management } },
      before: ({ context }) => context.tokens.keep(SERVER, 'v1', GRANT, new Sensitive('t0')),
      outcomes,
    });

  test.each([
    [401, undefined],
    [503, 't0'],
  ])('%i: the token is kept as %s', async (status, kept) => {
    const { http, context, wrote } = await remove(answered(status));
    expect(http.sent[0]?.headers['authorization']).toBe('Bearer t0');
    expect(context.tokens.get(SERVER, 'v1', GRANT)?.reveal()).toBe(kept);
    expect(wrote).toEqual([]);
  });

  test('it is requested if there is none, and a refusal is reported', async () => {
    const taken = await deregister({
      server: { connection: { ...connection, management } },
      outcomes: [answered(400, { error: 'invalid_client' })],
    });
    expect(taken.http.sent.map(({ url }) => url)).toEqual(['https://sso.example.com/token']);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', reason: 'DeletionUnconfirmed' }]);
    expect(taken.ledger.begun).toEqual([]);
  });
});

describe('A client that manages itself', () => {
  const management = { ...connection.management, mode: 'ClientCredential' } as const;
  const key = {
    kid: 'k1',
    privateJwk: new Sensitive('{"kid":"k1"}'),
    privatePem: new Sensitive('pem'),
    publicJwk: { kty: 'EC', alg: 'ES256', kid: 'k1' },
    createdAt: '2026-05-01T10:00:00Z',
  };
  const sent = { grant_types: ['client_credentials'], token_endpoint_auth_method: 'private_key_jwt' };
  const content = { ...stored, information: { clientId: 'c1', metadata: {} }, sent, keys: [key] };
  const own = registrationSecret(recorded({ managed: false }), content);
  const refused = (code: string, before: NonNullable<TakeOptions<'Deregister'>['before']>) =>
    deregister({
      objects: [...surroundings(), deleted, own],
      server: { connection: { ...connection, management } },
      outcomes: [answered(401, { error: code })],
      before,
    });

  test('is gone where an earlier DELETE got no answer and the token endpoint no longer knows it', async () => {
    const taken = await refused('invalid_client', unanswered('Deregister'));
    expect(taken.http.sent.map(({ url }) => url)).toEqual(['https://sso.example.com/token']);
    expect(taken.wrote).toEqual([`patch ${OBJECT}`, `delete ${RECORD}`]);
    expect(taken.ledger.ends).toContain('settle a0');
  });

  test.each([
    ['no DELETE was sent', 'invalid_client', () => undefined],
    ['the token endpoint refuses something else', 'invalid_scope', unanswered('Deregister')],
  ] as const)('is not taken for gone where %s', async (_, code, before) => {
    const taken = await refused(code, before);
    expect(taken.wrote).toEqual([]);
    expect(taken.ledger.ends).not.toContain('settle a0');
    expect(setbacksOf(taken)).toMatchObject([{ reason: 'DeletionUnconfirmed' }]);
  });
});

describe('A call that is not made', () => {
  test.each<readonly [string, (operator: OperatorInMemory) => void, object]>([
    [
      'since its entry cannot be stored',
      (operator) => {
        operator.ledger.isOpen = false;
      },
      { reason: 'Queued' },
    ],
    [
      'since a person suspended the server',
      ({ servers }) => {
        const state = servers.state(SERVER);
        if (state !== undefined) {
          servers.set(SERVER, { ...state, suspended: true });
        }
      },
      { reason: 'Suspended' },
    ],
  ])('%s is tried again soon, and is no failure', async (_, meanwhile, expected) => {
    const taken = await deregister({ outcomes: [answered(204)], meanwhile });
    expect([taken.result, taken.http.sent, taken.wrote]).toEqual([DONE, [], []]);
    expect(setbacksOf(taken)).toMatchObject([
      {
        action: 'Deregister',
        kind: 'Transient',
        attempts: 0,
        retryAt: NOW + 5_000,
        ambiguous: false,
        ...expected,
      },
    ]);
  });

  test('keeps the earlier reason in status', async () => {
    const before = setback({ basis: NAME, reason: 'DeletionUnconfirmed', attempts: 3, retryAt: NOW });
    const taken = await deregister({
      before: ({ memory, round }) => memory.setBack(round.key, before),
      meanwhile: (operator) => {
        operator.ledger.isOpen = false;
      },
    });
    expect(setbacksOf(taken)).toEqual([{ ...before, uncountedMs: 5_000, retryAt: NOW + 5_000 }]);
  });

  test('has not been tried: the time for which the server asked for a pause does not count for deletion.retryFor', async () => {
    const taken = await deregister({
      meanwhile: ({ servers }) => {
        const limits = limited(NO_LIMITS, 'management', 3_600_000, NOW);
        servers.setHealth(SERVER, { ...HEALTHY, rateLimits: limits });
      },
    });
    const [held] = setbacksOf(taken);
    expect(held).toMatchObject({
      reason: 'AuthorizationServerPaused',
      message:
        'The server asked for a pause of updates and deletions until 2026-05-01T13:00:00Z; registrations go on.',
      since: NOW,
      uncountedMs: 5_000,
    });
  });

  test('is not given up for what it waited, where it was tried before', async () => {
    const tried = setback({
      basis: NAME,
      attempts: 2,
      kind: 'Transient',
      since: NOW - 30_000,
      retryAt: NOW - 1_000,
    });
    const taken = await deregister({
      before: ({ memory, round }) => memory.setBack(round.key, tried),
      meanwhile: (operator) => {
        operator.ledger.isOpen = false;
      },
    });
    expect(setbacksOf(taken)[0]).toMatchObject({ since: NOW - 30_000, uncountedMs: 1_000 + 5_000 });
  });
});

describe('A client that the operator gives up', () => {
  const owing = (more: object = {}) =>
    setback({
      basis: NAME,
      kind: 'Terminal',
      reason: 'DeletionUnsupported',
      message: 'It deletes no clients.',
      retryAt: Number.POSITIVE_INFINITY,
      ...more,
    });
  const release = (options: Partial<TakeOptions<'Release'>> = {}) =>
    take('Release', {
      objects,
      before: ({ memory, round }) => memory.setBack(round.key, owing()),
      ...options,
    });

  test('is left behind: its record says so and keeps its identifiers, an Event reports it, and its object is released', async () => {
    const taken = await release({
      before: (operator) => operator.memory.setBack(operator.round.key, owing()),
      meanwhile: unanswered('Deregister'),
    });
    expect(taken.result).toEqual(DONE);
    expect(taken.writes.map(({ what }) => what)).toEqual([`patch ${RECORD}`, `patch ${OBJECT}`]);
    expect(taken.writes[0]?.body).toMatchObject({
      metadata: {
        labels: { 'oauth-registrar.dev/role': 'left-behind' },
        annotations: {
          'oauth-registrar.dev/left-at': '2026-05-01T12:00:00Z',
          'oauth-registrar.dev/display-name': 'Storefront',
        },
      },
    });
    expect(taken.told).toEqual(['Warning DeletionUnsupported Deregister']);
    expect(taken.events[0]?.message).toBe(
      `Client c1 at https://sso.example.com was not removed: It deletes no clients. Its deregistration stays behind; its record is in Secret ${OPERATOR_NAMESPACE}/${NAME}.`,
    );
    expect(taken.lines.join()).toContain('LeftBehind');
    expect(taken.ledger.ends).toEqual(['settle a0']);
    const kept = taken.cluster.find('Secret', `${OPERATOR_NAMESPACE}/${NAME}`);
    const texts = Object.values(kept?.data ?? {}).map((value) => Buffer.from(value, 'base64').toString());
    expect(texts.join()).toContain('token-1');
    expect(texts.join()).not.toContain('Storefront');
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Gone' });
  });

  test('lets its object go after the client in its overlap, which is tried at once', async () => {
    const former = recorded({ registrationSecret: 'oac-uid-1-a0', attempt: 'a0', clientId: 'c0' });
    const current = recorded({ replaces: former.registrationSecret });
    const taken = await release({
      objects: [...surroundings(), deleted, registrationSecret(former), registrationSecret(current)],
    });
    expect([taken.result, taken.wrote]).toEqual([DONE, [`patch ${RECORD}`]]);
    expect(taken.told).toEqual(['Warning DeletionUnsupported Deregister']);
    expect(taken.next()).toMatchObject({ type: 'Deregister', home: { record: { clientId: 'c0' } } });
    taken.memory.setBack(taken.round.key, owing({ basis: former.registrationSecret }));
    expect(taken.next()).toMatchObject({ type: 'Release', role: 'left-behind', record: { clientId: 'c0' } });
  });

  test('for now is still owed: its record says so, and its calls stay', async () => {
    const unconfirmed = setback({
      ...{ basis: NAME, reason: 'DeletionUnconfirmed', since: NOW - 90_000, retryAt: NOW + 1 },
    });
    const taken = await release({
      before: ({ memory, round }) => memory.setBack(round.key, unconfirmed),
      meanwhile: unanswered('Deregister'),
    });
    expect(taken.writes[0]?.body).toEqual({
      metadata: {
        labels: { 'oauth-registrar.dev/role': 'owed' },
        annotations: { 'oauth-registrar.dev/display-name': 'Storefront' },
      },
    });
    expect(taken.events[0]?.message).toMatch(/ Its deregistration is tried on from Secret /);
    expect(taken.lines.join()).toContain('Released');
    expect(taken.ledger.ends).toEqual([]);
  });

  test.each([refusals.forbidden, refusals.unanswered, refusals.broken])(
    'holds its object, without a word, until its record says so: $status',
    async (refused) => {
      const { result, told, wrote } = await release({ refuses: { 'patch Secret': refused } });
      expect(result).toMatchObject({
        kind: 'later',
        why: `Registration Secret ${NAME} is not changed: ${refused.message}`,
      });
      expect([told, wrote]).toEqual([[], [`patch ${RECORD}`]]);
    },
  );

  test('whose record is gone is reported too', async () => {
    const { result, told, wrote } = await release({ refuses: { 'patch Secret': refusals.notFound } });
    expect(result).toEqual(DONE);
    expect([told.length, wrote]).toEqual([1, [`patch ${RECORD}`, `patch ${OBJECT}`]]);
  });
});
