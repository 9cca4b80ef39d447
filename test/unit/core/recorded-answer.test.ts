import { describe, expect, test } from 'vitest';
import { rfc3339 } from '../../../src/api/time.ts';
import type { AdoptStep, RegisterStep, UpdateStep } from '../../../src/core/action.ts';
import type { RegistrationContent } from '../../../src/core/content.ts';
import {
  recordAdoption,
  recordRead,
  recordRegistration,
  recordRepetition,
  recordUpdate,
  trustedOfRead,
} from '../../../src/core/recorded-answer.ts';
import { serverKey } from '../../../src/core/server-key.ts';
import type { ClientInformation } from '../../../src/oauth/client-information.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { omit } from '../../../src/oauth/objects.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { bare, content } from '../../kit/fixtures/contents.ts';
import { plain } from '../../kit/fixtures/credentials.ts';
import {
  connection,
  desired,
  document,
  fresh,
  hashOf,
  INSTALLATION,
  NOW,
  record,
} from '../../kit/fixtures/observations.ts';
import { type At, adopting, atServer, reading, registering, updating } from '../../kit/fixtures/steps.ts';

const client = { namespace: 'shop', name: 'storefront', uid: 'uid-1' };
const circumstances = {
  namespaceUid: 'ns-1',
  installation: INSTALLATION.id,
  now: NOW,
  earlierRegistrations: undefined,
};
const ref = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const HOUR = 3_600;
/** RFC 3339, so many seconds after {@link NOW}. */
const inSeconds = (seconds: number) => rfc3339(NOW + seconds * 1000);

const managed: ClientInformation = {
  clientId: 'c1',
  registrationAccessToken: new Sensitive('token-1'),
  registrationClientUri: 'https://sso.example.com/register/c1',
  metadata: { client_name: 'Storefront' },
};
const withLifetimes = (lifetimes: object) => ({
  ...connection,
  dialect: { ...connection.dialect, lifetimes },
});

const registration = (more: Partial<RegisterStep> = {}, keys: RegistrationContent['keys'] = []) => ({
  step: registering(more),
  attempt: 'a1',
  client,
  server: serverKey(ref, 'shop'),
  document,
  keys,
});
const register = (
  answer: Partial<ClientInformation> = {},
  more: Partial<RegisterStep> = {},
  keys: RegistrationContent['keys'] = [],
) => recordRegistration(registration(more, keys), { ...managed, ...answer }, circumstances);

