import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import type { PresetName } from '../../kit/emulator/presets.ts';
import { start } from '../../kit/emulator/running.ts';
import {
  all,
  conditionOf,
  eventually,
  messageBeforeNextTry,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

const WAIT_MS = 40_000;
const PAST = '2020-01-01T00:00:00Z';
const ROTATE = 'oauth-registrar.dev/rotate-requested-at';

let expiring: Emulator;
/** When object `deleted` was created, in milliseconds since the epoch. */
let deletedSince = 0;
/** `jwks_uri` of a client that has its own keys. */
let keyServer: Server;

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop', { waitMs: WAIT_MS });

beforeAll(async () => {
  // Their minute starts here, and a test at the end waits for it.
  expiring = await served('expiring', 'rfc7591', { dialectOverrides: {} });
  expiring.change({ metadata: { extraMembers: ['expires_at'] } });
  await testbed.apply(
    all(
      clientAt('expiring', 'deleted', {
        client: { ...machine, clientName: 'deleted' },
        lifetime: { expiresAfter: '1m', expiryMember: 'expires_at' },
      }),
      clientAt('expiring', 'deregistered', {
        client: { ...machine, clientName: 'deregistered' },
        lifetime: { expiresAfter: '1m', onExpiry: 'Deregister' },
      }),
    ),
  );
  const { metadata } = await shop.until('deleted', 'Registered');
  deletedSince = Date.parse(metadata.creationTimestamp ?? '');
  await shop.until('deregistered', 'Registered');
});

afterAll(async () => {
  keyServer?.close();
});

const machine = {
  clientName: 'Machine',
  grantTypes: ['client_credentials'],
  responseTypes: [],
  redirectUris: [],
  scopes: ['read'],
};
const web = {
  clientName: 'Shop',
  grantTypes: ['authorization_code'],
  responseTypes: ['code'],
  redirectUris: ['https://shop.example.com/callback'],
};
const asymmetric = { tokenEndpointAuthMethod: 'private_key_jwt' };

const messageOf = (client: OAuthClient, type = 'Ready') => conditionOf(client, type)?.message ?? '';
const data = async (name: string) => (await shop.secret(name)) ?? {};
const annotate = (name: string, value: string) =>
  shop.patch('oac', name, { metadata: { annotations: { [ROTATE]: value } } });

async function served(name: string, preset: PresetName, spec: object = {}): Promise<Emulator> {
  const emulator = await start(preset);
  const dialect = preset === 'rfc7591' ? {} : { dialect: preset };
  await testbed.apply(namespacedServer(emulator.issuer, 'shop', name, { ...dialect, ...spec }));
  return emulator;
}

const clientAt = (server: string, name: string, spec: Record<string, unknown> = {}) =>
  oauthClient('shop', name, { server: { kind: 'AuthorizationServer', name: server }, ...spec });

/** A server and a client at it, both called `name`. */
async function placed(
  name: string,
  preset: PresetName = 'rfc7591',
  spec: Record<string, unknown> = {},
): Promise<Emulator> {
  const emulator = await served(name, preset);
  await testbed.apply(clientAt(name, name, spec));
  await shop.until(name, 'Registered');
  return emulator;
}

/** Edits times of the record as a person could: the operator relies on them where they fit together. */
async function setRecord(
  client: string,
  clientId: string | undefined,
  ...times: readonly string[]
): Promise<void> {
  const record = (await shop.registrations(client)).find((candidate) => candidate.clientId === clientId);
  await teamIn(testbed, OPERATOR_NAMESPACE).patch('secret', record?.name ?? '', {
    metadata: { annotations: Object.fromEntries(times.map((time) => [`oauth-registrar.dev/${time}`, PAST])) },
  });
}

/** The keys of the only client, as the server stores them. */
function keysAt(emulator: Emulator): readonly Record<string, string>[] {
  const [client] = emulator.clients();
  const jwks = client?.metadata['jwks'] as { keys: Record<string, string>[] } | undefined;
  return jwks?.keys ?? [];
}

const kidsAt = (emulator: Emulator) => keysAt(emulator).map(({ kid }) => kid);

it('A client with a key that the operator generates gets another one when it is due, and loses the old one after the overlap', async () => {
  const emulator = await placed('keyed', 'rfc7591', { client: machine, credential: { generatedKey: {} } });
  const tokenStatus = async (privateKey: string | undefined, keyId: string | undefined) => {
    const { status } = await emulator.requestToken({
      clientId: emulator.clients()[0]?.clientId ?? '',
      method: 'private_key_jwt',
      privateKey: privateKey ?? '',
      keyId: keyId ?? '',
      algorithm: 'ES256',
      scope: 'read',
    });
    return status;
  };

  // The private key is in the Secret and the public one at the server, and the client gets a token with it.
  const first = await data('keyed');
  expect(Object.keys(first).toSorted()).toEqual(
    [
      'client_id',
      'issuer',
      'kid',
      'private_key.jwk',
      'private_key.pem',
      'scope',
      'token_endpoint',
      'token_endpoint_auth_method',
      ...['authorization_endpoint', 'jwks_uri'].filter((key) => key in first),
    ].toSorted(),
  );
  const { kid: firstKid = '', client_id: clientId = '' } = first;
  expect(first['token_endpoint_auth_method']).toBe('private_key_jwt');
  expect(JSON.parse(first['private_key.jwk'] ?? '')).toMatchObject({
    kty: 'EC',
    crv: 'P-256',
    kid: firstKid,
  });
  const [published] = keysAt(emulator);
  const shown = createPublicKey(first['private_key.pem'] ?? '').export({ format: 'jwk' });
  expect(published).toMatchObject({ ...shown, kid: firstKid });
  expect(published).not.toHaveProperty('d');
  expect(await tokenStatus(first['private_key.pem'], firstKid)).toBe(200);

  // When another key is due, both are published, and the Secret has the new one.
  await setRecord('keyed', clientId, 'key-rotates-at');
  const second = await eventually(
    () => data('keyed'),
    (seen) => seen['kid'] !== firstKid,
    WAIT_MS,
  );
  expect(kidsAt(emulator)).toEqual([second['kid'], firstKid]);
  expect(second['client_id']).toBe(clientId);
  expect(await tokenStatus(second['private_key.pem'], second['kid'])).toBe(200);
  expect(await tokenStatus(first['private_key.pem'], firstKid)).toBe(200);

  // After the overlap only the new key is left.
  await setRecord('keyed', clientId, 'key-created-at', 'key-retires-at');
  await eventually(
    () => kidsAt(emulator),
    (kids) => kids.length === 1,
    WAIT_MS,
  );
  expect(kidsAt(emulator)).toEqual([second['kid']]);
  expect(await data('keyed')).toMatchObject({
    kid: second['kid'],
    'private_key.pem': second['private_key.pem'],
  });
  expect(await tokenStatus(second['private_key.pem'], second['kid'])).toBe(200);
  expect(await tokenStatus(first['private_key.pem'], undefined)).toBe(401);
  const read = await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'cm', '-o', 'yaml');
  expect(read + testbed.operator.output()).not.toContain('PRIVATE KEY');
});

