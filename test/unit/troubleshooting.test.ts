import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NOT_YET_SEEN } from '../../src/api/conditions.ts';
import { REASONS } from '../../src/api/reasons.ts';
import { notDone } from '../../src/controller/client/round.ts';
import { withCure } from '../../src/controller/client/setbacks.ts';
import { FAILED_ROUND } from '../../src/controller/client/unfinished.ts';
import type { Step } from '../../src/core/action.ts';
import { suspicion } from '../../src/core/lost-tokens.ts';
import type { Observation } from '../../src/core/observation.ts';
import { plan } from '../../src/core/plan.ts';
import { limited, NO_LIMITS } from '../../src/core/rate-limits.ts';
import { callTooSoon } from '../../src/core/rules/floor.ts';
import { unavailableMessage } from '../../src/core/server-access.ts';
import { HEALTHY, type ServerHealth } from '../../src/core/server-health.ts';
import { type ServerFacts, summarizeServer } from '../../src/core/summarize-server.ts';
import { answered } from '../kit/fakes/fake-ports.ts';
import { refusals } from '../kit/fakes/operator-in-memory.ts';
import { type TakeOptions, take } from '../kit/fakes/step-runner.ts';
import { replacementOf } from '../kit/fixtures/client-specs.ts';
import {
  clientObject,
  DELETED,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../kit/fixtures/objects.ts';
import {
  basisOf,
  connection,
  deleting,
  desired,
  edited,
  FORGOTTEN,
  NOW,
  object,
  observation,
  reached,
  record,
  setback,
  unregistered,
} from '../kit/fixtures/observations.ts';
import { issuer, objectOf, open } from '../kit/fixtures/server-objects.ts';

/** docs/troubleshooting.md: each message of the page is made here. */

const HOUR = 3_600_000;
const REF = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;

/** Reason and message where the client comes to rest. */
function rest(
  overrides: Partial<Observation>,
  from: (overrides: Partial<Observation>) => Observation = observation,
): Made {
  const decision = plan(from(overrides));
  return { reason: decision.type === 'Idle' ? decision.reason : decision.type, message: decision.message };
}

/** Reason and message of the first Event of a step. */
async function event<Type extends Step['type']>(type: Type, options: TakeOptions<Type>): Promise<Made> {
  const { events } = await take(type, options);
  const [first] = events;
  return { reason: first?.reason ?? '', message: first?.message ?? '' };
}

const unfinished = ({ reason, why }: ReturnType<typeof notDone>): Made => ({
  reason,
  message: withCure(why, reason),
});

/** Reason and message of a condition of the server object. */
function serverSays(type: string, change: Partial<ServerFacts>): Made {
  const facts: ServerFacts = {
    ...{ object: objectOf({ issuer, registration: open }), endpoints: undefined, problem: undefined },
    ...{ health: HEALTHY, management: 'Unknown', admissionAccepted: false, registeredIssuer: undefined },
    ...{ effectiveDialect: undefined, signingKeys: undefined, now: new Date(NOW).toISOString() },
    counts: { clients: 0, suspectedOrphans: 0, owed: 0, leftBehind: 0 },
    ...change,
  };
  const found = summarizeServer(facts).conditions?.find((condition) => condition.type === type);
  return { reason: found?.reason ?? '', message: found?.message ?? '' };
}

/** Reason and message of the bound on registrations, after so many within a minute. */
function bound(registrations: number): Made {
  const sentCalls = Array.from({ length: registrations }, (_, index) => ({
    ...({ kind: 'Register', attempt: `s${index}`, at: NOW - index } as const),
  }));
  const idle = callTooSoon(observation({ records: [], sentCalls }), 'Register', 'Automatic', connection);
  return { reason: idle?.reason ?? '', message: idle?.message ?? '' };
}

const paused: ServerHealth = {
  ...HEALTHY,
  rateLimits: limited(NO_LIMITS, 'registrations', HOUR, NOW),
};
const gone = answered(401, { error: 'invalid_client', error_description: 'No such client' });
const registered = [...surroundings(), clientObject(), registrationSecret()];
const inDeletion = [...surroundings(), clientObject(DELETED), registrationSecret()];
const labelled = {
  secret: { name: 'storefront-oauth', mode: 'Write', format: 'Keys', labels: { team: 'x' } },
} as const;
const ended = new Date(NOW - HOUR).toISOString();

const unmanaged = edited({
  desired: desired({ client: { clientName: 'Edited' }, replacement: replacementOf({ onEdit: 'Manual' }) }),
});
const unsupported = setback({
  ...{ action: 'Update', kind: 'Terminal', reason: 'UpdateUnsupported', retryAt: Number.POSITIVE_INFINITY },
  basis: basisOf(observation({ object: unmanaged })),
});

interface Made {
  readonly reason: string;
  readonly message: string;
}

/** Symptom → what the operator says in that case. */
const MADE: Readonly<Record<string, () => Made | Promise<Made>>> = {
  'nothing happens after kubectl apply': () => NOT_YET_SEEN,
  'the client waits for a server': () => ({
    reason: 'AuthorizationServerNotAvailable',
    message: unavailableMessage({ ref: REF, namespace: 'shop', isOfOtherKind: false, closed: undefined }),
  }),
  'no Secret appears, and the server has the client': () =>
    event('Publish', { objects: registered, refuses: { 'create Secret': refusals.forbidden } }),
  'the object says that a write is refused': () =>
    unfinished(notDone('The finalizer is not put on', refusals.forbidden)),
  'the object does not get on, and nothing is refused': () =>
    unfinished(notDone('Secret storefront-oauth is not written', refusals.broken)),
  'the operator fails at one object': () => unfinished(FAILED_ROUND),
  'the name of the Secret is taken': () =>
    event('Publish', {
      objects: registered,
      meanwhile: ({ cluster }) =>
        cluster.put('Secret', { metadata: { namespace: 'shop', name: 'storefront-oauth', uid: 'theirs' } }),
    }),
  'the server answered, and the answer is not stored': () =>
    rest({ unrecorded: { refused: 'exceeded quota' } }),
  'an answer was lost, and no other registration is made': () =>
    rest(
      {
        suspects: { count: 1, latestAt: NOW, isOver: false },
        server: reached({ recovery: { ...connection.recovery, interrupted: 'Hold' } }),
      },
      unregistered,
    ),
  'no more clients': () =>
    rest({ server: reached({ policy: { maxClientsPerNamespace: 1 } }), clientsInNamespace: 1 }, unregistered),
  'the workload gets invalid_client, and Ready is False': () => rest({ heard: FORGOTTEN }),
  'an edit or a read is refused, and Ready stays True': () =>
    event('Update', {
      objects: [
        ...surroundings(),
        clientObject({}, { client: { clientName: 'Edited' } }),
        registrationSecret(),
        workloadSecret(),
      ],
      outcomes: [answered(401, { error: 'invalid_token' })],
    }),
  'edits of all clients of a server wait': () => ({
    reason: 'AuthorizationServerSuspect',
    message: suspicion({ losses: [], namespaces: 3 }, NOW),
  }),
  'the secret ended': () =>
    rest({
      object: object({ desired: desired({ replacement: replacementOf({ onExpiry: 'Never' }) }) }),
      records: [record({ clientSecretExpiresAt: ended })],
    }),
  'the end of the secret is in the past from the start': () =>
    rest({
      records: [record({ clientSecretExpiresAt: '2020-01-01T00:00:00Z', endIsFixed: true })],
    }),
  'one client after the other is registered': () => bound(3),
  'no more replacements': () => bound(connection.recovery.maxRegistrationsPerHour),
  'the registration Secret is gone': () => rest({ records: [] }),
  'a label of the Secret disappears': () =>
    event('Publish', {
      objects: [...surroundings(), clientObject({}, labelled), registrationSecret(), workloadSecret()],
      before: ({ context: { api } }) => {
        const replace = api.replace.bind(api);
        Object.assign(api, {
          replace: (resource: never, secret: { metadata: object }) =>
            replace(resource, { ...secret, metadata: { ...secret.metadata, labels: {} } } as never),
        });
      },
    }),
  'an edit needs another client': () =>
    rest({
      object: unmanaged,
      setbacks: [unsupported],
    }),
  'the client is ready, and the token endpoint refuses it': () =>
    event('Register', {
      objects: [
        ...surroundings(),
        clientObject({}, { client: { tokenEndpointAuthMethod: 'client_secret_basic' } }, {}),
      ],
      outcomes: [gone],
      server: { connection: { ...connection, offered: { token_endpoint_auth_method: ['none'] } } },
    }),
  'a Secret that was deleted by hand does not come back': () =>
    serverSays('SecretsUnwatched', { secretsUnwatched: 'unable to transform key' }),
  'the server object is not ready': () =>
    serverSays('Ready', {
      health: { ...HEALTHY, phase: 'Failing', metBy: 'All', countedAt: NOW, lastError: 'No connection' },
    }),
  'some calls are not sent for some time': () => serverSays('Paused', { health: paused }),
  'nothing is sent at all': () =>
    serverSays('Paused', { object: objectOf({ issuer, registration: open, suspend: true }) }),
  'the object does not disappear': () =>
    rest({
      object: deleting(),
      setbacks: [setback({ reason: 'DeletionUnconfirmed', message: 'The server answered 401.' })],
    }),
  'the server cannot delete': async () => {
    const dialect = { ...connection.dialect, deleteEffect: { supported: false } };
    const { memory, round } = await take('Deregister', {
      objects: inDeletion,
      server: { connection: { ...connection, dialect } as never },
    });
    const [found] = memory.setbacks(round.key);
    return { reason: found?.reason ?? '', message: found?.message ?? '' };
  },
  'the client was gone already': () => event('Deregister', { objects: inDeletion, outcomes: [gone, gone] }),
};

interface Row {
  readonly symptom: string;
  readonly reason: string;
  /** With `…` where something differs. */
  readonly message: string;
}

const ROWS: readonly Row[] = readFileSync(join(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, symptom = '', reason = '', message = ''] =
      /^\| (.+?) \| `(\w+)`: `([^`]+)` \| .+ \| .+ \|$/.exec(line) ?? [];
    return symptom === '' ? [] : [{ symptom: symptom.replaceAll('`', ''), reason, message }];
  });

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const patternOf = (message: string): RegExp => new RegExp(message.split('…').map(escaped).join('.*?'));

describe('docs/troubleshooting.md', () => {
  test('has a row for each case, and only reasons that exist', () => {
    expect(ROWS.map(({ symptom }) => symptom)).toEqual(Object.keys(MADE));
    expect(ROWS.filter(({ reason }) => !Object.hasOwn(REASONS, reason))).toEqual([]);
  });

  test.each(ROWS)('shows what the operator says where $symptom', async ({ symptom, reason, message }) => {
    const made = await MADE[symptom]?.();
    expect(made?.reason).toBe(reason);
    expect(made?.message).toMatch(patternOf(message));
  });
});