describe('A registration is recorded', () => {
  test('with all that later calls need, and nothing else', () => {
    const clientSecret = new Sensitive('secret-1');
    const { record: recorded, content: stored } = register({ clientSecret });
    expect(recorded).toEqual(omit(record({ registeredAt: inSeconds(0) }), 'resourceVersion'));
    expect(plain(stored)).toEqual(
      plain({
        information: { ...managed, clientSecret },
        sent: document,
        registrationEndpoint: connection.registrationEndpoint,
        allowedOrigins: [],
        endpoints: connection.endpoints,
        dialect: connection.dialect,
        keys: [],
      }),
    );
  });

  test('with purpose, policy, what it replaces and the rotation that asked for it', () => {
    const purpose = { purpose: 'invoices', session: 'run-42' };
    const asked = { ...fresh({ purpose, retained: true, rotateRequestedAt: '7' }), desired: desired() };
    expect(register({}, { object: asked, replaces: record({ attempt: 'a0' }) }).record).toMatchObject({
      purpose,
      retain: true,
      rotatedFor: '7',
      replaces: 'oac-uid-1-a0',
    });
  });

  test.each([
    ['a CA of its own', 'AuthorizationServer', { ca: 'PEM', version: '1' }, true],
    ['a proxy of its own', 'AuthorizationServer', { proxyUrl: 'http://proxy:1', version: '1' }, true],
    ['nothing of its own', 'AuthorizationServer', undefined, undefined],
    ['the CA of the platform', 'ClusterAuthorizationServer', { ca: 'PEM', version: '1' }, undefined],
  ] as const)('with the way to the server, which has %s at an %s', (_, kind, transport, expected) => {
    const at = { connection: { ...connection, transport }, ref: { kind, name: 'corporate' } } as const;
    expect(register({}, at).record.ownPath).toBe(expected);
  });

  test('again for a client that was to be replaced, with what only the earlier answer said', () => {
    const replaces = record({
      registrationAccessTokenExpiresAt: inSeconds(HOUR),
      tokenIssuedAt: inSeconds(-HOUR),
      clientSecretExpiresAt: inSeconds(HOUR),
    });
    const information = {
      ...managed,
      clientSecret: new Sensitive('s'),
      clientSecretExpiresAt: NOW / 1000 + HOUR,
    };
    const { record: again, content: kept } = recordRepetition(
      registration({ replaces }),
      { clientId: 'c1', metadata: {} },
      { ...bare, information },
      circumstances,
    );
    expect(again).toMatchObject({
      ...{ registrationAccessTokenExpiresAt: inSeconds(HOUR), tokenIssuedAt: inSeconds(-HOUR) },
      ...{ clientSecretExpiresAt: inSeconds(HOUR), endIsFixed: true, managed: true, clientId: 'c1' },
    });
    expect(kept.information.clientSecret?.reveal()).toBe('s');
  });

  test('with the CA of the connection', () => {
    const transport = { ca: 'PEM', version: '1' };
    const { content: stored } = register({}, { connection: { ...connection, transport } });
    expect(stored.ca).toBe('PEM');
  });

  test('with the times of the keys that the operator made', () => {
    const generatedKey = { algorithm: 'ES256', rotateAfter: '24h', overlap: '1h' } as const;
    const { record: recorded } = register(
      {},
      { object: { ...fresh(), desired: desired({ credential: { generatedKey } }) } },
      content.keys,
    );
    const made = Date.parse('2026-05-01T11:00:00Z');
    expect(recorded).toMatchObject({
      keyCreatedAt: '2026-05-01T11:00:00Z',
      keyRotatesAt: made + 24 * HOUR * 1000,
    });
    expect(recorded).not.toHaveProperty('keyRetiresAt');
  });

  test.each<readonly [string, ClientInformation, boolean]>([
    ['a token and an address', managed, true],
    ['no token', omit(managed, 'registrationAccessToken'), false],
    ['no address', omit(managed, 'registrationClientUri'), false],
  ])('as managed or not, by an answer with %s', (_, answer, isManaged) => {
    expect(recordRegistration(registration(), answer, circumstances).record.managed).toBe(isManaged);
  });

  test.each([
    ['is relative', '/clients/c1', 'https://sso.example.com/clients/c1'],
    ['is absolute', 'https://manage.example.com/c1', 'https://manage.example.com/c1'],
  ])('with an absolute address, where that of the answer %s', (_, registrationClientUri, expected) => {
    expect(register({ registrationClientUri }).content.information.registrationClientUri).toBe(expected);
  });
});

describe('Ends of credentials after a registration', () => {
  test.each<readonly [string, Partial<ClientInformation>, object, object]>([
    ['nothing is said', {}, {}, {}],
    ['0: the secret never expires', { clientSecret: new Sensitive('s'), clientSecretExpiresAt: 0 }, {}, {}],
    [
      'the answer says when the secret ends',
      { clientSecret: new Sensitive('s'), clientSecretExpiresAt: NOW / 1000 + HOUR },
      {},
      { clientSecretExpiresAt: inSeconds(HOUR) },
    ],
    [
      'the dialect knows, and the answer says nothing',
      { clientSecret: new Sensitive('s') },
      { clientSecret: '2h' },
      { clientSecretExpiresAt: inSeconds(2 * HOUR) },
    ],
    [
      'the dialect knows of an earlier end than the answer',
      { clientSecret: new Sensitive('s'), clientSecretExpiresAt: NOW / 1000 + 3 * HOUR },
      { clientSecret: '2h' },
      { clientSecretExpiresAt: inSeconds(2 * HOUR) },
    ],
    [
      "the server's clock had passed the end when it issued the client: it was over by as much",
      {
        clientSecret: new Sensitive('s'),
        clientSecretExpiresAt: NOW / 1000 + HOUR,
        clientIdIssuedAt: NOW / 1000 + 2 * HOUR,
      },
      {},
      { clientSecretExpiresAt: inSeconds(-HOUR) },
    ],
    ['the dialect knows, but there is no secret', {}, { clientSecret: '2h' }, {}],
    [
      'the answer says how long the token lives',
      { registrationAccessTokenExpiresIn: HOUR },
      {},
      { registrationAccessTokenExpiresAt: inSeconds(HOUR), tokenIssuedAt: inSeconds(0) },
    ],
    [
      'the dialect knows how long the token lives',
      {},
      { registrationAccessToken: '30m' },
      { registrationAccessTokenExpiresAt: inSeconds(HOUR / 2), tokenIssuedAt: inSeconds(0) },
    ],
    [
      'the dialect caps what the answer says of the token',
      { registrationAccessTokenExpiresIn: 9 * HOUR },
      { registrationAccessToken: '30m' },
      { registrationAccessTokenExpiresAt: inSeconds(HOUR / 2), tokenIssuedAt: inSeconds(0) },
    ],
  ])('%s', (_, answer, lifetimes, expected) => {
    const { clientSecretExpiresAt, registrationAccessTokenExpiresAt, tokenIssuedAt } = register(answer, {
      connection: withLifetimes(lifetimes),
    }).record;
    expect({ clientSecretExpiresAt, registrationAccessTokenExpiresAt, tokenIssuedAt }).toEqual({
      clientSecretExpiresAt: undefined,
      registrationAccessTokenExpiresAt: undefined,
      tokenIssuedAt: undefined,
      ...expected,
    });
  });
});

