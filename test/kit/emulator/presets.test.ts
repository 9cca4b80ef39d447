import { afterEach, describe, expect, it } from 'vitest';
import { DIALECT_NAMES, OTHER_PRESETS, type PresetName, variantOf, variantsOf } from './presets.ts';
import { admission, call, management, register, start, stopAll } from './running.ts';

/**
 * Each emulated system against what its documents say, with plain HTTP. The table is written out by hand, apart from the
 * presets, so that either can prove the other wrong.
 */
afterEach(stopAll);

interface Row {
  /** Status of a registration. */
  readonly post: number;
  /** Of RAT, RCU, CIIA, CSE and secret (S), what a registration answers. */
  readonly answers: string;
  /** Status of a registration without any credential. */
  readonly bare: number;
  /** What GET answers of RAT, RCU and secret, `new` before what changed; or the status that refuses it. */
  readonly get: string | number;
  readonly put: string | number;
  /** Status of DELETE, and of GET afterwards. */
  readonly remove: readonly [number, number];
  /** Status of the registration of a client of client_credentials that asks for nothing else. */
  readonly machine: number;
}

const TABLE = `
  name              | post | answers            | bare | get             | put             | remove  | machine
  rfc7591           | 201  | RAT RCU CIIA CSE S | 201  | RAT RCU S       | RAT RCU S       | 204 401 | 201
  keycloak          | 201  | RAT RCU CIIA CSE S | 201  | RAT RCU S       | newRAT RCU S    | 204 401 | 201
  keycloak-native   | 201  | RAT CIIA CSE S     | 201  | newRAT S        | newRAT S        | 204 401 | 201
  hydra             | 201  | RAT RCU CSE S      | 201  | -               | newRAT          | 204 401 | 201
  oidc-provider     | 201  | RAT RCU CIIA CSE S | 401  | RAT RCU S       | newRAT RCU S    | 204 401 | 400
  pingone-aic       | 201  | RAT RCU CSE S      | 400  | S               | newRAT S        | 204 401 | 201
  pingone-aic-agent | 201  | RAT RCU CSE S      | 201  | S               | newRAT S        | 204 401 | 400
  forgerock         | 201  | RAT RCU CSE S      | 400  | S               | newRAT S        | 204 401 | 201
  pingfederate      | 201  | RAT RCU CIIA CSE S | 401  | RAT RCU S       | newRAT RCU S    | 204 401 | 201
  secureauth        | 201  | RAT S              | 401  | newRAT S        | newRAT S        | 204 401 | 201
  okta              | 201  | CIIA CSE S         | 401  | S               | S               | 204 404 | 400
  spring            | 201  | RAT RCU CIIA CSE S | 401  | RCU newS        | 404             | 404 200 | 400
  authlete          | 201  | RAT RCU CIIA CSE S | 201  | RAT RCU S       | RAT RCU S       | 204 400 | 201
  gluu              | 201  | RAT RCU CIIA CSE S | 201  | RAT RCU S       | RAT RCU S       | 204 401 | 201
  auth0             | 201  | CSE S              | 201  | 404             | 404             | 404 404 | 400
  authentik         | 201  | CIIA CSE S         | 401  | 404             | 404             | 404 404 | 201
  scalekit          | 201  | CIIA               | 201  | 404             | 404             | 404 404 | 201
  openam            | 201  | RAT RCU CSE S      | 400  | S               | 405             | 405 200 | 201
  ibm               | 201  | RAT RCU CIIA CSE S | 201  | RAT RCU S       | newRAT RCU newS | 204 401 | 201
  curity            | 201  | RAT RCU CIIA CSE S | 401  | newRAT RCU newS | newRAT RCU newS | 204 401 | 201
  wso2              | 201  | CSE S              | 401  | S               | S               | 204 401 | 201
  connect2id        | 200  | RAT RCU CIIA CSE S | 401  | RAT RCU S       | RAT RCU S       | 204 401 | 201
  zitadel           | 201  | RAT RCU CIIA CSE S | 401  | RCU             | newRAT RCU      | 204 404 | 400
  cloudflare        | 201  | CIIA CSE S         | 201  | -               | -               | 200 200 | 400
`;

