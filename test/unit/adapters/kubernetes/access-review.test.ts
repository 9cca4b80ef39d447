import { describe, expect, test } from 'vitest';
import {
  type AccessRefusal,
  type AccessReviews,
  createAccessReviews,
  createReviewsOfPorts,
  isAccessRefusal,
  type ReviewedCaller,
  refusalOfPath,
  type Sender,
  type WantedAccess,
} from '../../../../src/adapters/kubernetes/access-review.ts';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import { SHARES } from '../../../../src/api/shares.ts';
import type { ApiResult, KubernetesApi } from '../../../../src/controller/ports.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

const USER = { username: 'ann', uid: 'u1', groups: ['shop'], extra: { scopes: ['a'] } };
const OF_SHOP: WantedAccess = { verb: 'list', resource: RESOURCES.oauthClient, namespace: 'shop' };

const from = (authorization: string | undefined, address = '10.0.0.1'): Sender => ({
  authorization,
  address,
});

interface Review {
  readonly spec: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: { namespace?: string };
  };
}

const BUSY = { status: 503, message: 'Too many requests are being checked: try again.' };
const tick = () => new Promise((resolve) => setImmediate(resolve));

/** An API server that accepts the token `good` as {@link USER}, who may read namespace shop and /metrics. */
function createReviewer(fails?: Extract<ApiResult<never>, { readonly ok: false }>) {
  const sent: unknown[] = [];
  const held: (() => void)[] = [];
  let holds = false;
  const create = async (resource: { readonly kind: string }, review: Review) => {
    sent.push({ kind: resource.kind, ...review });
    if (holds) {
      await new Promise<void>((resolve) => held.push(resolve));
    }
    if (fails !== undefined) {
      return fails;
    }
    const { token, resourceAttributes } = review.spec;
    const status =
      resource.kind === 'TokenReview'
        ? token?.startsWith('good')
          ? { authenticated: true, user: USER }
          : { error: 'invalid bearer token' }
        : { allowed: resourceAttributes === undefined || resourceAttributes.namespace === 'shop' };
    return { ok: true, object: { ...review, status } };
  };
  const clock = createFakeClock();
  const answer = () => {
    for (const go of held.splice(0)) {
      go();
    }
  };
  const api = { create } as unknown as KubernetesApi;
  return {
    sent,
    clock,
    hold: () => {
      holds = true;
    },
    answer,
    async answerAll() {
      for (await tick(); held.length > 0; await tick()) {
        answer();
      }
    },
    reviews: createAccessReviews({ api, clock }),
    ofPorts: createReviewsOfPorts({ api, clock }),
  };
}

async function callerOf(reviewer: ReturnType<typeof createReviewer>): Promise<ReviewedCaller> {
  const caller = await reviewer.reviews.callerOf(from('Bearer good'));
  if (isAccessRefusal(caller)) {
    throw new Error(caller.message);
  }
  return caller;
}