const stored: RegistrationContent = {
  ...bare,
  information: {
    ...managed,
    clientSecret: new Sensitive('secret-1'),
    metadata: { client_name: 'Storefront', policy_uri: 'https://a' },
  },
  sent: document,
};
describe('A client whose method needs a secret that no answer brought is marked', () => {
  const basic = { client_name: 'Storefront', token_endpoint_auth_method: 'client_secret_basic' };
  const unmarked = omit(stored.information, 'clientSecret');
  const none = { ...stored, information: { ...unmarked, metadata: { token_endpoint_auth_method: 'none' } } };

  test('by a registration', () => {
    expect(register().record.secretMissingFor).toBe('client_secret_basic');
    expect(register({ metadata: { token_endpoint_auth_method: 'none' } }).record).not.toHaveProperty(
      'secretMissingFor',
    );
  });

  test('by an update, until one brings it', () => {
    const updated = (answer: Partial<ClientInformation>, marked: object = {}) =>
      recordUpdate(
        updating({ at: atServer({ record: record(marked) }) }),
        none,
        { clientId: 'c1', metadata: basic, ...answer },
        { sent: basic, keys: [] },
        NOW,
      ).record;
    expect(updated({})).toMatchObject({ secretMissingFor: 'client_secret_basic', revision: 2 });
    const brought = updated(
      { clientSecret: new Sensitive('s') },
      { secretMissingFor: 'client_secret_basic' },
    );
    expect(brought).not.toHaveProperty('secretMissingFor');
  });

  test('by a read', () => {
    const answer = { clientId: 'c1', metadata: basic };
    expect(recordRead(reading(), none, answer, [], NOW).record.secretMissingFor).toBe('client_secret_basic');
  });

  test('by an adoption, if the server names the method', () => {
    const adopted = (metadata: JsonObject) =>
      recordAdoption(adopting(), 'a3', client, { clientId: 'c9', metadata }, circumstances).record;
    expect(adopted(basic).secretMissingFor).toBe('client_secret_basic');
    expect(adopted({})).not.toHaveProperty('secretMissingFor');
  });
});

const edited = { client_name: 'Edited' };
const update = (
  answer: ClientInformation | undefined,
  more: Partial<UpdateStep> = {},
  at: At = {},
  keys: RegistrationContent['keys'] = [],
) => recordUpdate(updating(more, at), stored, answer, { sent: edited, keys }, NOW);

