import { describe, expect, test, vi } from 'vitest';
import { keepMeans } from '../../../../../src/controller/calls/server-means.ts';
import { PLACES } from '../../../../../src/controller/state/refused-writes.ts';
import type { ServerState } from '../../../../../src/controller/state/server-registry.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import { answered, UNCOUNTED } from '../../../../kit/fakes/fake-ports.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import {
  ATTEMPT,
  DONE,
  registersAnother,
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
  serverObject,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { connection, NOW, setback } from '../../../../kit/fixtures/observations.ts';
import { managedWith, OWN_REF, OWN_SERVER } from '../../../../kit/fixtures/server-records.ts';
import { planned } from '../../../../kit/fixtures/steps.ts';

/** By the random numbers of the operator in memory. */
const SECRET = `oac-uid-1-${ATTEMPT}`;
const RECORD = `create Secret ${OPERATOR_NAMESPACE}/${SECRET}`;

const information = {
  client_id: 'c1',
  client_secret: 'secret-1',
  registration_access_token: 'token-1',
  registration_client_uri: 'https://sso.example.com/register/c1',
  client_name: 'Storefront',
};
const registered = answered(201, information);
const noAnswer = (received?: string) =>
  ({
    kind: 'noAnswer',
    reason: 'ConnectionLost',
    detail: 'the connection was lost',
    ...(received === undefined ? {} : { received: new Sensitive(received), status: 201 }),
  }) as const;
const unregistered = (metadata: object = {}, spec: object = {}) => [
  ...surroundings(),
  clientObject(metadata, spec, {}),
];
const register = (options: TakeOptions<'Register'>) =>
  take('Register', { objects: unregistered(), ...options });

describe('A registration at an AuthorizationServer with a certificate and an admin token', () => {
  const ref = { authorizationServerRef: OWN_REF };
  const objects = [
    ...surroundings(),
    serverObject('sso', { namespace: 'shop', metadata: { uid: 'server-1' } }),
    clientObject({}, ref, {}),
  ];
  const known = { problem: undefined, suspended: false } as ServerState;
  const before = ({ servers }: OperatorInMemory) =>
    servers.set(OWN_SERVER, { ...known, connection: managedWith('admin-1') });
  const KEPT = `create Secret ${OPERATOR_NAMESPACE}/as-server-1`;

  test('is sent once what manages its client is kept, in one Secret for all clients', async () => {
    const { http, wrote } = await register({ objects, before, outcomes: [registered] });
    expect(wrote).toEqual([KEPT, RECORD]);
    expect(http.sent).toMatchObject([{ method: 'POST', transport: { version: 'v7' } }]);
    const second = await register({
      objects,
      before: async (operator) => {
        before(operator);
        await keepMeans(OWN_SERVER, managedWith('admin-1'), operator.context as never);
      },
      outcomes: [registered],
    });
    expect(second.wrote).toEqual([KEPT, RECORD]);
  });

  test('is not sent while that cannot be kept, and says why', async () => {
    const taken = await register({ objects, before, refuses: { 'create Secret': refusals.forbidden } });
    expect([taken.http.sent, taken.wrote]).toEqual([[], [KEPT]]);
    expect(taken.told).toEqual(['Warning RecordWriteRefused Register']);
    expect(setbacksOf(taken)).toMatchObject([
      {
        kind: 'Transient',
        reason: 'RecordWriteRefused',
        message:
          "What manages the clients of AuthorizationServer sso can't be kept in the operator's namespace: exceeded quota. The platform team follows the words of the API server in the message; nothing is registered until a write succeeds.",
      },
    ]);
  });
});

describe('A registration', () => {
  test('is sent once its entry is stored, and recorded before anything else is done', async () => {
    const taken = await register({ outcomes: [registered] });
    const { result, wrote, told, http, ledger, observe, next } = taken;
    expect([result, wrote, told]).toEqual([DONE, [RECORD], []]);
    expect(http.sent).toEqual([
      {
        method: 'POST',
        url: 'https://sso.example.com/register',
        headers: expect.objectContaining({ 'content-type': 'application/json' }),
        body: '{"client_name":"Storefront"}',
        timeoutMs: 30_000,
        transport: undefined,
      },
    ]);
    expect(ledger.begun).toMatchObject([
      {
        attempt: ATTEMPT,
        kind: 'Register',
        registrationSecret: SECRET,
        server: SERVER,
        client: { uid: 'uid-1' },
      },
    ]);
    expect(ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(observe().records).toMatchObject([{ registrationSecret: SECRET, clientId: 'c1', managed: true }]);
    expect(next()).toMatchObject({ type: 'Publish' });
  });

  test('shows how the server manages its clients, and ends what went wrong before', async () => {
    const taken = await register({
      outcomes: [registered],
      server: { management: 'Unknown', admissionAccepted: false },
      before: ({ memory, round }) =>
        memory.setBack(round.key, setback({ action: 'Register', retryAt: NOW, basis: 'before' })),
    });
    expect(taken.servers.state(SERVER)).toMatchObject({
      management: 'RegistrationAccessToken',
      admissionAccepted: true,
      registered: { uid: 'server-1', issuer: 'https://sso.example.com' },
    });
    expect(setbacksOf(taken)).toEqual([]);
  });

  test('names the client in use to the list of suspected orphans', async () => {
    expect((await register({ outcomes: [registered] })).inUse).toEqual(['uid-1 c1']);
  });

  test('leaves one line in the log, without a secret', async () => {
    const { lines } = await register({ outcomes: [registered] });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"clientId":"c1"');
    expect(lines[0]).not.toMatch(/secret-1|token-1/);
  });

  test('carries its attempt, where the server keeps such a member', async () => {
    const { http } = await register({
      outcomes: [registered],
      server: { connection: { ...connection, attemptMarker: 'software_id' } },
    });
    expect(JSON.parse(http.sent[0]?.body ?? '')).toEqual({ client_name: 'Storefront', software_id: ATTEMPT });
  });

  test('carries the key that the operator made, which is stored with it', async () => {
    const credential = { generatedKey: { algorithm: 'ES256' } };
    const { http, cluster } = await register({
      objects: unregistered({}, { credential }),
      outcomes: [registered],
    });
    expect(JSON.parse(http.sent[0]?.body ?? '')).toMatchObject({
      jwks: { keys: [{ kty: 'EC', kid: 'generated-1' }] },
    });
    const secret = cluster.find('Secret', `${OPERATOR_NAMESPACE}/${SECRET}`);
    const stored = Object.values(secret?.data ?? {}).map((value) => Buffer.from(value, 'base64').toString());
    expect(stored.join()).toContain('generated-1');
  });

  test('in place of another client is reported, with the end of that one', async () => {
    const annotations = { 'oauth-registrar.dev/rotate-requested-at': '7' };
    const { told, events, observe } = await register({
      objects: [...surroundings(), clientObject({ annotations }), registrationSecret(), workloadSecret()],
      outcomes: [answered(201, { ...information, client_id: 'c2' })],
    });
    expect(told).toEqual(['Normal Registered Replace']);
    expect(events[0]?.message).toBe(
      'Client c2 takes the place of client c1, which is kept until 2026-05-02T12:00:00Z.',
    );
    expect(observe().records).toMatchObject([
      { clientId: 'c1' },
      { clientId: 'c2', replaces: recorded().registrationSecret },
    ]);
  });
});

describe('A registration that the server answers with the client that was to be replaced', () => {
  const annotations = { 'oauth-registrar.dev/rotate-requested-at': '7' };
  const objects = [...surroundings(), clientObject({ annotations }), registrationSecret(), workloadSecret()];
  const again = (answer: object) => register({ objects, outcomes: [answered(201, answer)] });

  test('ends no client, and says so', async () => {
    const taken = await again(information);
    expect(taken.told).toEqual(['Warning ClientNotReplaced Replace']);
    expect(taken.events[0]?.message).toBe(
      'The server answered with client c1, which this object has already: no other client was registered, and none ends. The client stays in use. For another client, change what the server compares, such as spec.client.clientName; or have this one removed at the server first.',
    );
    expect(taken.next()).toMatchObject({ type: 'Publish', record: { attempt: ATTEMPT } });
  });

  test('keeps secret, token and address that the answer leaves out', async () => {
    const { round, reads } = await again({ client_id: 'c1' });
    const { information: kept } = round.contents.get(SECRET) ?? {};
    expect([
      kept?.clientSecret?.reveal(),
      kept?.registrationAccessToken?.reveal(),
      kept?.registrationClientUri,
    ]).toEqual(['secret-1', 'token-1', 'https://sso.example.com/register/c1']);
    expect(reads).toEqual([`Secret ${OPERATOR_NAMESPACE}/oac-uid-1-a1`]);
  });

  test('takes what the answer brings, and then reads nothing', async () => {
    const { round, reads } = await again({ ...information, client_secret: 'secret-2' });
    expect(round.contents.get(SECRET)?.information.clientSecret?.reveal()).toBe('secret-2');
    expect(reads).toEqual([]);
  });

  test('keeps it in use also where the answer breaks off', async () => {
    const taken = await register({
      objects,
      outcomes: [noAnswer(JSON.stringify(information).replace(/}$/, ',"x":'))],
    });
    expect(taken.observe().records).toMatchObject([{ attempt: 'a1' }, { attempt: ATTEMPT, role: 'current' }]);
    expect(taken.events[0]?.message).toMatch(/It is the client that this object has already\. /);
  });
});

describe('A registration that the server refuses as it refuses wrong metadata', () => {
  const onlyOne = answered(400, {
    error: 'invalid_client_metadata',
    error_description: 'software already registered',
  });
  const annotations = { 'oauth-registrar.dev/rotate-requested-at': '7' };
  const replacing = (spec: object = {}) => [
    ...surroundings(),
    clientObject({ annotations }, spec),
    registrationSecret(),
    workloadSecret(),
  ];

  test('though it took the same before: it may permit one client only, and advice says so', async () => {
    const taken = await register({ objects: replacing(), outcomes: [onlyOne] });
    expect(taken.told).toEqual(['Warning ReplacementRefused Register']);
    expect(taken.events[0]?.message).toBe(
      'ClusterAuthorizationServer corporate: The server answered 400 invalid_client_metadata: software already registered. The client stays in use until its end. Ask the platform team whether the server permits a second client; if not, have this one removed at the server first. An edit of the spec is sent all the same.',
    );
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'ReplacementRefused' });
  });

  test('where another server took it before: the metadata may be at fault', async () => {
    const replaces = recorded({ issuer: 'https://former.example.com' });
    const { told } = await register({ objects: replacing(), step: { replaces }, outcomes: [onlyOne] });
    expect(told).toEqual(['Warning InvalidClientMetadata Register']);
  });

  test('after an edit: the metadata may be at fault', async () => {
    const edited = replacing({ client: { clientName: 'Edited' } });
    expect((await register({ objects: edited, outcomes: [onlyOne] })).told).toEqual([
      'Warning InvalidClientMetadata Register',
    ]);
  });

  const lost = {
    suspectsOf: () => ({ count: 1, latestAt: NOW - 120_000 }),
    isFull: () => false,
    inUse: () => 0,
  };
  const afterLost = (before: TakeOptions<'Register'>['before'] = () => undefined) =>
    register({ outcomes: [onlyOne], parts: { orphans: lost as never }, before });

  test('after an answer that was lost: the client may exist, which is not forgotten', async () => {
    const taken = await afterLost(({ observe, memory, round }) => {
      const basis = planned('Register', observe()).basis;
      memory.setBack(round.key, setback({ action: 'Register', ambiguous: true, basis, retryAt: NOW }));
    });
    expect(taken.told).toEqual(['Warning RegistrationOutcomeUnknown Register']);
    expect(taken.events[0]?.message).toBe(
      'ClusterAuthorizationServer corporate: The server answered 400 invalid_client_metadata: software already registered. A registration of this object got no answer, the last one sent at 2026-05-01T11:58:00Z, so the server may have made the client already. Look at the server for a client of the time in the message, other than the one in status.clientId; remove it there.',
    );
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Terminal', ambiguous: true }]);
  });

  test('after an answer that was lost before a restart: both are said', async () => {
    const { told, events } = await afterLost();
    expect(told).toEqual(['Warning InvalidClientMetadata Register']);
    expect(events[0]?.message).toMatch(
      /so the server may have made the client already\. Correct spec\.client/,
    );
  });
});