/** `-`: none. */
function rowOf(line: string): readonly [PresetName, Row] {
  const [name = '', post, answers = '', bare, get = '', put = '', remove = '', machine] = line
    .split('|')
    .map((cell) => cell.trim());
  const carriedOrStatus = (cell: string) => (/^\d+$/.test(cell) ? Number(cell) : cell.replace('-', ''));
  const [removed = 0, after = 0] = remove.split(' ').map(Number);
  return [
    name as PresetName,
    {
      post: Number(post),
      answers,
      bare: Number(bare),
      get: carriedOrStatus(get),
      put: carriedOrStatus(put),
      remove: [removed, after],
      machine: Number(machine),
    },
  ];
}

const ROWS = Object.fromEntries(TABLE.trim().split('\n').slice(1).map(rowOf)) as Readonly<
  Record<PresetName, Row>
>;

/** Of the settings in which a registration is answered otherwise. */
const VARIANT_STATUSES: Readonly<Record<string, number>> = {
  'hydra off': 404,
  'auth0 off': 404,
  'auth0 apiReference': 200,
  'cloudflare off': 501,
  'gluu old': 200,
  'gluu certificate': 401,
  'ibm old': 200,
};

const names = Object.keys(ROWS) as PresetName[];
const SHORT = {
  registration_access_token: 'RAT',
  registration_client_uri: 'RCU',
  client_id_issued_at: 'CIIA',
  client_secret_expires_at: 'CSE',
  client_secret: 'S',
} as const;
type Carried = Readonly<Record<string, unknown>>;

/** `RAT RCU …` of an answer; `before`: values of which a change is worth a word. */
const carried = (answer: Carried, members: readonly (keyof typeof SHORT)[], before?: Carried) =>
  members
    .filter((member) => answer[member] !== undefined)
    .map((member) => {
      const changed =
        before !== undefined && before[member] !== undefined && before[member] !== answer[member];
      return (changed ? 'new' : '') + SHORT[member];
    })
    .join(' ');
const REGISTERED = Object.keys(SHORT) as (keyof typeof SHORT)[];
const MANAGED = ['registration_access_token', 'registration_client_uri', 'client_secret'] as const;

it('has a row for every system', () => {
  expect(names.toSorted()).toEqual([...DIALECT_NAMES, ...Object.keys(OTHER_PRESETS)].toSorted());
});