describe('A client without a secret', () => {
  it('rule 13: is ready as a public one, without the key client_secret', async () => {
    const emulator = await placed('public', 'rfc7591', {
      client: { ...web, tokenEndpointAuthMethod: 'none' },
    });
    const values = await data('public');
    expect(values).toMatchObject({
      client_id: emulator.clients()[0]?.clientId,
      token_endpoint_auth_method: 'none',
    });
    expect(values).not.toHaveProperty('client_secret');
  });

  it('authenticates with its own keys, from the spec or from a URI', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'ES256' }] };
    keyServer = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(jwks));
    });
    await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
    const jwksUri = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
    const emulator = await served('own-keys', 'rfc7591');
    await testbed.apply(
      all(
        clientAt('own-keys', 'given', { client: { ...machine, ...asymmetric, jwks } }),
        clientAt('own-keys', 'behind', { client: { ...machine, ...asymmetric, jwksUri } }),
      ),
    );
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    for (const name of ['given', 'behind']) {
      await shop.until(name, 'Registered');
      const { client_id: clientId = '', ...values } = await data(name);
      expect(Object.keys(values).filter((key) => /secret|private|kid/.test(key))).toEqual([]);
      const answer = await emulator.requestToken({
        clientId,
        method: 'private_key_jwt',
        privateKey: pem,
        keyId: 'mine',
        algorithm: 'ES256',
        scope: 'read',
      });
      expect(answer.status).toBe(200);
    }
  });
});