describe('A registration with a token of the server', () => {
  const server = { connection: { ...connection, admission: clientCredentials } };
  const token = (value: string) => answered(200, { access_token: value, token_type: 'Bearer' });
  const refused = answered(401, { error: 'invalid_token' });

  test('waits for room to record its answer, and then asks for nothing more', async () => {
    const order: string[] = [];
    const { http } = await register({
      server,
      outcomes: [token('t1'), registered],
      meanwhile: ({ context, http: { sent } }) => {
        vi.spyOn(context.recorder, 'room').mockImplementation(async () => {
          order.push(`room after ${sent.length}`);
        });
      },
    });
    expect(order).toEqual(['room after 1']);
    expect(http.sent.map(({ url, headers }) => [url, headers['authorization']])).toEqual([
      ['https://sso.example.com/token', 'Basic cmVnaXN0cmFyOnM='],
      ['https://sso.example.com/register', 'Bearer t1'],
    ]);
  });

  test('that is refused is reported, if the token is new', async () => {
    const taken = await register({ server, outcomes: [token('t1'), refused] });
    expect(taken.told).toEqual(['Warning AdmissionRefused Register']);
    expect(taken.servers.health(SERVER).refusedAdmission).toMatchObject({
      message: expect.stringMatching(/^The admission credential was refused: The server answered 401/),
    });
  });

  test('that is refused is forgotten without a word, where it was in use before', async () => {
    const taken = await register({
      server,
      outcomes: [refused],
      before: ({ context }) => context.tokens.keep(SERVER, 'v1', GRANT, new Sensitive('t0')),
    });
    expect(taken.http.sent.map(({ headers }) => headers['authorization'])).toEqual(['Bearer t0']);
    expect([taken.result, taken.told, taken.ledger.ends]).toEqual([DONE, [], [`settle ${ATTEMPT}`]]);
    expect(setbacksOf(taken)).toEqual([]);
    expect(taken.servers.health(SERVER).refusedAdmission).toBeUndefined();
    expect(taken.context.tokens.get(SERVER, 'v1', GRANT)).toBeUndefined();
    expect(taken.next()).toMatchObject({ type: 'Register' });
  });

  test('is not sent without a token: that is reported', async () => {
    const taken = await register({ server, outcomes: [answered(400, { error: 'invalid_client' })] });
    expect(taken.http.sent).toHaveLength(1);
    expect(taken.ledger.begun).toEqual([]);
    expect(taken.told).toEqual(['Warning AdmissionTokenFailed Register']);
    expect(taken.lines.join()).toContain('"outcome":"NotSent"');
  });
});