describe.each(names)('%s', (name) => {
  const row = ROWS[name];

  it('answers a registration with what its documents show', async () => {
    const emulator = await start(name);
    const { status, json } = await register(emulator);
    expect([status, carried(json, REGISTERED)]).toEqual([row.post, row.answers]);
    const client = emulator.client(String(json['client_id']));
    expect(json['client_secret']).toBe(client?.clientSecret);
    expect(json['registration_access_token']).toBe(client?.registrationAccessToken);
  });

  it('does with a registration without credentials what its gate says', async () => {
    const emulator = await start(name);
    const { status } = await call('POST', emulator.registrationEndpoint, {
      body: emulator.capabilities.webBody,
    });
    expect(status).toBe(row.bare);
    expect(emulator.clients()).toHaveLength(row.bare < 300 ? 1 : 0);
  });

  it('answers a read as its documents show', async () => {
    const { uri, authorization, first } = await registered(name);
    const { status, json } = await call('GET', uri, { authorization });
    expect(status < 300 ? carried(json, MANAGED, first) : status).toBe(row.get);
  });

  it('answers an update as its documents show, and a token that it replaced is dead', async () => {
    const { emulator, uri, authorization, first, clientId } = await registered(name);
    const body = { ...emulator.capabilities.webBody, client_name: 'Changed', client_id: clientId };
    const secret =
      emulator.behaviour.update.secretEcho === 'required' ? { client_secret: first['client_secret'] } : {};
    const update = () => call('PUT', uri, { authorization, body: { ...body, ...secret } });
    const { status, json } = await update();
    expect(status < 300 ? carried(json, MANAGED, first) : status).toBe(row.put);
    const { supported, rotatesToken } = emulator.capabilities.update;
    expect(emulator.client(clientId)?.metadata['client_name']).toBe(supported ? 'Changed' : 'Web');
    const again = await update();
    expect(again.status).toBe(rotatesToken ? 401 : status);
  });

  it('deletes as its documents show', async () => {
    const { emulator, uri, authorization, clientId } = await registered(name);
    const removed = await call('DELETE', uri, { authorization });
    const after = await call('GET', uri, { authorization });
    expect([removed.status, after.status]).toEqual(row.remove);
    expect(emulator.client(clientId) === undefined).toBe(removed.status === 204);
    if (removed.status === 204) {
      expect(after.status).toBe(emulator.capabilities.goneStatus);
    }
  });

  it('takes a client of client_credentials, or says that it does not', async () => {
    const emulator = await start(name);
    const bare = { client_name: 'Machine', grant_types: ['client_credentials'] };
    const { status } = await register(emulator, bare);
    expect(status).toBe(row.machine === 201 ? row.post : row.machine);
  });

  it('gives a client of client_credentials, asked for in its own way, credentials that work', async () => {
    const emulator = await start(name);
    const { machineBody } = emulator.capabilities;
    const { status, json } = await register(emulator, machineBody ?? { grant_types: ['client_credentials'] });
    expect(machineBody === undefined ? row.post : status).toBe(row.post);
    const answer = await emulator.requestToken({
      clientId: String(json['client_id']),
      clientSecret: String(json['client_secret']),
    });
    expect(answer.status === 200).toBe(machineBody !== undefined);
  });

  it('refuses a redirect URI with a fragment', async () => {
    const emulator = await start(name);
    const body = { ...emulator.capabilities.webBody, redirect_uris: ['https://app.example/cb#x'] };
    expect((await register(emulator, body)).status).toBe(400);
    expect(emulator.clients()).toEqual([]);
  });

  it('refuses a method of authentication that it does not know', async () => {
    const emulator = await start(name);
    const body = { ...emulator.capabilities.webBody, token_endpoint_auth_method: 'nonsense' };
    const { status, json } = await register(emulator, body);
    expect([status, json['client_id']]).toEqual(
      name === 'scalekit' ? [201, expect.any(String)] : [400, undefined],
    );
  });

  it('refuses a wrong token for a client that exists', async () => {
    const { emulator, uri } = await registered(name);
    const { status } = await call('GET', uri, { authorization: 'Bearer wrong' });
    expect(status).toBe(emulator.capabilities.managers.length > 0 ? 401 : row.remove[1]);
  });

  it.each(variantsOf(name))('registers in the setting %s as it does there', async (variant) => {
    const emulator = await start(name, variantOf(name, variant));
    const { status } = await register(emulator);
    expect(status).toBe(VARIANT_STATUSES[`${name} ${variant}`] ?? row.post);
    expect(emulator.clients()).toHaveLength(status < 300 ? 1 : 0);
  });
});

async function registered(name: PresetName) {
  const emulator = await start(name);
  const { json: first } = await register(emulator);
  const clientId = String(first['client_id']);
  const uri = emulator.client(clientId)?.configurationUri ?? '';
  return { emulator, first, clientId, uri, authorization: management(emulator, clientId) };
}

it('admits by a token that was made at the token endpoint', async () => {
  const emulator = await start('spring');
  const { client } = emulator.credentials;
  const { body } = await emulator.requestToken({ ...client, scope: 'client.create' });
  const answer = await call('POST', emulator.registrationEndpoint, {
    body: emulator.capabilities.webBody,
    authorization: `Bearer ${String(body['access_token'])}`,
  });
  expect(answer.status).toBe(201);
  expect(admission(emulator)).toMatch(/^Bearer /);
});