describe("A client that can't be managed", () => {
  const PRESETS = ['auth0', 'cloudflare', 'scalekit'] as const;

  it.each(PRESETS)(
    'rule 18: says so; an edit is not made; a deletion says what stays behind (%s)',
    async (preset) => {
      const name = `unmanaged-${preset}`;
      const emulator = await placed(name, preset, { client: web });
      const before = await data(name);
      const client = await shop.client(name);
      expect(conditionOf(client, 'Registered')).toMatchObject({
        status: 'True',
        reason: 'Unmanaged',
        message: `Client ${before['client_id']} is registered at ${emulator.issuer}. The server gives no way to change or delete it: an edit needs a new registration, and a deletion leaves it behind.`,
      });
      expect('client_secret' in before).toBe(preset !== 'scalekit');

      await shop.edit(name, { clientName: 'Edited' });
      const edited = await shop.until(name, 'UpdateUnsupported');
      expect(messageBeforeNextTry(edited)).toBe(
        `The server gave no registration access token, and the server object has no credential that manages its clients. Take the edit back, or set spec.replacement.onEdit to Automatic, so that another client is registered in its place. Or have another client registered now, with a new client_id: kubectl annotate oac ${name} -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite`,
      );
      expect(conditionOf(edited, 'Stalled')?.status).toBe('True');
      expect(await data(name)).toEqual(before);
      expect(emulator.clients()).toMatchObject([{ metadata: { client_name: 'Shop' } }]);

      await shop.remove(name);
      const warning = await shop.untilEvent(name, ({ reason }) => reason === 'DeletionUnsupported');
      expect(warning.type).toBe('Warning');
      expect(warning.note).toMatch(
        new RegExp(
          `^Client ${before['client_id']} at .* was not removed: .* stays behind; its record is in Secret`,
        ),
      );
      await eventually(
        () => shop.registrations(name),
        (left) => left.map(({ role }) => role).join() === 'left-behind',
        WAIT_MS,
      );
      expect(emulator.clients()).toHaveLength(1);
      expect(emulator.log.filter(({ call }) => !['discovery', 'register'].includes(call))).toEqual([]);
    },
  );

  it('is replaced by an edit if the spec permits it; the former client stays for the overlap, and is then left behind', async () => {
    const name = 'automatic';
    const emulator = await placed(name, 'auth0', {
      client: web,
      replacement: { onEdit: 'Automatic', overlap: '1h' },
    });
    const before = await data(name);
    await shop.edit(name, { clientName: 'Edited' });
    const after = await eventually(
      () => data(name),
      (seen) => seen['client_id'] !== before['client_id'],
      WAIT_MS,
    );
    const { status } = await shop.until(name, 'Registered');
    expect(status?.clientId).toBe(after['client_id']);
    expect(after['client_secret']).toBe(emulator.client(after['client_id'] ?? '')?.clientSecret);
    expect(emulator.client(after['client_id'] ?? '')?.metadata['client_name']).toBe('Edited');
    expect(emulator.clients()).toHaveLength(2);
    expect((await shop.registrations(name)).map(({ role }) => role)).toEqual(['current', 'current']);

    await setRecord(name, before['client_id'], 'registered-at');
    await setRecord(name, after['client_id'], 'registered-at');
    await eventually(
      () => shop.registrations(name),
      (left) => left.some(({ role, clientId }) => role === 'left-behind' && clientId === before['client_id']),
      WAIT_MS,
    );
    const { note } = await shop.untilEvent(name, ({ reason }) => reason === 'DeletionUnsupported');
    expect(note).toMatch(new RegExp(`^Client ${before['client_id']} at .* was not removed`));
    expect(await data(name)).toEqual(after);
    await shop.until(name, 'Registered');
  });

  it('waits for an annotation if the spec says Manual; an annotation that existed before is no request', async () => {
    const name = 'manual';
    const emulator = await served(name, 'cloudflare');
    const object = JSON.parse(
      clientAt(name, name, { client: web, replacement: { onEdit: 'Manual', overlap: '1h' } }),
    ) as { metadata: object };
    await testbed.apply(
      JSON.stringify({ ...object, metadata: { ...object.metadata, annotations: { [ROTATE]: 'copied' } } }),
    );
    const created = await shop.until(name, 'Registered');
    expect(created.status?.lastHandledRotateAt).toBe('copied');
    expect(emulator.count('register')).toBe(1);
    const before = await data(name);

    await shop.edit(name, { clientName: 'Edited' });
    const waiting = await shop.until(name, 'ReplacementPending');
    expect(messageBeforeNextTry(waiting)).toBe(
      'Another client is registered when you ask for it: kubectl annotate oac manual -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite. It has a new client_id. The server gave no registration access token, and the server object has no credential that manages its clients. Take the edit back, or set spec.replacement.onEdit to Automatic, so that another client is registered in its place.',
    );
    expect(await data(name)).toEqual(before);
    expect(emulator.count('register')).toBe(1);

    await annotate(name, 'now');
    const after = await eventually(
      () => data(name),
      (seen) => seen['client_id'] !== before['client_id'],
      WAIT_MS,
    );
    const { status } = await shop.until(name, 'Registered');
    expect(status).toMatchObject({ clientId: after['client_id'], lastHandledRotateAt: 'now' });
    expect(emulator.client(after['client_id'] ?? '')?.metadata['client_name']).toBe('Edited');
    expect(emulator.count('register')).toBe(2);
  });
});

