import { describe, expect, test } from 'vitest';
import {
  type AccessRefusal,
  type AccessReviews,
  createAccessReviews,
  isAccessRefusal,
  type ReviewedCaller,
  refusalOfPath,
  type WantedAccess,
} from '../../../../src/adapters/kubernetes/access-review.ts';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import { SHARES } from '../../../../src/api/shares.ts';
import type { ApiResult, KubernetesApi } from '../../../../src/controller/ports.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';

const USER = { username: 'ann', uid: 'u1', groups: ['shop'], extra: { scopes: ['a'] } };
const OF_SHOP: WantedAccess = { verb: 'list', resource: RESOURCES.oauthClient, namespace: 'shop' };

interface Review {
  readonly spec: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: { namespace?: string };
  };
}

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
  const api = { create } as unknown as KubernetesApi;
  return {
    sent,
    clock,
    held,
    hold: () => {
      holds = true;
    },
    reviews: createAccessReviews({ api, clock }),
  };
}

async function callerOf(reviewer: ReturnType<typeof createReviewer>): Promise<ReviewedCaller> {
  const caller = await reviewer.reviews.callerOf('Bearer good');
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
    expect(await reviews.callerOf(authorization)).toEqual({ status: 401, message });
    expect(sent).toHaveLength(calls);
  });

  test('is asked for once a minute, a bad token once in ten seconds', async () => {
    const { reviews, sent, clock } = createReviewer();
    const ask = async () => {
      await reviews.callerOf('Bearer good');
      await reviews.callerOf('Bearer bad');
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
    await Promise.all([1, 2, 3].map(() => reviews.callerOf('Bearer good')));
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
    expect(await reviews.callerOf('Bearer good')).toEqual({ status: 503, message });
    await reviews.callerOf('Bearer good');
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

  test('is asked by a bounded number of calls at a time; beyond a bound of waiting ones, requests are refused', async () => {
    const reviewer = createReviewer();
    const caller = await callerOf(reviewer);
    reviewer.hold();
    const { reviews, sent, held } = reviewer;
    const most = SHARES.accessReviewsWaiting.most;
    const asked = Array.from({ length: most + 1 }, (_, index) =>
      reviews.isAllowed(caller, { ...OF_SHOP, namespace: `n-${index}` }),
    );
    expect(await asked[most]).toEqual({
      status: 503,
      message: 'Too many requests are being checked: try again.',
    });
    expect(sent.length - 1).toBe(SHARES.accessReviewsSent.most);
    while (held.length > 0) {
      held.splice(0).forEach((answer) => void answer());
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await Promise.all(asked.slice(0, most))).toEqual(Array.from({ length: most }, () => false));
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

describe('a path', () => {
  test('is served to a caller who has the right', async () => {
    const { reviews, sent } = createReviewer();
    expect(await refusalOfPath(reviews, 'Bearer good', '/metrics')).toBeUndefined();
    expect(sent[1]).toMatchObject({ spec: { nonResourceAttributes: { path: '/metrics', verb: 'get' } } });
  });

  test('is refused without a token, and without the right', async () => {
    const { reviews } = createReviewer();
    expect(await refusalOfPath(reviews, undefined, '/metrics')).toMatchObject({ status: 401 });
    const refusing: AccessReviews = { ...reviews, isAllowed: async () => false };
    expect(await refusalOfPath(refusing, 'Bearer good', '/metrics')).toEqual({
      status: 403,
      message:
        'ann has no right to get /metrics: a ClusterRole with nonResourceURLs: [/metrics] and verbs: [get] gives it.',
    });
    const unavailable: AccessRefusal = { status: 503, message: 'No answer.' };
    const silent: AccessReviews = { ...reviews, isAllowed: async () => unavailable };
    expect(await refusalOfPath(silent, 'Bearer good', '/metrics')).toEqual({
      status: 503,
      message: 'No answer.',
    });
  });
});