function suspend({ servers }: OperatorInMemory): void {
  const state = servers.state(SERVER);
  if (state !== undefined) {
    servers.set(SERVER, { ...state, suspended: true });
  }
}
function close({ ledger }: OperatorInMemory): void {
  ledger.isOpen = false;
}

describe('A registration is not sent', () => {
  const nothing = { wrote: [], told: [], sent: [], ends: [] };
  const left = ({ wrote, told, http: { sent }, ledger: { ends } }: Awaited<ReturnType<typeof register>>) => ({
    ...{ wrote, told, sent, ends },
  });

  test.each<readonly [string, Omit<TakeOptions<'Register'>, 'objects'>, readonly string[]]>([
    ['its entry cannot be stored', { meanwhile: close }, []],
    ['the lead is lost', { parts: { lead: { held: () => false } } }, [`settle ${ATTEMPT}`]],
    [
      'the state of the server has come to forbid it',
      {
        meanwhile: suspend,
      },
      [],
    ],
    [
      'other registrations have used up the quota',
      {
        server: { connection: { ...connection, policy: { maxClientsPerNamespace: 1 } as never } },
        meanwhile: registersAnother,
      },
      [],
    ],
  ])('where %s', async (_, options, ends) => {
    const taken = await register({ outcomes: [registered], ...options });
    expect(taken.result).toEqual(DONE);
    expect(left(taken)).toEqual({ ...nothing, ends });
    expect(setbacksOf(taken)).toEqual([]);
  });

  test('and no key is made, where the state of the server forbids it (L11)', async () => {
    const generate = vi.fn();
    await register({
      objects: unregistered({}, { credential: { generatedKey: { algorithm: 'RS256' } } }),
      parts: { jwt: { generate } as never },
      meanwhile: suspend,
    });
    expect(generate).not.toHaveBeenCalled();
  });

  test.each([PLACES.records(), PLACES.record('shop'), PLACES.workload('shop')])(
    'where a write that it needs is refused since it was planned: %s (H2)',
    async (place) => {
      const taken = await register({
        outcomes: [registered],
        parts: {
          slots: {
            isCrowded: () => false,
            withSlot: (_: unknown, effect: () => Promise<unknown>) => {
              taken_.context.refusedWrites.refused(place, 'exceeded quota');
              return effect();
            },
          } as never,
        },
        meanwhile: (operator) => {
          taken_ = operator;
        },
      });
      expect(left(taken)).toEqual(nothing);
    },
  );
  let taken_: OperatorInMemory;

  test('but it is, where a write is refused in another namespace', async () => {
    const { http } = await register({
      outcomes: [registered],
      meanwhile: ({ context }) => context.refusedWrites.refused(PLACES.record('blog'), 'exceeded quota'),
    });
    expect(http.sent).toHaveLength(1);
  });

  test.each([
    [
      PLACES.records(),
      'RecordWriteRefused',
      'operator.s namespace',
      `${OPERATOR_NAMESPACE}/oac-uid-1-expected00`,
    ],
    [
      PLACES.record('shop'),
      'RecordWriteRefused',
      'operator.s namespace',
      `${OPERATOR_NAMESPACE}/oac-uid-1-expected00`,
    ],
    [PLACES.workload('shop'), 'SecretWriteRefused', 'namespace shop', 'shop/storefront-oauth'],
  ])(
    'where a trial of what was refused before is refused again: %s (H2)',
    async (place, reason, where, name) => {
      const taken = await register({
        outcomes: [registered],
        refuses: { 'dryRun Secret': refusals.forbidden },
        meanwhile: ({ context }) => {
          context.refusedWrites.refused(place, 'exceeded quota');
          void context.clock.sleep(600_000);
        },
      });
      expect([taken.wrote, taken.http.sent]).toEqual([[`dryRun Secret ${name}`], []]);
      expect(taken.told).toEqual([`Warning ${reason} Register`]);
      expect(taken.events[0]?.message).toMatch(
        new RegExp(`Nothing is registered, .* in .*${where}: Exceeded quota\\.`, 'i'),
      );
      expect(setbacksOf(taken)).toMatchObject([{ action: 'Register', kind: 'Transient', reason }]);
    },
  );

  test('but it is, where the trial is admitted', async () => {
    const { wrote, http } = await register({
      outcomes: [registered],
      meanwhile: ({ context }) => {
        context.refusedWrites.refused(PLACES.workload('shop'), 'exceeded quota');
        void context.clock.sleep(600_000);
      },
    });
    expect(wrote).toEqual(['dryRun Secret shop/storefront-oauth', RECORD]);
    expect(http.sent).toHaveLength(1);
  });
});

