import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  deletionOf,
  homeAt,
  homeOf,
  isInUseBy,
  mayShareClients,
  namesOfClient,
  namesOfSharers,
} from '../../../src/core/home.ts';
import { managementOf } from '../../../src/core/management.ts';
import type { PresentServer } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import type { RegistrationRecord } from '../../../src/core/record.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { bare } from '../../kit/fixtures/contents.ts';
import {
  departed,
  edited,
  factsOf,
  NOW,
  observation,
  reached,
  record,
  setback,
  unavailable,
} from '../../kit/fixtures/observations.ts';

const near = { kind: 'AuthorizationServer', name: 'keycloak' } as const;
const nearRecord = (more: Partial<RegistrationRecord> = {}) => record({ server: near, ...more });
const recreated = (connection: Parameters<typeof reached>[0] = {}) =>
  reached({ uid: 'server-2', ...connection });

describe('the home of a record', () => {
  test.each<readonly [string, RegistrationRecord, PresentServer | undefined, string, object]>([
    [
      'is the server object with its uid',
      record(),
      factsOf(record().server),
      'ns-1',
      { kind: 'AtServer', isRecreated: false },
    ],
    [
      'is that object also where its issuer was corrected',
      record(),
      factsOf(record().server, reached({ issuer: 'https://sso.example.com:443' })),
      'ns-1',
      { kind: 'AtServer' },
    ],
    [
      'is a server object that was created again and leads to the same server',
      record(),
      factsOf(record().server, recreated()),
      'ns-2',
      { kind: 'AtServer', isRecreated: true },
    ],
    [
      'is not an object of its name with another issuer',
      record(),
      factsOf(record().server, recreated({ issuer: 'https://evil.example.com' })),
      'ns-1',
      { kind: 'Alone', isItsServerThere: false },
    ],
    [
      'is not an object of its name that registers at another origin',
      record(),
      factsOf(record().server, recreated({ registrationEndpoint: 'https://evil.example.com/register' })),
      'ns-1',
      { kind: 'Alone', isItsServerThere: false },
    ],
    [
      'is a namespaced object that was created again in the same namespace',
      nearRecord(),
      factsOf(near, { ...recreated(), ref: near }),
      'ns-1',
      { kind: 'AtServer', isRecreated: true },
    ],
    [
      'is not an object of its name in a namespace that was created again',
      nearRecord(),
      factsOf(near, { ...recreated(), ref: near }),
      'ns-2',
      { kind: 'Alone', isItsServerThere: false },
    ],
    [
      'is the record alone where the object is gone',
      record(),
      undefined,
      'ns-1',
      { kind: 'Alone', isItsServerThere: false },
    ],
    [
      "is the record alone while the object can't be called",
      record(),
      factsOf(record().server, unavailable),
      'ns-1',
      { kind: 'Alone', isItsServerThere: true },
    ],
    [
      'is the record alone where it names no uid',
      record({ serverUid: undefined as never }),
      factsOf(record().server),
      'ns-1',
      { kind: 'Alone', isItsServerThere: false },
    ],
  ])('%s', (_, given, facts, namespaceUid, expected) => {
    expect(homeAt(given, facts, namespaceUid)).toMatchObject(expected);
  });

  test('an object that is another one says nothing of the deletion of its clients', () => {
    const deletion = { unconfirmed: 'Hold', retryForMs: 1, retainDenied: false } as const;
    const o = (server: ReturnType<typeof reached>) =>
      observation({ server, servers: [factsOf(record().server, server, { deletion })] });
    expect(deletionOf(o(reached({})), record())).toBe(deletion);
    expect(deletionOf(o(recreated({ issuer: 'https://evil.example.com' })), record())).toBeUndefined();
  });
});

describe('a server object that was created again', () => {
  const token = new Sensitive('rat-1');
  const address = 'https://sso.example.com/register/c1';
  const information = {
    clientId: 'c1',
    metadata: {},
    registrationAccessToken: token,
    registrationClientUri: address,
  };
  const content = { ...bare, registrationEndpoint: 'https://sso.example.com/register', information };
  const management = (configurationUrl: string) =>
    managementOf(
      homeAt(
        record(),
        factsOf(
          record().server,
          recreated({
            allowedOrigins: ['https://evil.example.com'],
            management: { mode: 'Auto', credential: undefined, configurationUrl, isExplicit: true },
          }),
        ),
        'ns-1',
      ),
      content,
    );

  test('has the client managed at its own address', () => {
    expect(management(address)).toMatchObject({ kind: 'Managed', url: address });
  });

  test.each(['https://evil.example.com/steal/{client_id}', 'https://sso.example.com/elsewhere/{client_id}'])(
    'gets no token at another address: %s',
    (configurationUrl) => {
      expect(management(configurationUrl)).toMatchObject({ kind: 'Refused' });
    },
  );
});