describe('the caller of a request', () => {
  test('is who the API server says that the token is', async () => {
    const reviewer = createReviewer();
    expect(await callerOf(reviewer)).toMatchObject({ name: 'ann', user: USER });
    expect(reviewer.sent).toEqual([{ kind: 'TokenReview', metadata: { name: '' }, spec: { token: 'good' } }]);
  });

  test.each([
    [
      undefined,
      0,
      'Send a token of the cluster: Authorization: Bearer TOKEN. `kubectl create token NAME` makes one.',
    ],
    [
      'Basic YTpi',
      0,
      'Send a token of the cluster: Authorization: Bearer TOKEN. `kubectl create token NAME` makes one.',
    ],
    [
      'Bearer ',
      0,
      'Send a token of the cluster: Authorization: Bearer TOKEN. `kubectl create token NAME` makes one.',
    ],
    ['Bearer bad', 1, 'The API server does not accept the token.'],
  ])('of %s is nobody', async (authorization, calls, message) => {
    const { reviews, sent } = createReviewer();
    expect(await reviews.callerOf(from(authorization))).toEqual({ status: 401, message });
    expect(sent).toHaveLength(calls);
  });

  test('is asked for once a minute, a bad token once in ten seconds', async () => {
    const { reviews, sent, clock } = createReviewer();
    const ask = async () => {
      await reviews.callerOf(from('Bearer good'));
      await reviews.callerOf(from('Bearer bad'));
      return sent.length;
    };
    expect([await ask(), await ask()]).toEqual([2, 2]);
    await clock.advance(10_000);
    expect(await ask()).toBe(3);
    await clock.advance(50_000);
    expect(await ask()).toBe(5);
  });

  test('is asked for once by requests that come at the same time', async () => {
    const { reviews, sent } = createReviewer();
    await Promise.all([1, 2, 3].map(() => reviews.callerOf(from('Bearer good'))));
    expect(sent).toHaveLength(1);
  });

  test.each([
    [
      { status: 403, message: 'tokenreviews is forbidden' },
      'The API server does not check the token: the operator has no right to ask it. The installation has to give it.',
    ],
    [{ status: 0, message: 'connection lost' }, 'The API server does not check the token: connection lost.'],
  ])('stays unknown without an answer (%j), which is not remembered', async (failure, message) => {
    const { reviews, sent } = createReviewer({ ok: false, reason: 'x', ...failure });
    expect(await reviews.callerOf(from('Bearer good'))).toEqual({ status: 503, message });
    await reviews.callerOf(from('Bearer good'));
    expect(sent).toHaveLength(2);
  });
});

describe('what a caller may do', () => {
  test('is what the API server allows user, groups and extra', async () => {
    const reviewer = createReviewer();
    const caller = await callerOf(reviewer);
    const { reviews, sent } = reviewer;
    expect(await reviews.isAllowed(caller, OF_SHOP)).toBe(true);
    expect(await reviews.isAllowed(caller, { ...OF_SHOP, namespace: 'billing' })).toBe(false);
    expect(sent[1]).toEqual({
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec: {
        user: 'ann',
        uid: 'u1',
        groups: ['shop'],
        extra: { scopes: ['a'] },
        resourceAttributes: {
          verb: 'list',
          namespace: 'shop',
          group: 'oauth-registrar.dev',
          resource: 'oauthclients',
        },
      },
    });
  });

  test('is remembered for a minute, a refusal for ten seconds', async () => {
    const reviewer = createReviewer();
    const caller = await callerOf(reviewer);
    const { reviews, sent, clock } = reviewer;
    const ask = async () => {
      await reviews.isAllowed(caller, OF_SHOP);
      await reviews.isAllowed(caller, { ...OF_SHOP, namespace: 'billing' });
      return sent.length - 1;
    };
    expect([await ask(), await ask()]).toEqual([2, 2]);
    await clock.advance(10_000);
    expect(await ask()).toBe(3);
    await clock.advance(50_000);
    expect(await ask()).toBe(5);
  });

  test('is asked by a bounded number of calls at a time; beyond a bound of waiting ones, a user is refused, whatever the token', async () => {
    const reviewer = createReviewer();
    const caller = await callerOf(reviewer);
    reviewer.hold();
    const { reviews, sent } = reviewer;
    const most = SHARES.accessReviewsOfTurn.most;
    const asked = Array.from({ length: most }, (_, index) =>
      reviews.isAllowed({ ...caller, key: `token-${index}` }, { ...OF_SHOP, namespace: `n-${index}` }),
    );
    expect(await reviews.isAllowed({ ...caller, key: 'another' }, OF_SHOP)).toEqual(BUSY);
    const ofBen = reviews.isAllowed({ ...caller, name: 'ben', key: 'ben' }, OF_SHOP);
    await tick();
    expect(sent.length - 1).toBe(SHARES.accessReviewsSent.most);
    await reviewer.answerAll();
    expect(await Promise.all(asked)).toEqual(Array.from({ length: most }, () => false));
    expect(await ofBen).toBe(true);
  });

  test('is refused above a bound of all that wait', async () => {
    const reviewer = createReviewer();
    const caller = await callerOf(reviewer);
    reviewer.hold();
    const { reviews } = reviewer;
    const ask = (index: number) =>
      reviews.isAllowed({ ...caller, name: `user-${index}`, key: `user-${index}` }, OF_SHOP);
    const asked = Array.from({ length: SHARES.accessReviewsWaiting.most }, (_, index) => ask(index));
    expect(await ask(asked.length)).toEqual(BUSY);
    await reviewer.answerAll();
    expect((await Promise.all(asked)).every((answer) => answer === true)).toBe(true);
  });

  test('is forgotten, the oldest first, beyond a bound', async () => {
    const reviewer = createReviewer();
    const caller = await callerOf(reviewer);
    const { reviews, sent } = reviewer;
    const ask = (index: number) => reviews.isAllowed(caller, { ...OF_SHOP, name: `c-${index}` });
    for (let index = 0; index <= SHARES.accessReviewsKept.most; index += 1) {
      await ask(index);
    }
    const before = sent.length;
    await ask(1);
    expect(sent).toHaveLength(before);
    await ask(0);
    expect(sent).toHaveLength(before + 1);
  });
});

