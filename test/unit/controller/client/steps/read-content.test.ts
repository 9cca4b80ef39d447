import { expect, test } from 'vitest';
import { contentOf } from '../../../../../src/controller/client/steps/read-content.ts';
import type { ApiResult, KubernetesApi } from '../../../../../src/controller/ports.ts';
import { storedClientKey } from '../../../../../src/core/client-key.ts';
import type { RegistrationRecord } from '../../../../../src/core/record.ts';
import { contextOf } from '../../../../kit/fakes/fake-ports.ts';

const RECORD = { registrationSecret: 'oac-uid-1' } as RegistrationRecord;

function read(answer: ApiResult<never>) {
  const api = { get: async () => answer } as unknown as KubernetesApi;
  const settings = { operatorNamespace: 'op' } as never;
  const round = { key: storedClientKey('shop/storefront'), contents: new Map() };
  return contentOf(RECORD, { round, context: contextOf({ api, settings }) });
}

test.each([
  ['is gone', { status: 404, reason: 'NotFound' }, 'Damaged'],
  ['got no answer', { status: 0, reason: 'NoAnswer' }, 'Unknown'],
  ['was refused', { status: 403, reason: 'Forbidden' }, 'Unknown'],
  ['failed', { status: 500, reason: 'InternalError' }, 'Unknown'],
] as const)('a registration Secret that %s when it is read: %j → %s', async (_, failure, notRead) => {
  expect(await read({ ok: false, ...failure, message: 'no' })).toMatchObject({ notRead });
});
