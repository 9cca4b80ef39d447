import { describe, expect, test } from 'vitest';
import { omit } from '../../../../../src/oauth/objects.ts';
import { refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, type TakeOptions, take } from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  OPERATOR_NAMESPACE,
  recorded,
  registrationSecret,
  stored,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { INSTALLATION, NOW } from '../../../../kit/fixtures/observations.ts';

/** A record of an earlier version. */
const old = omit(recorded(), 'serverUid', 'registrationOrigin');
const NAME = `Secret ${OPERATOR_NAMESPACE}/${old.registrationSecret}`;

const objectsWith = (content = stored) => [
  ...surroundings(),
  clientObject(),
  registrationSecret(old, content),
  workloadSecret(),
];
const identify = (options: TakeOptions<'Identify'> = {}) =>
  take('Identify', { objects: objectsWith(), ...options });

describe('A record of an earlier version', () => {
  test('learns its server object, origin and installation by one write', async () => {
    const { result, writes, told, http, memory, round, observe, next } = await identify();
    expect([result, told, http.sent]).toEqual([DONE, [], []]);
    expect(memory.setbacks(round.key)).toEqual([]);
    expect(writes).toEqual([
      {
        what: `patch ${NAME}`,
        body: {
          metadata: {
            resourceVersion: old.resourceVersion,
            labels: {},
            annotations: {
              'oauth-registrar.dev/server-uid': 'server-1',
              'oauth-registrar.dev/registration-origin': 'https://sso.example.com',
              'oauth-registrar.dev/installation': INSTALLATION.id,
            },
          },
        },
      },
    ]);
    expect(observe().records).toMatchObject([
      { serverUid: 'server-1', registrationOrigin: 'https://sso.example.com' },
    ]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('whose client was registered at another origin is not changed, and not checked again', async () => {
    const elsewhere = 'https://elsewhere.example.com/register';
    const taken = await identify({ objects: objectsWith({ ...stored, registrationEndpoint: elsewhere }) });
    expect([taken.result, taken.wrote, taken.told]).toEqual([DONE, [], []]);
    expect(taken.memory.setbacks(taken.round.key)).toMatchObject([
      {
        action: 'Identify',
        kind: 'Terminal',
        basis: old.registrationSecret,
        message: expect.stringMatching(
          /^Client c1 was registered at https:\/\/elsewhere\.example\.com, which is not where ClusterAuthorizationServer corporate registers clients\. /,
        ),
      },
    ]);
    expect(taken.next()).not.toMatchObject({ type: 'Identify' });
  });

  test('that is damaged is tried again, later', async () => {
    const { data: _, ...damaged } = registrationSecret(old);
    const taken = await identify({
      objects: [...surroundings(), clientObject(), damaged, workloadSecret()],
    });
    expect([taken.result, taken.wrote]).toEqual([DONE, []]);
    const [setback] = taken.memory.setbacks(taken.round.key);
    expect(setback).toMatchObject({
      ...{ action: 'Identify', kind: 'Transient', reason: 'RegistrationRecordMissing' },
      message: expect.stringMatching(
        new RegExp(`^Registration Secret ${OPERATOR_NAMESPACE}/${old.registrationSecret} can't be read\\. `),
      ),
    });
    expect(setback?.retryAt).toBeGreaterThan(NOW);
  });

  test.each([refusals.unanswered, refusals.broken, refusals.forbidden])(
    'that cannot be read now is left as it is: $status',
    async (refused) => {
      const { result, wrote, memory, round } = await identify({ refuses: { 'get Secret': refused } });
      expect(result).toMatchObject({
        kind: 'later',
        why: `Registration Secret ${old.registrationSecret} could not be read: ${refused.message}`,
      });
      expect([wrote, memory.setbacks(round.key)]).toEqual([[], []]);
    },
  );

  test.each(Object.values(refusals))('is planned again where the write fails: $status', async (refused) => {
    const { result, next } = await identify({ refuses: { 'patch Secret': refused } });
    expect(result.kind).toBe('later');
    expect(next()).toMatchObject({ type: 'Identify' });
  });
});