describe('An update is recorded', () => {
  const answer: ClientInformation = { clientId: 'c1', metadata: edited };

  test('with the document and its hash; what the answer leaves out stays', () => {
    const { record: recorded, content: kept } = update(answer);
    expect(recorded).toMatchObject({
      metadataHash: hashOf({ clientName: 'Edited' }),
      managed: true,
      clientId: 'c1',
    });
    expect(recorded).not.toHaveProperty('resourceVersion');
    expect(kept.sent).toEqual(edited);
    expect(plain(kept.information)).toMatchObject({
      clientSecret: 'secret-1',
      registrationAccessToken: 'token-1',
      metadata: edited,
    });
  });

  test.each<readonly [string, ClientInformation | undefined, number]>([
    ['another secret', { ...answer, clientSecret: new Sensitive('secret-2') }, 3],
    [
      'another token, which no workload sees',
      { ...answer, registrationAccessToken: new Sensitive('t2'), metadata: stored.information.metadata },
      2,
    ],
    ['no readable answer', undefined, 2],
  ])('counts a revision if a workload sees another client: %s', (_, given, revision) => {
    expect(update(given, {}, { record: record({ revision: 2 }) }).record.revision).toBe(revision);
  });

  test('without a readable answer only the document is new', () => {
    const { content: kept } = update(undefined);
    expect(plain(kept.information)).toEqual(plain(stored.information));
    expect(kept.sent).toEqual(edited);
  });

  test('as of the server object that answered, also one that was created again, with its CA and origins', () => {
    const other = {
      ...connection,
      uid: 'server-2',
      allowedOrigins: ['https://manage.example.com'],
      transport: { ca: 'PEM', version: '1' },
    };
    const { record: recorded, content: kept } = update(answer, {}, { connection: other });
    expect(recorded).toMatchObject({ serverUid: 'server-2' });
    expect(kept).toMatchObject({ ca: 'PEM', allowedOrigins: ['https://manage.example.com'] });
    const without = recordUpdate(
      updating(),
      { ...stored, ca: 'OLD' },
      answer,
      { sent: edited, keys: [] },
      NOW,
    );
    expect(without.content).not.toHaveProperty('ca');
  });

  test('of a client without an object keeps purpose, policy and the times of its keys', () => {
    const before = record({
      purpose: { purpose: 'invoices' },
      retain: true,
      keyCreatedAt: '2026-05-01T11:00:00Z',
      keyRotatesAt: NOW + 1,
    });
    expect(update(answer, { object: undefined }, { record: before }).record).toMatchObject({
      purpose: { purpose: 'invoices' },
      retain: true,
      keyCreatedAt: '2026-05-01T11:00:00Z',
      keyRotatesAt: NOW + 1,
    });
  });

  test('of an object without keys forgets the times of earlier ones', () => {
    const before = record({ keyCreatedAt: '2026-05-01T11:00:00Z', keyRotatesAt: NOW, keyRetiresAt: NOW });
    const { record: recorded } = update(answer, {}, { record: before });
    for (const name of ['keyCreatedAt', 'keyRotatesAt', 'keyRetiresAt']) {
      expect(recorded).not.toHaveProperty(name);
    }
  });

  const expiring = record({
    clientSecretExpiresAt: inSeconds(HOUR),
    registrationAccessTokenExpiresAt: inSeconds(HOUR),
    tokenIssuedAt: inSeconds(-HOUR),
  });

  test('the end of a token that stays is as it was; a new one without an end has none', () => {
    const end = 'registrationAccessTokenExpiresAt';
    expect(update(answer, {}, { record: expiring }).record[end]).toBe(inSeconds(HOUR));
    const renewed = { ...answer, registrationAccessToken: new Sensitive('token-2') };
    expect(update(renewed, {}, { record: expiring }).record).not.toHaveProperty(end);
  });

  test('with the time of a secret that the answer gave, which the next answer leaves as it is', () => {
    const clientSecret = new Sensitive('secret-2');
    expect(update({ ...answer, clientSecret }).record.secretIssuedAt).toBe(inSeconds(0));
    const given = { record: record({ secretIssuedAt: inSeconds(-HOUR) }) };
    expect(update(answer, {}, given).record.secretIssuedAt).toBe(inSeconds(-HOUR));
  });

  test('the end of a secret is what the information now says', () => {
    expect(update(answer, {}, { record: expiring }).record).not.toHaveProperty('clientSecretExpiresAt');
    const said = { ...answer, clientSecretExpiresAt: NOW / 1000 + 2 * HOUR };
    expect(update(said, {}, { record: expiring }).record.clientSecretExpiresAt).toBe(inSeconds(2 * HOUR));
  });
});

