import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AuditLine, auditLine } from '../../../../src/core/audit-line.ts';
import type { Observation } from '../../../../src/core/observation.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { answered } from '../../../kit/fakes/fake-ports.ts';
import { type StepScene, takeStep } from '../../../kit/fakes/fake-steps.ts';
import { content } from '../../../kit/fixtures/contents.ts';
import {
  basisOf,
  deleting,
  desired,
  edited,
  NOW,
  object,
  observation,
  record,
  setback,
  unregistered,
} from '../../../kit/fixtures/observations.ts';

const RECORD = record();
const contents = { [RECORD.registrationSecret]: content };
const client = (id: string) =>
  answered(200, {
    client_id: id,
    client_secret: 'canary-secret-2',
    registration_access_token: 'canary-token-2',
    registration_client_uri: `https://sso.example.com/register/${id}`,
  });
const created = (id: string) => ({ ...client(id), status: 201 }) as ReturnType<typeof client>;
const refused = answered(400, { error: 'invalid_client_metadata', error_description: 'no' });
/** An answer that repeats the client's own token. */
const said = (status: number) =>
  answered(status, { error: 'invalid_request', error_description: 'canary-token is no good' });
const unanswered = { kind: 'noAnswer', reason: 'Timeout', detail: 'no answer in 30 s' } as const;

const deletion = observation({ object: deleting() });
const keyed = desired({ credential: { generatedKey: { algorithm: 'ES256', overlap: '24h' } } });
const madeAt = { keyCreatedAt: '2026-05-01T11:00:00Z', keyRotatesAt: NOW };
const adoptable = {
  clientId: 'c7',
  clientSecret: undefined,
  registrationAccessToken: new Sensitive('canary-token'),
  registrationClientUri: 'https://sso.example.com/register/c7',
  version: '1',
};
const failedDeletion = (more: object) =>
  observation({
    object: deleting(),
    setbacks: [setback({ basis: basisOf(deletion), since: NOW - 100_000, ...more })],
  });

/** The lines of the audit trail. */
async function trailOf(o: Observation, scene: StepScene = {}) {
  const { lines } = await takeStep(o, { contents, ...scene });
  const trail = lines.filter(({ message }) => message === 'audit');
  for (const { fields } of trail) {
    auditLine.parse(fields);
  }
  return trail;
}

const COMMON = { client: 'shop/storefront', server: 'ClusterAuthorizationServer/corporate' };
const CALL = { ...COMMON, outcome: 'Succeeded', attempt: expect.any(String), durationMs: 0 };

describe('the audit trail has one line for', () => {
  test.each<[string, Observation, StepScene, object]>([
    [
      'a registration',
      unregistered(),
      { answers: [created('c1')] },
      {
        ...CALL,
        event: 'Registration',
        clientId: 'c1',
        why: 'The object has no client at ClusterAuthorizationServer corporate.',
      },
    ],
    [
      'a replacement',
      observation({ object: object({ rotateRequestedAt: '1777636800' }) }),
      { answers: [created('c2')] },
      {
        ...CALL,
        event: 'Replacement',
        clientId: 'c2',
        replaces: 'c1',
        why: 'An annotation asks for another client in place of client c1.',
      },
    ],
    [
      'an update',
      observation({ object: edited() }),
      { answers: [client('c1')] },
      {
        ...CALL,
        event: 'Update',
        clientId: 'c1',
        why: 'The spec or the server object has changed since client c1 was last sent.',
      },
    ],
    [
      'a rotation',
      observation({ object: object({ desired: keyed }), records: [record(madeAt)] }),
      { answers: [client('c1')] },
      { ...CALL, event: 'Rotation', clientId: 'c1', why: 'Client c1 is due for another key.' },
    ],
    [
      'an adoption',
      unregistered({ adoptable }),
      { answers: [client('c7')] },
      { ...CALL, event: 'Adoption', clientId: 'c7', why: 'spec.adopt brings client c7.' },
    ],
    [
      'a deregistration',
      deletion,
      { answers: [answered(204)] },
      { ...CALL, event: 'Deregistration', clientId: 'c1', why: 'The object of client c1 is being deleted.' },
    ],
    [
      'a deregistration that is tried on without the object',
      failedDeletion({ since: NOW - 3_600_001, retryAt: NOW - 1, attempts: 7 }),
      {},
      {
        ...COMMON,
        event: 'Released',
        clientId: 'c1',
        attempts: 7,
        why: 'Client c1 is not removed. Its deregistration goes on without the object: No answer in time',
        reason: 'AuthorizationServerUnavailable',
        message: 'No answer in time',
        secret: RECORD.registrationSecret,
      },
    ],
    [
      'a client that is left behind',
      failedDeletion({ kind: 'Terminal', reason: 'DeletionUnsupported', message: 'It deletes none' }),
      {},
      {
        ...COMMON,
        event: 'LeftBehind',
        clientId: 'c1',
        attempts: 1,
        why: 'Client c1 is not removed. Its deregistration is given up: It deletes none',
        reason: 'DeletionUnsupported',
        message: 'It deletes none',
        secret: RECORD.registrationSecret,
      },
    ],
  ])('%s', async (_, o, scene, fields) => {
    expect(await trailOf(o, scene)).toEqual([{ level: 'info', message: 'audit', fields }]);
  });
});