describe('A registration that is answered otherwise', () => {
  test.each([
    [
      'a refusal of the metadata is told, and not tried again',
      answered(400, { error: 'invalid_redirect_uri', error_description: 'no such host' }),
      { kind: 'Terminal', reason: 'InvalidRedirectURI', ambiguous: false },
      'InvalidRedirectURI',
    ],
    [
      'a rate limit is told, and tried again when the server says',
      answered(429, '', { 'retry-after': '30' }),
      { kind: 'Transient', reason: 'RateLimited', retryAt: NOW + 30_000 },
      'RateLimited',
    ],
    [
      'that nothing was sent is told, and tried again',
      { kind: 'notSent', reason: 'ConnectFailed', detail: 'the connection was refused' },
      { kind: 'Transient', reason: 'AuthorizationServerUnavailable', ambiguous: false },
      'AuthorizationServerUnavailable',
    ],
  ] as const)('%s', async (_, outcome, expected, reason) => {
    const taken = await register({ outcomes: [outcome] });
    expect([taken.result, taken.wrote]).toEqual([DONE, []]);
    expect(taken.told).toEqual([`Warning ${reason} Register`]);
    expect(taken.events[0]?.message).toMatch(/^ClusterAuthorizationServer corporate: /);
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Register', ...expected }]);
    expect([taken.ledger.ends, taken.orphans]).toEqual([[`settle ${ATTEMPT}`], []]);
  });

  const html = { 'content-type': 'text/html; charset=utf-8' };

  test.each([400, 401, 403, 404, 405])(
    '%i in HTML is not the word of the endpoint: it is tried again, and nobody is accused',
    async (status) => {
      const taken = await register({ outcomes: [answered(status, '<html>canary</html>', html)] });
      expect(setbacksOf(taken)).toMatchObject([
        { action: 'Register', kind: 'Transient', reason: 'ResponseNotJSON', ambiguous: false },
      ]);
      expect(taken.events[0]?.message).toBe(
        `ClusterAuthorizationServer corporate: The server, or a proxy or firewall before it, answered status ${status} with text/html. Check that the endpoint is the right one, and what is between it and the operator. The operator tries again, after growing pauses.`,
      );
      expect(taken.servers.isAdmissionRefused(SERVER, 'v1')).toBe(false);
      expect([taken.ledger.ends, taken.orphans]).toEqual([[`settle ${ATTEMPT}`], []]);
    },
  );

  test('HTML with 200 is not from a registration endpoint: the server object says so, and nobody is suspected', async () => {
    const taken = await register({ outcomes: [answered(200, '<html>canary</html>', html)] });
    expect(taken.orphans).toEqual([]);
    expect(taken.told).toEqual(['Warning ResponseNotJSON Register']);
    expect(taken.servers.isAdmissionRefused(SERVER, 'v1')).toBe(true);
    expect(taken.servers.health(SERVER).refusedAdmission).toMatchObject({
      reason: 'ResponseNotJSON',
      decided: true,
      message: expect.stringMatching(
        /^The server, or a proxy or firewall before it, answered status 200 with text\/html \(POST https:\/\/sso\.example\.com\/register\)\. Check /,
      ),
    });
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting', reason: 'ResponseNotJSON' });
    expect(taken.next()).toHaveProperty(
      'message',
      expect.stringMatching(/answered status 200 with text\/html/),
    );
  });

  test('an error with 200 is a refusal in the words of the server, and nobody is suspected', async () => {
    const error = { error: 'invalid_client_metadata', error_description: 'redirect_uris is not permitted' };
    const taken = await register({ outcomes: [answered(200, error)] });
    expect([taken.orphans, taken.told]).toEqual([[], ['Warning InvalidClientMetadata Register']]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Terminal', reason: 'InvalidClientMetadata' }]);
    expect(setbacksOf(taken)[0]?.message).toContain(
      'The server answered 200 invalid_client_metadata: redirect_uris is not permitted. ',
    );
  });

  test('one that waits for approval is waited for an hour, and nobody is suspected', async () => {
    const pending = answered(202, { status: 'pending_approval', message: 'canary' });
    const taken = await register({ outcomes: [pending] });
    expect([taken.orphans, taken.told]).toEqual([[], ['Warning RegistrationPending Register']]);
    expect(setbacksOf(taken)).toMatchObject([
      { kind: 'Transient', reason: 'RegistrationPending', retryAt: NOW + 3_600_000 },
    ]);
    expect(taken.servers.health(SERVER).phase).toBe('Open');
  });

  test('a refused credential is reported on the server object as soon as it is certain', async () => {
    const refused = answered(401, { error: 'invalid_token' });
    const once = await register({ outcomes: [refused] });
    expect(once.servers.isAdmissionRefused(SERVER, 'v1')).toBe(true);
    expect(setbacksOf(once)).toEqual([]);
    expect(once.told).toEqual(['Warning AdmissionRefused Register']);
  });

  test('a refusal that may be of this client alone sets it back', async () => {
    const taken = await register({
      outcomes: [answered(403, { error: 'access_denied' })],
      before: ({ servers }) =>
        servers.setHealth(SERVER, { ...servers.health(SERVER), acceptedVersion: connection.version }),
    });
    expect(setbacksOf(taken)).toMatchObject([{ action: 'Register', reason: 'RegistrationRefused' }]);
    expect(taken.servers.isAdmissionRefused(SERVER, 'v1')).toBe(false);
  });

  test('none at all: a client may exist, which is listed, reported and counted', async () => {
    const counted = vi.fn();
    const taken = await register({
      outcomes: [noAnswer()],
      parts: { counters: { ...UNCOUNTED, orphanSuspected: counted } },
    });
    expect([taken.result, taken.wrote]).toEqual([DONE, []]);
    expect(taken.orphans).toHaveLength(1);
    expect(taken.traits).toEqual([{ issuer: connection.issuer, clientName: 'Storefront' }]);
    expect(taken.told).toEqual(['Warning RegistrationOutcomeUnknown Register']);
    expect(taken.events[0]?.message).toMatch(
      /\(sent at 2026-05-01T12:00:00\.000Z\)\. A client may exist that nobody knows \(ClusterAuthorizationServer\/corporate, .*\)\. /,
    );
    expect(counted).toHaveBeenCalledWith({ kind: 'ClusterAuthorizationServer', name: 'corporate' });
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(setbacksOf(taken)).toMatchObject([{ kind: 'Transient', ambiguous: true, retryAt: NOW + 60_000 }]);
  });

  test('none, and the list of suspects is full: that is reported', async () => {
    const { events, ledger } = await register({ outcomes: [noAnswer()], suspects: 'ListFull' });
    expect(events[0]?.message).toMatch(/It is not listed: ConfigMap \S+ is full/);
    expect(ledger.ends).toEqual([`settle ${ATTEMPT}`]);
  });

  test('none, and it cannot be listed yet: the entry stays, and no Event comes before', async () => {
    const { result, told, ledger } = await register({ outcomes: [noAnswer()], suspects: 'NotYet' });
    expect(result).toMatchObject({
      kind: 'later',
      why: 'A registration without an answer is not listed as a suspected orphan yet',
    });
    expect([told, ledger.ends]).toEqual([[], [`interrupt ${ATTEMPT}`]]);
  });

  test('one that breaks off after it named the client: that one is recorded, to be removed', async () => {
    const taken = await register({
      outcomes: [noAnswer(JSON.stringify(information).replace(/}$/, ',"x":'))],
    });
    expect([taken.wrote, taken.orphans]).toEqual([[RECORD], []]);
    expect(taken.observe().records).toMatchObject([{ clientId: 'c1', role: 'owed' }]);
    expect(taken.events[0]?.message).toMatch(
      /That client is removed again, and another registered after a pause, at most recovery.maxAttempts times\. /,
    );
    expect(taken.ledger.ends).toEqual([`settle ${ATTEMPT}`]);
    expect(taken.next()).toMatchObject({ type: 'Deregister', because: 'Surplus' });
  });

  test('one that breaks off so again and again: a person decides, after as many as recovery.maxAttempts', async () => {
    const partly = noAnswer(JSON.stringify(information).replace(/}$/, ',"x":'));
    const tried = (attempts: number) =>
      register({
        outcomes: [partly],
        before: ({ memory, round, observe }) => {
          const { basis } = planned('Register', observe());
          memory.setBack(round.key, setback({ action: 'Register', basis, attempts, retryAt: NOW }));
        },
      });
    expect(setbacksOf(await tried(1))).toMatchObject([{ kind: 'Transient', retryAt: NOW + 60_000 }]);
    const third = await tried(2);
    expect(setbacksOf(third)).toMatchObject([{ kind: 'Terminal', attempts: 3 }]);
    expect(setbacksOf(third)[0]?.message).toMatch(
      /\. 3 registrations were answered in part, so another is tried only when you say so: kubectl annotate /,
    );
  });

  test('one that breaks off before it said how to manage the client: that may exist', async () => {
    const { wrote, orphans } = await register({ outcomes: [noAnswer('{"client_id":"c1","client_se')] });
    expect([wrote, orphans.length]).toEqual([[], 1]);
  });
});