describe('tokens', () => {
  test('of one address that fill its turn refuse none of another address', async () => {
    const reviewer = createReviewer();
    reviewer.hold();
    const { reviews, sent } = reviewer;
    const most = SHARES.accessReviewsOfTurn.most;
    const asked = Array.from({ length: most }, (_, index) => reviews.callerOf(from(`Bearer bad-${index}`)));
    expect(await reviews.callerOf(from('Bearer bad'))).toEqual(BUSY);
    await tick();
    const other = reviews.callerOf(from('Bearer good', '10.0.0.2'));
    reviewer.answer();
    await tick();
    expect(sent).toContainEqual(expect.objectContaining({ spec: { token: 'good' } }));
    await reviewer.answerAll();
    expect(await other).toMatchObject({ name: 'ann' });
    await Promise.all(asked);
  });

  test('that wait at one port refuse none at the other one', async () => {
    const reviewer = createReviewer();
    reviewer.hold();
    const { metrics, inventory } = reviewer.ofPorts;
    const flood = (length: number, name: string) =>
      Array.from({ length }, (_, index) =>
        inventory.callerOf(from(`Bearer bad-${name}-${index}`, `${name}-${index}`)),
      );
    const sentFirst = flood(SHARES.accessReviewsSent.most, 'sent');
    await tick();
    const asked = [...sentFirst, ...flood(SHARES.accessReviewsWaiting.most, 'waiting')];
    expect(await inventory.callerOf(from('Bearer good'))).toEqual(BUSY);
    const scrape = metrics.callerOf(from('Bearer good'));
    await reviewer.answerAll();
    expect(await scrape).toMatchObject({ name: 'ann' });
    await Promise.all(asked);
  });
});

describe('a path', () => {
  test('is served to a caller who has the right', async () => {
    const { reviews, sent } = createReviewer();
    expect(await refusalOfPath(reviews, from('Bearer good'), '/metrics')).toBeUndefined();
    expect(sent[1]).toMatchObject({ spec: { nonResourceAttributes: { path: '/metrics', verb: 'get' } } });
  });

  test('is refused without a token, and without the right', async () => {
    const { reviews } = createReviewer();
    expect(await refusalOfPath(reviews, from(undefined), '/metrics')).toMatchObject({ status: 401 });
    const refusing: AccessReviews = { ...reviews, isAllowed: async () => false };
    expect(await refusalOfPath(refusing, from('Bearer good'), '/metrics')).toEqual({
      status: 403,
      message:
        'ann has no right to get /metrics: a ClusterRole with nonResourceURLs: [/metrics] and verbs: [get] gives it.',
    });
    const unavailable: AccessRefusal = { status: 503, message: 'No answer.' };
    const silent: AccessReviews = { ...reviews, isAllowed: async () => unavailable };
    expect(await refusalOfPath(silent, from('Bearer good'), '/metrics')).toEqual({
      status: 503,
      message: 'No answer.',
    });
  });
});
