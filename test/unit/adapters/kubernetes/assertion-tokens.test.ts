import { describe, expect, test } from 'vitest';
import { createAssertionTokens } from '../../../../src/adapters/kubernetes/assertion-tokens.ts';
import type { ApiResult } from '../../../../src/controller/ports.ts';

const ISSUER = 'https://cluster.example';
const SUBJECT = 'system:serviceaccount:system:oauth-registrar-assertion';
const AUDIENCE = 'https://sso.example.com/realms/shop';

const jwt = (payload: object) => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.sig`;
const own = (aud: readonly string[] = [ISSUER, 'api']) =>
  `Bearer ${jwt({ iss: ISSUER, sub: 'system:serviceaccount:system:oauth-registrar', aud })}`;
const given = (claims: object = {}): ApiResult<object> => ({
  ok: true,
  object: { status: { token: jwt({ iss: ISSUER, sub: SUBJECT, aud: [AUDIENCE], ...claims }) } },
});

/** An API server that answers so, and what it was asked. */
function tokens(answer: ApiResult<object>, authorization: string | undefined = own()) {
  const asked: unknown[] = [];
  const { issue } = createAssertionTokens({
    api: {
      create: async (resource, object) => {
        asked.push([resource.plural, object]);
        return answer as ApiResult<typeof object>;
      },
    },
    headers: async () => (authorization === undefined ? {} : { authorization }),
    namespace: 'system',
    account: 'oauth-registrar-assertion',
  });
  return { asked, issue };
}

test('asks for the shortest token of the account without rights, for this audience alone, each time anew', async () => {
  const { asked, issue } = tokens(given());
  const issued = await issue(AUDIENCE);
  expect(issued).toMatchObject({ issuer: ISSUER, subject: SUBJECT });
  expect('token' in issued && issued.token.reveal()).toBe(
    jwt({ iss: ISSUER, sub: SUBJECT, aud: [AUDIENCE] }),
  );
  expect(JSON.stringify(issued)).not.toContain('.sig');
  await issue(AUDIENCE);
  const request = [
    'serviceaccounts/token',
    {
      metadata: { name: 'oauth-registrar-assertion', namespace: 'system' },
      spec: { audiences: [AUDIENCE], expirationSeconds: 600 },
    },
  ];
  expect(asked).toEqual([request, request]);
});

describe('asks for nothing', () => {
  test.each([ISSUER, 'api'])("for the API server's audience %s", async (audience) => {
    const { asked, issue } = tokens(given());
    expect(await issue(audience)).toMatchObject({
      reason: 'AudienceRefused',
      message: expect.stringContaining("which is one of the API server's"),
      isTransient: false,
    });
    expect(asked).toEqual([]);
  });

  test.each([undefined, 'Basic eDp5', 'Bearer opaque-token'])(
    'where the audiences of the API server are not known: %s',
    async (authorization) => {
      const { asked, issue } = tokens(given(), authorization ?? '');
      expect(await issue(AUDIENCE)).toEqual({
        reason: 'AudienceRefused',
        message:
          "No token is issued, since the audiences of the API server are not known: the operator's own credential for the API server is no ServiceAccount token. Run the operator with that of its ServiceAccount.",
        isTransient: false,
      });
      expect(asked).toEqual([]);
    },
  );
});

describe('gives nothing out', () => {
  test.each([
    ['an audience more', { aud: [AUDIENCE, ISSUER] }],
    ['another audience', { aud: ISSUER }],
    ['another account', { sub: 'system:serviceaccount:system:oauth-registrar' }],
  ])('of a token with %s than asked for', async (_, claims) => {
    expect(await tokens(given(claims)).issue(AUDIENCE)).toEqual({
      reason: 'AudienceRefused',
      message: `The API server gave no token of ${SUBJECT} for the audience "${AUDIENCE}" alone; nothing is sent. Look at what changes TokenRequests in this cluster.`,
      isTransient: false,
    });
  });

  test.each([
    [
      404,
      'ServiceAccountNotFound',
      "ServiceAccount system/oauth-registrar-assertion doesn't exist, and its tokens admit the operator. Apply the manifests or the chart of this version.",
      false,
    ],
    [
      403,
      'AdmissionTokenFailed',
      'The operator has no right to create tokens of ServiceAccount system/oauth-registrar-assertion: words. Apply the manifests or the chart of this version.',
      false,
    ],
    [
      0,
      'AdmissionTokenFailed',
      'The API server gave no token of ServiceAccount system/oauth-registrar-assertion: words. It is tried again.',
      true,
    ],
    [
      503,
      'AdmissionTokenFailed',
      'The API server gave no token of ServiceAccount system/oauth-registrar-assertion: words. It is tried again.',
      true,
    ],
  ])('where the API server answers %i', async (status, reason, message, isTransient) => {
    const answer = { ok: false, status, reason: '', message: 'words' } as const;
    expect(await tokens(answer).issue(AUDIENCE)).toEqual({ reason, message, isTransient });
  });
});
