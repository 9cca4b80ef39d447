import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthClient } from '../../../../src/api/oauth-client.ts';
import { DIALECT_NAMES, type DialectName } from '../../../../src/dialects/presets.ts';
import type { Capabilities } from '../../../kit/emulator/capabilities.ts';
import { SERVER_MEMBERS } from '../../../kit/emulator/known-members.ts';
import { CAPABILITIES } from '../../../kit/emulator/presets.ts';
import type { LoggedRequest } from '../../../kit/emulator/serve.ts';
import { strings } from '../../../kit/emulator/server-state.ts';
import { all, clusterServer, conditionOf, credential, eventually, oauthClient } from '../objects.ts';
import {
  admissionOf,
  expectMetadata,
  expectPublished,
  formsOf,
  managementOf,
  onlyClient,
  refusable,
  refusalOf,
} from './expectations.ts';
import { dialectsPage } from './page.ts';
import {
  isOpen,
  NAMESPACE,
  type Placed,
  refusalOfWrongCredential,
  secretObject,
  specClient,
  WRONG,
} from './placed.ts';
import { admissionSeen, notesSeen, saw } from './rows.ts';
import { type ContractScene, startContract, untilGone } from './scene.ts';

/** One contract for all dialects: each step runs with all of them at once, against one operator. */

const PAGE = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'dialects.md');
/** Long enough to notice a loop. */
const REST_MS = 3_000;
/** Time until the started work is done, such as a server object's status with the new number of clients. */
const SETTLE_MS = 1_000;
/** A new object for each test: the test runner writes into its options. */
const step = () => ({ timeout: 60_000 });

let scene: ContractScene;

beforeAll(async () => {
  scene = await startContract();
  await scene.create(...DIALECT_NAMES.map((name) => ({ placed: scene.placed(name), name })));
}, 120_000);

afterAll(() => scene?.stop());

/** The dialects whose servers can do this. */
const where = (can: (capabilities: Capabilities) => boolean): readonly DialectName[] =>
  DIALECT_NAMES.filter((dialect) => can(CAPABILITIES[dialect]));

const canChange = ({ managers, update }: Capabilities) => managers.length > 0 && update.supported;
const hasToken = ({ managers }: Capabilities) => managers.includes('registrationToken');

const GATED = DIALECT_NAMES.filter((dialect) => refusalOfWrongCredential(dialect) !== undefined);
const OPEN = DIALECT_NAMES.filter((dialect) => isOpen(dialect));
const CHANGING = where(canChange);
const UNCHANGING = where((capabilities) => !canChange(capabilities));
const DELETING = where(({ remove }) => remove);
const UNDELETING = where(({ remove }) => !remove);

describe('A wrong credential', () => {
  it.concurrent.each(GATED)(
    'for %s is told on the client and on the server object',
    step(),
    async (dialect) => {
      const placed = scene.placed(dialect);
      const reason = refusalOfWrongCredential(dialect) ?? expect.fail('nothing is asked for');
      const { message } = await scene.until(dialect, reason);
      expect(message).toMatch(/(The server|The token endpoint) answered (status )?(400|401) /);
      expect(message).toMatch(/\.$/);
      expect(placed.emulator.clients()).toEqual([]);
      expect(await scene.secret(dialect)).toBeUndefined();
      if (reason !== 'InvalidSoftwareStatement') {
        const refused = await eventually(
          () => admissionOf(scene, placed),
          (condition) => condition?.status === 'False',
          20_000,
        );
        expect(refused).toMatchObject({ reason });
      }
    },
  );
});

describe('The right credential, put into the same Secret', () => {
  beforeAll(async () => {
    const credentials = DIALECT_NAMES.flatMap((dialect) => scene.placed(dialect).credentials);
    await scene.testbed.apply(all(...credentials.map((credential) => secretObject(credential))));
  });

  it.concurrent.each(DIALECT_NAMES)('lets %s register the client, once', step(), async (dialect) => {
    const placed = scene.placed(dialect);
    const { client } = await scene.until(dialect, 'Registered');
    expectMetadata(placed, dialect, placed.scopes[0]);
    expect(client.status?.clientId).toBe(onlyClient(placed).clientId);
    await expectPublished(scene, placed, dialect);
    expect(
      placed.emulator.log.filter(({ call, status = 0 }) => call === 'register' && status < 300),
    ).toHaveLength(1);
    sawCreation(placed, client);
  });

  it.concurrent.each(DIALECT_NAMES)('lets the object of %s say so', step(), async (dialect) => {
    const placed = scene.placed(dialect);
    const accepted = await eventually(
      () => admissionOf(scene, placed),
      (condition) => condition?.status === 'True',
      20_000,
    );
    expect(accepted).toMatchObject({ reason: 'AdmissionAccepted' });
    const { status } = await scene.server(placed);
    expect(status?.management).toBe(managementOf(placed.capabilities));
    saw(dialect, { management: status?.management ?? '' });
  });
});

