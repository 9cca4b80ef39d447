import { describe, expect, test } from 'vitest';
import type { RegistrationContent } from '../../../../../src/core/content.ts';
import { answered } from '../../../../kit/fakes/fake-ports.ts';
import { refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import {
  contentOf,
  DONE,
  NAME,
  setbacksOf,
  type TakeOptions,
  take,
} from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  OPERATOR_NAMESPACE,
  recorded,
  registrationSecret,
  stored,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { connection, NOW } from '../../../../kit/fixtures/observations.ts';

const WORKS = 'https://sso.example.com/register/c1';
const BROKEN = 'https://sso.example.com/register/c1/c1';
const RECORD = `patch Secret ${OPERATOR_NAMESPACE}/${NAME}`;
const drift = { mode: 'Report', intervalMs: 3_600_000, rotatingReads: 'Refuse' } as const;

const information = {
  client_id: 'c1',
  client_secret: 'secret-1',
  registration_access_token: 'token-2',
  registration_client_uri: BROKEN,
  client_name: 'Edited',
};
/** An update brought the broken address. */
const doubtful: RegistrationContent = {
  ...stored,
  information: { ...stored.information, registrationClientUri: BROKEN },
  addresses: { proven: WORKS },
};
const objectsOf = (content: RegistrationContent, metadata: object = {}) => [
  ...surroundings(),
  clientObject(metadata, { client: { clientName: 'Edited' } }),
  registrationSecret(recorded(), content),
  workloadSecret(),
];
const addressesOf = (taken: Parameters<typeof contentOf>[0]) => {
  const content = contentOf(taken);
  return [content?.information.registrationClientUri, content?.addresses];
};

describe('An answer that brings another management address', () => {
  const update = (content: RegistrationContent, answer: object = {}) =>
    take('Update', {
      objects: objectsOf(content),
      outcomes: [answered(200, { ...information, ...answer })],
    });

  test('is recorded with the address that worked beside it', async () => {
    expect(addressesOf(await update(stored))).toEqual([BROKEN, { proven: WORKS }]);
  });

  test('is not believed again, once its address did not work', async () => {
    const corrected = { ...stored, addresses: { broken: BROKEN } };
    expect(addressesOf(await update(corrected))).toEqual([WORKS, { broken: BROKEN }]);
  });

  test('is believed where the call at the new address succeeds', async () => {
    const taken = await update(doubtful);
    expect(taken.http.sent[0]?.url).toBe(BROKEN);
    expect(addressesOf(taken)).toEqual([BROKEN, undefined]);
  });

  test('is taken as it is, where it leads to another origin: no token goes there unasked', async () => {
    const elsewhere = 'https://elsewhere.example.com/c1';
    expect(addressesOf(await update(stored, { registration_client_uri: elsewhere }))).toEqual([
      elsewhere,
      undefined,
    ]);
  });
});

describe('A call at an address that no call proved yet, where nothing is found', () => {
  const corrected = [WORKS, { broken: BROKEN }];

  test.each([401, 403, 404, 405, 410])(
    'follows once more at the former address, without a word: PUT %i',
    async (status) => {
      const taken = await take('Update', { objects: objectsOf(doubtful), outcomes: [answered(status)] });
      expect([taken.result, taken.wrote, taken.told, setbacksOf(taken)]).toEqual([DONE, [RECORD], [], []]);
      expect(addressesOf(taken)).toEqual(corrected);
      expect(taken.next()).toMatchObject({ type: 'Update' });
    },
  );

  test('follows once more at the former address: DELETE', async () => {
    const deletionTimestamp = '2026-05-01T11:59:00Z';
    const taken = await take('Deregister', {
      objects: objectsOf(doubtful, { deletionTimestamp }),
      outcomes: [answered(404)],
    });
    expect([taken.http.sent.length, taken.told, setbacksOf(taken)]).toEqual([1, [], []]);
    expect(addressesOf(taken)).toEqual(corrected);
    expect(taken.next()).toMatchObject({ type: 'Deregister' });
  });

  test('uses the former address from then on: GET', async () => {
    const taken = await take('Read', {
      objects: [
        ...surroundings(),
        clientObject(),
        registrationSecret(recorded(), doubtful),
        workloadSecret(),
      ],
      server: { connection: { ...connection, drift } },
      before: ({ memory, round }) => memory.wasRead(round.key, NOW - 7_200_000),
      outcomes: [answered(404)],
    });
    expect([taken.told, setbacksOf(taken)]).toEqual([[], []]);
    expect(addressesOf(taken)).toEqual(corrected);
  });

  test.each<readonly [string, RegistrationContent, number]>([
    ['the former address did not answer otherwise', { ...stored, addresses: { broken: BROKEN } }, 404],
    ['the refusal is about the metadata', doubtful, 400],
  ])('is refused as any other, where %s', async (_, content, status) => {
    const taken = await take('Update', { objects: objectsOf(content), outcomes: [answered(status)] });
    expect(taken.told).toHaveLength(1);
    expect(setbacksOf(taken)).toHaveLength(1);
  });

  test('is left for later, where the former address cannot be recorded', async () => {
    const options: TakeOptions<'Update'> = {
      objects: objectsOf(doubtful),
      outcomes: [answered(404)],
      refuses: { 'patch Secret': [refusals.broken] },
    };
    expect((await take('Update', options)).result).toMatchObject({
      kind: 'later',
      why: 'the management address that worked before could not be recorded',
    });
  });
});