describe('A read is recorded', () => {
  const read = (
    answer: Partial<ClientInformation>,
    corrected: readonly string[] = [],
    secretOnRead: 'Ignore' | 'Trust' = 'Trust',
  ) =>
    recordRead(
      reading({ connection: { ...connection, dialect: { ...connection.dialect, secretOnRead } } }),
      stored,
      { clientId: 'c1', metadata: stored.information.metadata, ...answer },
      corrected,
      NOW,
    );

  test('without a change: nothing is new', () => {
    const { record: recorded, isNew } = read({});
    expect(isNew).toBe(false);
    expect(recorded).toMatchObject({ revision: 1, metadataHash: record().metadataHash });
    expect(recorded).not.toHaveProperty('resourceVersion');
  });

  test.each<readonly [string, Partial<ClientInformation>, boolean, number]>([
    ['the same secret', { clientSecret: new Sensitive('secret-1') }, false, 1],
    ['another secret', { clientSecret: new Sensitive('secret-2') }, true, 2],
    ['the same token', { registrationAccessToken: new Sensitive('token-1') }, false, 1],
    ['another token', { registrationAccessToken: new Sensitive('token-2') }, true, 1],
    ['another name', { metadata: { client_name: 'Renamed' } }, false, 2],
  ])('%s', (_, answer, isNew, revision) => {
    const result = read(answer);
    expect([result.isNew, result.record.revision]).toEqual([isNew, revision]);
  });

  test('a secret is not believed where the server may answer its hash', () => {
    const { isNew, content: kept } = read({ clientSecret: new Sensitive('hash') }, [], 'Ignore');
    expect(isNew).toBe(false);
    expect(kept.information.clientSecret?.reveal()).toBe('secret-1');
  });

  test('members that are to be corrected count as sent as they are now, and the hash differs', () => {
    const { record: recorded, content: kept } = read({ metadata: { client_name: 'Theirs' } }, [
      'client_name',
      'policy_uri',
    ]);
    expect(recorded.metadataHash).toBe('drifted');
    expect(kept.sent).toEqual({ client_name: 'Theirs', policy_uri: null });
  });

  test.each([
    ['Trust', true],
    ['Ignore', false],
  ] as const)('secretOnRead %s', (secretOnRead, isKept) => {
    const answered = { clientId: 'c1', metadata: {} };
    const clientSecret = new Sensitive('s');
    const trusted = trustedOfRead({ ...answered, clientSecret }, { secretOnRead });
    expect(trusted).toEqual(isKept ? { ...answered, clientSecret } : answered);
  });
});

describe('An adoption is recorded', () => {
  const asked = {
    ...fresh({ rotateRequestedAt: '7', purpose: { session: 'run-42' }, retained: true }),
    desired: desired(),
  };
  const adopt = (answer: ClientInformation | undefined, more: Partial<AdoptStep> = {}) =>
    recordAdoption(adopting({ object: asked, ...more }), 'a3', client, answer, circumstances);

  test('by what was brought, where the server was not asked', () => {
    const { record: recorded, content: kept } = adopt(undefined);
    const adopted = record({
      attempt: 'a3',
      purpose: { session: 'run-42' },
      retain: true,
      clientId: 'c9',
      metadataHash: 'adopted',
      adopted: true,
      registeredAt: inSeconds(0),
      rotatedFor: '7',
    });
    expect(recorded).toEqual(omit(adopted, 'resourceVersion'));
    expect(kept).toMatchObject({ sent: {}, keys: [], information: { clientId: 'c9', metadata: {} } });
  });

  test('with the address that proved the client beside another one in the answer', () => {
    const registrationClientUri = 'https://sso.example.com/register/other';
    const { content: kept } = adopt({ clientId: 'c9', registrationClientUri, metadata: {} });
    expect([kept.information.registrationClientUri, kept.addresses]).toEqual([
      registrationClientUri,
      { proven: 'https://sso.example.com/register/c9' },
    ]);
  });

  test('by what was answered, laid over what was brought', () => {
    const answer = {
      clientId: 'c9',
      clientSecret: new Sensitive('secret'),
      registrationAccessToken: new Sensitive('renewed'),
      registrationAccessTokenExpiresIn: HOUR,
      metadata: { client_name: 'By hand' },
    };
    const { record: recorded, content: kept } = adopt(answer);
    expect(plain(kept.information)).toMatchObject({
      clientSecret: 'secret',
      registrationAccessToken: 'renewed',
      registrationClientUri: 'https://sso.example.com/register/c9',
      metadata: { client_name: 'By hand' },
    });
    expect(recorded.registrationAccessTokenExpiresAt).toBe(inSeconds(HOUR));
    expect(kept.sent, 'the spec goes out with the first update').toEqual({});
  });
});