describe('A client that is replaced', () => {
  it('gets another identifier; the former client is removed after the overlap, not sooner', async () => {
    const name = 'renewed';
    const emulator = await placed(name, 'rfc7591', {
      client: machine,
      replacement: { onEdit: 'Manual', overlap: '1h' },
    });
    const before = await data(name);
    await annotate(name, 'please');
    const after = await eventually(
      () => data(name),
      (seen) => seen['client_id'] !== before['client_id'],
      WAIT_MS,
    );
    await shop.until(name, 'Registered');
    expect(emulator.clients().map(({ clientId }) => clientId)).toEqual([
      before['client_id'],
      after['client_id'],
    ]);
    const replaced = await shop.untilEvent(name, ({ action }) => action === 'Replace');
    expect(replaced.note).toMatch(
      new RegExp(
        `^Client ${after['client_id']} takes the place of client ${before['client_id']}, which is kept until \\d`,
      ),
    );
    expect(after['client_secret']).toBe(emulator.client(after['client_id'] ?? '')?.clientSecret);
    const old = await emulator.requestToken({
      clientId: before['client_id'] ?? '',
      clientSecret: before['client_secret'] ?? '',
      scope: 'read',
    });
    expect(old.status).toBe(200);
    expect(emulator.count('remove')).toBe(0);

    await setRecord(name, before['client_id'], 'registered-at');
    await setRecord(name, after['client_id'], 'registered-at');
    await eventually(
      () => emulator.clients().map(({ clientId }) => clientId),
      (clients) => clients.join() === after['client_id'],
      WAIT_MS,
    );
    await eventually(
      () => shop.registrations(name),
      (left) => left.length === 1,
    );
    expect(await data(name)).toEqual(after);
    const removed = await shop.untilEvent(name, ({ reason }) => reason === 'Deregistered');
    expect(removed.note).toContain(`Client ${before['client_id']} was removed at`);
  });
});