function sawCreation(placed: Placed, client: OAuthClient): void {
  const { emulator, dialect } = placed;
  const { status } = emulator.log.findLast(({ call }) => call === 'register') ?? {};
  saw(dialect, {
    admission: admissionSeen(placed),
    create: `yes (${status})`,
    secret: onlyClient(placed).clientSecret === undefined ? 'id alone: a public client' : 'id and secret',
    notes: notesSeen(placed, client),
  });
}

/** What would change if the operator were still working. */
const stillness = async (dialect: DialectName) => ({
  calls: scene.placed(dialect).emulator.log.length,
  client: (await scene.client(dialect))?.metadata.resourceVersion,
  server: (await scene.server(scene.placed(dialect))).metadata.resourceVersion,
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** No server gets another call, and no object is written again. */
function itRests(): void {
  const before = new Map<DialectName, Awaited<ReturnType<typeof stillness>>>();

  beforeAll(async () => {
    await pause(SETTLE_MS);
    for (const dialect of DIALECT_NAMES) {
      before.set(dialect, await stillness(dialect));
    }
    await pause(REST_MS);
  });

  it.each(DIALECT_NAMES)('rests with %s: no call, no write', async (dialect) => {
    expect(await stillness(dialect)).toEqual(before.get(dialect));
  });
}

describe('Once registered, the operator', itRests);

/** If the client has redirect URIs, each edit adds one. */
function editedRedirectUris({ body }: Placed, round: number): readonly string[] | undefined {
  const uris = strings(body['redirect_uris']);
  return uris.length === 0 ? undefined : [...uris, `https://app.example/edited-${round + 1}`];
}

describe('An edit', () => {
  it.concurrent.each(CHANGING)(
    'arrives at %s, and so does the next (rules 20 and 22)',
    step(),
    async (dialect) => {
      const placed = scene.placed(dialect);
      const { rotatesToken, rotatesSecret } = placed.capabilities.update;
      const [first, second] = placed.scopes;
      for (const [round, scopes] of [first, second].entries()) {
        const before = onlyClient(placed);
        const name = `${dialect} edited ${round + 1}`;
        const redirectUris = editedRedirectUris(placed, round);
        const body = {
          ...placed.body,
          ...(redirectUris === undefined ? {} : { redirect_uris: redirectUris }),
        };
        await scene.edit(dialect, specClient(body, name, scopes));
        await scene.until(dialect, 'Registered');
        expectMetadata({ ...placed, body }, name, scopes);
        await expectPublished(scene, placed, dialect);
        const after = onlyClient(placed);
        expect(after.clientId).toBe(before.clientId);
        expect(after.registrationAccessToken !== before.registrationAccessToken).toBe(rotatesToken);
        expect(after.clientSecret !== before.clientSecret).toBe(rotatesSecret);
      }
      expect(placed.emulator.count('update')).toBe(2);
      saw(dialect, {
        update: rotatesSecret ? 'yes, with a new secret' : 'yes',
        rotation: rotatesToken ? 'yes' : '—',
      });
    },
  );

  it.concurrent.each(UNCHANGING)(
    "can't be made at %s, which is said; the Secret stays",
    step(),
    async (dialect) => {
      const placed = scene.placed(dialect);
      const before = await scene.secret(dialect);
      await scene.edit(dialect, { clientName: `${dialect} edited` });
      const { message } = await scene.until(dialect, 'UpdateUnsupported');
      expect(message).toMatch(
        /Take the edit back, or set spec\.replacement\.onEdit to Automatic, so that another client is registered in its place\. It is tried again at \S+Z\. Or have another client registered now, with a new client_id: kubectl annotate oac \S+ -n \S+ oauth-registrar\.dev\/rotate-requested-at=\S+ \S+ --overwrite$/,
      );
      expect(await scene.secret(dialect)).toEqual(before);
      expect(placed.emulator.count('update')).toBe(0);
      expect(onlyClient(placed).metadata['client_name']).toBe(dialect);
      saw(dialect, { update: 'no (`UpdateUnsupported`)', rotation: '—' });
    },
  );

  it.each(DIALECT_NAMES)('reads nothing at %s, since some reads change something (rule 21)', (dialect) => {
    expect(scene.placed(dialect).emulator.count('read')).toBe(0);
  });
});

describe('After an edit, the operator', itRests);

describe('A deletion', () => {
  it.concurrent.each(DELETING)('removes the client at %s', step(), async (dialect) => {
    await scene.remove(dialect);
    await untilGone(scene, dialect);
    expect(scene.placed(dialect).emulator.clients()).toEqual([]);
    saw(dialect, { remove: 'yes' });
  });

  it.concurrent.each(UNDELETING)(
    'lets go of the client at %s, and says what stays behind',
    step(),
    async (dialect) => {
      const placed = scene.placed(dialect);
      const { clientId } = onlyClient(placed);
      await scene.remove(dialect);
      await untilGone(scene, dialect);
      const { note } = await scene.warning(dialect, 'DeletionUnsupported');
      expect(note).toContain(`Client ${clientId} at ${placed.emulator.issuer} was not removed: `);
      expect(note).toContain('stays behind; its record is in Secret');
      expect(placed.emulator.count('remove')).toBe(0);
      placed.emulator.deleteClient(clientId);
      saw(dialect, { remove: 'no, stays behind (`DeletionUnsupported`)' });
    },
  );
});

const refusedName = (dialect: DialectName) => `${dialect}-refused`;

describe('Bad metadata', () => {
  beforeAll(async () => {
    const wanted = DIALECT_NAMES.map((dialect) => {
      const placed = scene.placed(dialect);
      const name = refusedName(dialect);
      return { placed, name, client: refusable(placed, name) };
    });
    await scene.create(...wanted);
  });

  it.concurrent.each(DIALECT_NAMES)(
    'is refused by %s in its own words, and nothing is registered',
    step(),
    async (dialect) => {
      const placed = scene.placed(dialect);
      const name = refusedName(dialect);
      const { reason, words } = refusalOf(placed);
      const { client, message } = await scene.until(name, reason);
      expect(message).toContain(`The server answered ${words}`);
      expect(conditionOf(client, 'Stalled')?.status).toBe('True');
      expect(placed.emulator.clients()).toEqual([]);
      expect(await scene.secret(name)).toBeUndefined();
      expect(placed.emulator.log.filter(({ body }) => body?.['client_name'] === name)).toHaveLength(1);
    },
  );
});

const lostName = (dialect: DialectName) => `${dialect}-lost`;

describe('A credential that manages clients and is refused', () => {
  beforeAll(async () => {
    await scene.create(
      ...CHANGING.map((dialect) => ({ placed: scene.placed(dialect), name: lostName(dialect) })),
    );
  });

  it.concurrent.each(where((placed) => canChange(placed) && hasToken(placed)))(
    'at %s is told as lost; the client keeps its Secret and is not registered again (rule 34)',
    step(),
    async (dialect) => {
      const placed = scene.placed(dialect);
      const name = lostName(dialect);
      await scene.until(name, 'Registered');
      const { clientId } = onlyClient(placed);
      const before = await scene.secret(name);
      placed.emulator.forgetToken(clientId);
      await scene.edit(name, { clientName: 'Edited' });
      const { client, message } = await scene.until(name, 'RegistrationAccessTokenLost');
      expect(message).toContain(`The registration access token of client ${clientId} was refused`);
      expect(message).toMatch(
        /Nothing can change the client with it, and whether the client still works is not known\. Request another one by the annotation oauth-registrar\.dev\/rotate-requested-at, or set recovery\.tokenLost of the server object to Reregister\. It is tried again at \S+Z\.$/,
      );
      expect(conditionOf(client, 'Stalled')?.status).toBe('True');
      expect(await scene.secret(name)).toEqual(before);
      expect(onlyClient(placed)).toMatchObject({ clientId, metadata: { client_name: name } });
    },
  );

  it.concurrent.each(where((placed) => canChange(placed) && !hasToken(placed)))(
    'at %s is told and waited for: the edit arrives once the Secret holds the right one (rule 7)',
    step(),
    async (dialect) => {
      const placed = scene.placed(dialect);
      const name = lostName(dialect);
      await scene.until(name, 'Registered');
      const before = await scene.secret(name);
      const [managing] = placed.credentials.filter(({ isManagement }) => isManagement);
      const secret = managing ?? expect.fail('no credential manages the clients');
      await scene.testbed.apply(secretObject(secret, { wrong: true }));
      // An edit may come before the operator has seen the Secret.
      let [edits, reason, message] = [0, 'Registered', ''];
      while (reason === 'Registered') {
        edits += 1;
        await scene.edit(name, { clientName: `${name} edited ${edits}` });
        ({ reason, message } = await scene.until(name, 'Registered', 'AdmissionRefused'));
      }
      expect(message).toContain('The server answered ');
      expect(await scene.secret(name)).toEqual(before);
      await scene.testbed.apply(secretObject(secret));
      await scene.until(name, 'Registered');
      expect(onlyClient(placed).metadata['client_name']).toBe(`${name} edited ${edits}`);
    },
  );
});

describe('The real oidc-provider, with its dialect', () => {
  const name = 'embedded';
  const onlyOne = () => {
    const [client, ...others] = scene.testbed.server.clients();
    expect(others).toEqual([]);
    return client;
  };
  const expectToken = async () => {
    const { client_id: clientId = '', client_secret: clientSecret = '' } = (await scene.secret(name)) ?? {};
    const token = await scene.testbed.server.requestToken({ clientId, clientSecret });
    expect(token).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
  };

  it('registers the client', step(), async () => {
    const { issuer, initialAccessToken = '' } = scene.testbed.server;
    const spec = { dialect: 'oidc-provider' };
    await scene.testbed.apply(
      all(
        credential(initialAccessToken),
        clusterServer(issuer, name, spec),
        oauthClient(NAMESPACE, name, { server: { kind: 'ClusterAuthorizationServer', name } }),
      ),
    );
    await scene.until(name, 'Registered');
    expect(onlyOne()).toMatchObject({ client_name: 'Machine', scope: 'read' });
    await expectToken();
  });

  it.each(['Edited', 'Edited again'])('takes the client as %s', step(), async (clientName) => {
    await scene.edit(name, { clientName });
    await scene.until(name, 'Registered');
    expect(onlyOne()).toMatchObject({ client_name: clientName });
    await expectToken();
  });

  it('has no client after the deletion', step(), async () => {
    await scene.remove(name);
    await untilGone(scene, name);
    expect(scene.testbed.server.clients()).toEqual([]);
  });
});

describe('What was sent', () => {
  const callsOf = (dialect: DialectName, call: LoggedRequest['call']) =>
    scene.placed(dialect).emulator.log.filter((entry) => entry.call === call);

  const serverMembers: readonly string[] = SERVER_MEMBERS;

  it.each(where(({ gate }) => gate.oneUse))(
    'to %s was a token of its own for each registration (rule 6)',
    (dialect) => {
      const tokens = callsOf(dialect, 'register').map(({ credential }) => credential);
      expect(tokens.length).toBeGreaterThanOrEqual(2);
      expect(new Set(tokens).size).toBe(tokens.length);
    },
  );

  it.each(OPEN)('to %s was no token with any registration, since it is open (rule 39)', (dialect) => {
    const schemes = callsOf(dialect, 'register').map(({ scheme }) => scheme);
    expect(schemes.length).toBeGreaterThanOrEqual(2);
    expect(schemes.filter((scheme) => scheme !== undefined)).toEqual([]);
  });

  it.each(CHANGING)(
    'to %s with each edit was the client_id, and nothing that the server alone may set (rule 24)',
    (dialect) => {
      const bodies = callsOf(dialect, 'update').map(({ body = {} }) => body);
      expect(bodies.length).toBeGreaterThanOrEqual(2);
      for (const body of bodies) {
        expect(body['client_id']).toBeTypeOf('string');
        expect(Object.keys(body).filter((member) => serverMembers.includes(member))).toEqual([]);
      }
    },
  );

  it.each(where(({ gate }) => gate.statement === 'required'))(
    'to %s with each registration and each edit was a software statement (rule 8)',
    (dialect) => {
      const bodies = [...callsOf(dialect, 'register'), ...callsOf(dialect, 'update')].map(({ body }) => body);
      expect(bodies.length).toBeGreaterThanOrEqual(4);
      expect(bodies.filter((body) => typeof body?.['software_statement'] !== 'string')).toEqual([]);
    },
  );
});

describe('No secret', () => {
  let text = '';

  beforeAll(async () => {
    text = await scene.readable();
  });

  it('is in logs, Events, statuses or metrics, all of which contain text', () => {
    for (const part of ['"started"', 'DeletionUnsupported', 'AdmissionAccepted', '# HELP']) {
      expect(text).toContain(part);
    }
  });

  it.each(DIALECT_NAMES)('of %s is in log, Events, status or metrics', (dialect) => {
    const { secrets } = scene.placed(dialect).emulator;
    expect(secrets.size).toBeGreaterThan(5);
    const leaked = [...secrets, WRONG].filter((secret) =>
      formsOf(secret).some((form) => text.includes(form)),
    );
    expect(leaked).toEqual([]);
  });
});

describe('docs/dialects.md', () => {
  it('matches what this suite saw; `npm run generate:dialects` writes it', () => {
    const page = dialectsPage();
    if (process.env['UPDATE_DIALECTS'] === '1') {
      writeFileSync(PAGE, page);
    }
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });
});