describe('a call that did not succeed has a line, too', () => {
  test.each<[string, Observation, StepScene, Partial<AuditLine>]>([
    [
      'a registration that is refused',
      unregistered(),
      { answers: [refused] },
      { event: 'Registration', outcome: 'Failed', reason: 'InvalidClientMetadata' },
    ],
    [
      'a registration without an answer',
      unregistered(),
      { answers: [unanswered] },
      { event: 'Registration', outcome: 'Unknown', reason: 'ResponseTimedOut' },
    ],
    [
      'an update that is refused',
      observation({ object: edited() }),
      { answers: [refused] },
      { event: 'Update', outcome: 'Failed', reason: 'InvalidClientMetadata', clientId: 'c1' },
    ],
    [
      "an adoption by another client's token",
      unregistered({ adoptable }),
      { answers: [client('c8')] },
      { event: 'Adoption', outcome: 'Failed', reason: 'AdoptionRefused', clientId: 'c7' },
    ],
    [
      'a deregistration at a server that fails',
      deletion,
      { answers: [answered(503)] },
      { event: 'Deregistration', outcome: 'Failed', reason: 'AuthorizationServerUnavailable' },
    ],
  ])('%s', async (_, o, scene, fields) => {
    const trail = await trailOf(o, scene);
    expect(trail).toHaveLength(1);
    expect(trail[0]).toMatchObject({ level: 'info', fields: { ...fields, message: expect.any(String) } });
  });

  test('what is answered and not recorded yet says so', async () => {
    const trail = await trailOf(unregistered(), { answers: [created('c1')], isRecorded: false });
    expect(trail[0]?.fields).toMatchObject({ outcome: 'Succeeded', recorded: false });
  });
});

test.each<[string, Observation, StepScene]>([
  ['a registration', unregistered(), { answers: [created('c1')] }],
  ['an update that is refused', observation({ object: edited() }), { answers: [said(400)] }],
  ['an adoption that is refused', unregistered({ adoptable }), { answers: [said(401)] }],
  ['a deregistration that is refused', deletion, { answers: [said(500)] }],
])('no line holds a token or a secret: %s', async (_, o, scene) => {
  const trail = await trailOf(o, scene);
  expect(trail).toHaveLength(1);
  expect(JSON.stringify(trail)).not.toMatch(/canary/);
});

test('docs/logs.md names each field', () => {
  const fields: Readonly<Record<keyof AuditLine, true>> = {
    ...{ event: true, outcome: true, client: true, server: true, clientId: true, replaces: true },
    ...{ attempt: true, attempts: true, why: true, reason: true, message: true, recorded: true },
    ...{ secret: true, durationMs: true },
  };
  const page = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'logs.md'), 'utf8');
  const [table = ''] = page.split('| Field | Value |')[1]?.split('\n\n') ?? [];
  expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)).toEqual(Object.keys(fields));
});