describe('A client that is bound to another object', () => {
  const pod = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop' },
    spec: { automountServiceAccountToken: false, containers: [{ name: 'agent', image: 'agent' }] },
  });
  const job = (name: string) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'shop' },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'agent', image: 'agent' }] } } },
  });

  it.each([
    ['Job', 'batch', job],
    ['Pod', '', pod],
  ] as const)('waits for that %s, then belongs to it', async (kind, group, object) => {
    const name = `bound-${kind.toLowerCase()}`;
    const emulator = await served(name, 'rfc7591');
    const boundTo = { group, kind, name: 'agent-7' };
    await testbed.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: 'shop' },
      }),
    );
    await testbed.apply(clientAt(name, name, { client: machine, lifetime: { boundTo } }));
    const waiting = await shop.until(name, 'BoundObjectNotFound');
    expect(messageOf(waiting)).toBe(
      `${kind} agent-7 doesn't exist in namespace shop. Create that object, or correct spec.lifetime.boundTo.`,
    );
    expect(conditionOf(waiting, 'Reconciling')?.status).toBe('True');
    expect(emulator.count('register')).toBe(0);

    await testbed.apply(JSON.stringify(object('agent-7')));
    await shop.until(name, 'Registered');
    const resource = kind === 'Job' ? 'job' : 'pod';
    const uid = await shop.kubectl('get', resource, 'agent-7', '-o', 'jsonpath={.metadata.uid}');
    const { metadata } = await shop.client(name);
    const { apiVersion } = object(name);
    expect(metadata.ownerReferences).toEqual([{ apiVersion, kind, name: 'agent-7', uid }]);
  });
});

describe('A client whose lifetime is over', () => {
  it('has sent its end to the server, in seconds', () => {
    const [sent] = expiring.log.filter(({ body }) => body?.['client_name'] === 'deleted');
    expect(sent?.body?.['expires_at']).toBe(deletedSince / 1000 + 60);
  });

  it('is removed with its object and its Secret', { timeout: 120_000 }, async () => {
    await eventually(
      () => shop.kubectl('get', 'oac', 'deleted', '--ignore-not-found', '-o', 'name'),
      (found) => found === '',
      100_000,
    );
    expect(expiring.clients().filter(({ metadata }) => metadata['client_name'] === 'deleted')).toEqual([]);
    const events = await eventually(
      () => shop.events('deleted'),
      (seen) => seen.some(({ reason }) => reason === 'Ended'),
    );
    expect(events.find(({ reason }) => reason === 'Ended')?.note).toBe(
      'The lifetime in spec.lifetime.expiresAfter is over; the object is deleted.',
    );
  });

  it('keeps its object with onExpiry Deregister, and is registered again when its lifetime is extended', {
    timeout: 120_000,
  }, async () => {
    const client = await shop.until('deregistered', 'Ended', 100_000);
    expect(messageOf(client)).toMatch(
      /^The lifetime ended at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; the client and its Secret are removed\. Delete the object, or raise spec\.lifetime\.expiresAfter, which registers a client anew\.$/,
    );
    expect(client.status?.conditions?.map(({ type }) => type)).toEqual([
      'Ready',
      'Registered',
      'SecretSynced',
    ]);
    const left = () =>
      expiring.clients().filter(({ metadata }) => metadata['client_name'] === 'deregistered');
    expect(left()).toEqual([]);
    expect(await shop.secret('deregistered')).toBeUndefined();
    await shop.patch('oac', 'deregistered', { spec: { lifetime: { expiresAfter: '24h' } } });
    await shop.until('deregistered', 'Registered');
    expect(left()).toHaveLength(1);
    expect((await data('deregistered'))['client_id']).toBe(left()[0]?.clientId);
  });
});
