import { expect, test, vi } from 'vitest';
import { RefusedWrites } from '../../src/controller/refused-writes.ts';
import { register } from '../../src/controller/steps/register.ts';
import type { RegisterStep } from '../../src/core/action.ts';
import { createFakeClock } from '../adapters/kubernetes/fake-clock.ts';
import { connection, object, observation } from '../core/observations.ts';
import { contextOf, createRandom } from './fake-ports.ts';

test('no key is made where the server’s state forbids the call (L11)', async () => {
  const generate = vi.fn();
  const context = contextOf({
    random: createRandom(),
    slots: { acquire: async () => true, release: () => undefined } as never,
    servers: { enter: () => undefined } as never,
    jwt: { generate } as never,
    clock: createFakeClock(),
    ledger: {} as never,
    lead: { held: () => true },
    http: {} as never,
    refusedWrites: new RefusedWrites({ now: () => 0 }),
  });
  const desired = object().desired;
  if (!desired.valid) {
    throw new Error('the object is valid');
  }
  const withKey = {
    ...object(),
    desired: { ...desired, spec: { ...desired.spec, generatedKey: { algorithm: 'RS256' } } },
  };
  const step = {
    type: 'Register',
    object: withKey,
    document: {},
    hash: 'h',
    ref: { kind: 'ClusterAuthorizationServer', name: 'sso' },
    connection,
    basis: 'b',
  } as unknown as RegisterStep;
  const round = { key: 'shop/web', contents: new Map(), learned: undefined };
  expect(await register(step, observation(), round, context)).toEqual({ kind: 'done' });
  expect(generate).not.toHaveBeenCalled();
});