describe('A registration that an earlier round left without an end', () => {
  const leave = ({ ledger }: OperatorInMemory) =>
    ledger.leave(
      {
        ...{
          attempt: 'a0',
          kind: 'Register',
          registrationSecret: 'oac-uid-1-a0',
          server: SERVER,
          timeoutMs: 1,
        },
        ...{
          client: { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
          startedAt: '2026-05-01T11:00:00Z',
        },
      },
      'interrupted',
    );
  const report = (suspects: 'Listed' | 'NotYet') =>
    take('ReportOrphan', { objects: unregistered(), suspects, before: leave });

  test('is listed, reported and then settled', async () => {
    const taken = await report('Listed');
    expect([taken.result, taken.orphans]).toEqual([
      DONE,
      ['The operator stopped before it recorded an answer'],
    ]);
    expect(taken.told).toEqual(['Warning RegistrationOutcomeUnknown Register']);
    expect(taken.ledger.ends).toEqual(['settle a0']);
  });

  test('does not say that the operator stopped, where it did not', async () => {
    const taken = await take('ReportOrphan', {
      objects: unregistered(),
      suspects: 'Listed',
      before: (operator) => {
        leave(operator);
        Object.assign(operator.ledger, { isInherited: () => false });
      },
    });
    expect(taken.orphans).toEqual(['No answer was recorded; the log of the operator says why']);
    expect(taken.traits).toEqual([{ issuer: connection.issuer }]);
    expect(taken.events.map(({ message }) => message)).toEqual([
      expect.stringContaining('No answer was recorded; the log of the operator says why. A client may exist'),
    ]);
  });

  test('stays while it cannot be listed', async () => {
    const { result, told, ledger } = await report('NotYet');
    expect([result.kind, told, ledger.ends]).toEqual(['later', [], []]);
  });

  test('is over without a word, where its client is recorded', async () => {
    const taken = await take('SettleCall', {
      objects: [
        ...unregistered(),
        registrationSecret(recorded({ attempt: 'a0', registrationSecret: 'oac-uid-1-a0' })),
      ],
      before: leave,
    });
    expect([taken.result, taken.told, taken.wrote, taken.ledger.ends]).toEqual([DONE, [], [], ['settle a0']]);
  });
});

describe('An answer that the API server does not take at once', () => {
  const written = async ({ ledger }: OperatorInMemory) => {
    await vi.waitFor(() => expect(ledger.ends).toEqual([`settle ${ATTEMPT}`]));
  };

  test('is written later; until then the client waits, and its entry stays', async () => {
    const taken = await register({ outcomes: [registered], refuses: { 'create Secret': [refusals.broken] } });
    expect([taken.result, taken.ledger.ends, taken.told]).toEqual([DONE, [], []]);
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting' });
    await written(taken);
    expect(taken.observe().records).toMatchObject([{ clientId: 'c1' }]);
    expect(taken.next()).toMatchObject({ type: 'Publish' });
  });

  test('and refuses: that is reported, and it is written when the API server accepts it', async () => {
    const { forbidden } = refusals;
    const taken = await register({
      outcomes: [registered],
      refuses: { 'create Secret': [forbidden, forbidden] },
    });
    expect(taken.result).toEqual(DONE);
    expect(taken.told).toEqual(['Warning RecordWriteRefused Record']);
    expect(taken.context.refusedWrites.isRefusing(PLACES.records())).toBe(true);
    await written(taken);
    expect(taken.observe().records).toMatchObject([{ clientId: 'c1' }]);
  });
});
