import { expect, test } from 'vitest';
import type { HttpOutcome } from '../../../../src/controller/ports.ts';
import { discover } from '../../../../src/controller/server/discover.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { issuer, specOf } from '../../../kit/fixtures/server-objects.ts';

const server = { kind: 'AuthorizationServer', namespace: 'shop', name: 'sso' } as const;

test('a server that never answers takes 15 s of a look, however many places there are to ask (H7)', async () => {
  const clock = createFakeClock({ skipMs: 60_000 });
  const start = clock.monotonic();
  const timeouts: number[] = [];
  const http = {
    async send(_: unknown, { timeoutMs }: { readonly timeoutMs: number }): Promise<HttpOutcome> {
      timeouts.push(timeoutMs);
      await clock.sleep(timeoutMs);
      return { kind: 'noAnswer', reason: 'Timeout', detail: `no complete answer within ${timeoutMs} ms` };
    },
  };
  const found = await discover(server, specOf(), { http, clock }, { allowHttp: false }, undefined);
  expect(timeouts).toEqual([10_000, 5_000]);
  expect(clock.monotonic() - start).toBe(15_000);
  expect(found).toMatchObject({ reason: 'ResponseTimedOut', message: expect.stringContaining(issuer) });
});
