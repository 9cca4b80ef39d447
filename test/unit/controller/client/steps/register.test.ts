import { expect, test, vi } from 'vitest';
import { createCalls } from '../../../../../src/controller/calls/calls.ts';
import { register } from '../../../../../src/controller/client/steps/register.ts';
import { PLACES, RefusedWrites } from '../../../../../src/controller/state/refused-writes.ts';
import type { RegisterStep } from '../../../../../src/core/action.ts';
import { storedClientKey } from '../../../../../src/core/client-key.ts';
import { createFakeClock } from '../../../../kit/fakes/fake-clock.ts';
import { contextOf, createRandom } from '../../../../kit/fakes/fake-ports.ts';
import { connection, object, observation } from '../../../../kit/fixtures/observations.ts';

/** A registration whose call may wait for room, and which the server's state permits or not. */
function createScene({ isPermitted = true, whileItWaits = () => {} } = {}) {
  const generate = vi.fn();
  const begin = vi.fn(async () => false);
  const abandon = vi.fn();
  const refusedWrites = new RefusedWrites({ now: () => 0 });
  const parts = {
    random: createRandom(),
    slots: {
      isCrowded: () => false,
      withSlot: async (_: unknown, effect: () => Promise<unknown>) => {
        whileItWaits();
        return effect();
      },
    } as never,
    servers: { enter: () => (isPermitted ? {} : undefined), abandon } as never,
    jwt: { generate } as never,
    clock: createFakeClock(),
    ledger: { begin, entry: () => undefined } as never,
    lead: { held: () => true },
    http: {} as never,
    refusedWrites,
    recorder: { room: async () => undefined } as never,
  };
  const context = contextOf({ ...parts, calls: createCalls(contextOf(parts)) });
  return { context, generate, begin, abandon, refusedWrites };
}

const step = (overrides: Partial<RegisterStep> = {}): RegisterStep => ({
  ...({
    type: 'Register',
    object: object(),
    document: {},
    hash: 'h',
    ref: { kind: 'ClusterAuthorizationServer', name: 'sso' },
    connection,
    basis: 'b',
  } as unknown as RegisterStep),
  ...overrides,
});

const round = { key: storedClientKey('shop/web'), contents: new Map(), learned: undefined };

test("no key is made where the server's state forbids the call (L11)", async () => {
  const { context, generate } = createScene({ isPermitted: false });
  const { desired } = object();
  if (!desired.valid) {
    throw new Error('the object is valid');
  }
  const spec = { ...desired.spec, credential: { generatedKey: { algorithm: 'RS256' as const } } };
  const withKey = step({ object: { ...object(), desired: { ...desired, spec } } as RegisterStep['object'] });
  expect(await register(withKey, { o: observation(), round, context })).toEqual({ kind: 'done' });
  expect(generate).not.toHaveBeenCalled();
});

test.each([PLACES.records(), PLACES.record('shop'), PLACES.workload('shop')])(
  'a write that is refused while the call waits for room stops it: %s (H2)',
  async (place) => {
    const scene = createScene({
      whileItWaits: () => scene.refusedWrites.refused(place, 'exceeded quota'),
    });
    expect(await register(step(), { o: observation(), round, context: scene.context })).toEqual({
      kind: 'done',
    });
    expect(scene.begin).not.toHaveBeenCalled();
    expect(scene.abandon).toHaveBeenCalled();
  },
);

test('a write that is refused in another namespace stops no call', async () => {
  const { context, begin, refusedWrites } = createScene();
  refusedWrites.refused(PLACES.record('blog'), 'exceeded quota');
  await register(step(), { o: observation(), round, context });
  expect(begin).toHaveBeenCalled();
});