describe('a record that names its server object without a uid', () => {
  const { serverUid: _, registrationOrigin: __, ...old } = record();
  const created = (createdAt: number) => [factsOf(old.server, reached({}), { createdAt })];

  test('learns it, before anything is sent for the client', () => {
    expect(plan(observation({ object: edited(), records: [old] }))).toMatchObject({
      type: 'Identify',
      record: old,
      server: { uid: 'server-1' },
    });
  });

  test.each([
    ['the server object is younger than the record', { servers: created(NOW) }],
    ['the issuer is another', { server: reached({ issuer: 'https://evil.example.com' }) }],
    ['the namespace is another', { namespaceUid: 'ns-2' }],
    ['it was found to be registered elsewhere', { setbacks: [elsewhere(old.registrationSecret)] }],
  ])('stays by itself where %s, and nothing is sent', (_, more) => {
    const o = observation({ object: edited(), records: [old], ...more });
    expect(homeOf(o, old)).toMatchObject({ kind: 'Alone' });
    expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'ReplacementPending' });
  });

  test('stays by itself where its object is gone: it is deregistered with what it holds', () => {
    const { serverUid: _, registrationOrigin: __, ...gone } = departed({ role: 'owed' });
    expect(plan(observation({ records: [record(), gone] }))).toMatchObject({
      type: 'Deregister',
      home: { kind: 'Alone', record: gone },
    });
  });
});

function elsewhere(basis: string) {
  return setback({ action: 'Identify', kind: 'Terminal', basis, retryAt: Number.POSITIVE_INFINITY });
}

describe('two records of one client_id', () => {
  const far = record({ client: { namespace: 'mallory', name: 'squat', uid: 'uid-9' } });
  test.each<readonly [string, boolean, RegistrationRecord, RegistrationRecord]>([
    ['at one server object', true, record(), far],
    [
      'at two cluster servers of one registration origin',
      true,
      record(),
      { ...far, server: { ...far.server, name: 'b' }, serverUid: 'server-2' },
    ],
    [
      'at a cluster server and a namespaced one that claims its issuer',
      false,
      record(),
      { ...far, server: near, serverUid: 'server-2' },
    ],
    [
      'at namespaced servers of two namespaces',
      false,
      nearRecord(),
      { ...far, server: near, serverUid: 'server-2' },
    ],
    [
      'at two servers of one issuer that register at different origins',
      false,
      record(),
      {
        ...far,
        server: { ...far.server, name: 'b' },
        serverUid: 'server-2',
        registrationOrigin: 'https://b.example.com',
      },
    ],
    ['of which one names no uid yet', true, record(), { ...far, serverUid: undefined as never }],
    ['of different client_ids', false, record(), { ...far, clientId: 'c2' }],
  ])('%s may be of one client: %s', (_, expected, a, b) => {
    expect(mayShareClients(a, b)).toBe(expected);
    expect(mayShareClients(b, a)).toBe(expected);
  });

  test('are found by the names of the client, whatever makes them one', () => {
    const origins = fc.constantFrom('https://a.example.com', 'https://b.example.com', undefined);
    const kinds = fc.constantFrom('AuthorizationServer' as const, 'ClusterAuthorizationServer' as const);
    const issuers = fc.constantFrom(
      'https://a.example.com',
      'https://a.example.com/x',
      'https://c.example.com',
      'no URL',
    );
    const drawn = fc
      .record({
        kind: kinds,
        name: fc.constantFrom('k', 'l'),
        namespace: fc.constantFrom('shop', 'blog'),
        issuer: issuers,
        origin: origins,
        clientId: fc.constantFrom('1', '2'),
        ownPath: fc.constantFrom(true as const, undefined),
      })
      .map(({ kind, name, namespace, issuer, origin, clientId, ownPath }) => {
        // The issuer of a server object with clients can't be changed; its endpoints can.
        const uid = `${kind} ${kind === 'AuthorizationServer' ? namespace : ''} ${name} ${issuer}`;
        return {
          ...record({ server: { kind, name }, client: { namespace, name: 'n', uid: 'u' }, issuer, clientId }),
          ...{ ownPath, registrationOrigin: origin, serverUid: origin && uid },
        } as RegistrationRecord;
      });
    fc.assert(
      fc.property(drawn, drawn, (other, own) => {
        const isFound = namesOfSharers(own).some((name) => namesOfClient(other).includes(name));
        expect(isFound || !isInUseBy(other, own)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
