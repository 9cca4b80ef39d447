import { describe, expect, test } from 'vitest';
import {
  apiServerAudienceProblem,
  assertionsOf,
  audienceProblem,
  destinationProblem,
  tokenClaimsOf,
} from '../../../src/core/assertion.ts';
import type { ClientCredentials, ServiceAccountAssertion } from '../../../src/core/connection.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const ISSUER = 'https://sso.example.com/realms/shop';
const assertion = (more: Partial<ServiceAccountAssertion> = {}): ServiceAccountAssertion => ({
  method: 'ServiceAccountToken',
  issuer: ISSUER,
  audience: ISSUER,
  givenEndpoint: undefined,
  ...more,
});
const grant = (authentication: ClientCredentials['authentication']): ClientCredentials => ({
  kind: 'ClientCredentials',
  clientId: '',
  authentication,
  scopes: [],
  resources: [],
  parameters: {},
  reuse: 'Never',
});

test('the assertions of a server object are those of both of its credentials', () => {
  const secret = grant({ method: 'client_secret_post', clientSecret: new Sensitive('s') });
  expect(assertionsOf(grant(assertion()), undefined)).toEqual([assertion()]);
  expect(assertionsOf({ kind: 'Open' }, grant(assertion()))).toEqual([assertion()]);
  expect(assertionsOf(secret, secret)).toEqual([]);
});

describe('an audience', () => {
  test('is the issuer, or one that the flag lists', () => {
    expect(audienceProblem(assertion(), [])).toBeUndefined();
    expect(audienceProblem(assertion({ audience: 'other' }), ['more', 'other'])).toBeUndefined();
  });

  test.each(['other', `${ISSUER}/`, ISSUER.toUpperCase()])('else is refused: %s', (audience) => {
    expect(audienceProblem(assertion({ audience }), ['more'])).toBe(
      `No token is issued for the audience "${audience}", which is neither spec.issuer nor listed in the flag --assertion-audiences of the operator. Remove clientCredentials.audience, or list it there.`,
    );
  });

  const own = { issuer: 'https://cluster.example', audiences: ['https://cluster.example', 'api'] };

  test.each([
    'https://cluster.example',
    'api',
    'kubernetes',
    'https://kubernetes.default.svc',
    'https://kubernetes.default.svc.cluster.local',
    'https://kubernetes.default.svc:443/',
    'kubernetes.default',
  ])("is never one of the API server's: %s", (audience) => {
    expect(apiServerAudienceProblem(audience, own)).toBe(
      `No token is issued for the audience "${audience}", which is one of the API server's: with it, the authorization server could call the API server. Set spec.issuer or clientCredentials.audience to what the authorization server expects.`,
    );
  });

  test("is never the API server's issuer, even if its audiences are others", () => {
    expect(apiServerAudienceProblem('https://cluster.example', { ...own, audiences: ['api'] })).toContain(
      "one of the API server's",
    );
  });

  test.each([ISSUER, 'kubernetes-sso', 'https://kubernetes.example.com', 'https://sso.kubernetes'])(
    'of another server is permitted: %s',
    (audience) => {
      expect(apiServerAudienceProblem(audience, own)).toBeUndefined();
    },
  );
});

describe('a destination', () => {
  const of = (tokenEndpoint: string, given?: string) =>
    destinationProblem(assertion({ givenEndpoint: given }), 'ClusterAuthorizationServer', tokenEndpoint);

  test("is the issuer's origin, or endpoints.token", () => {
    expect(of('https://sso.example.com/token')).toBeUndefined();
    expect(of('https://token.example.com/t', 'https://token.example.com/t')).toBeUndefined();
  });

  test.each([
    'https://token.example.com/other',
    'https://sso.example.com:8443/token',
    'http://sso.example.com/token',
    'https://sso.example.com.evil.test/token',
  ])('else is refused: %s', (endpoint) => {
    expect(of(endpoint, 'https://token.example.com/t')).toBe(
      `The token endpoint is at ${new URL(endpoint).origin}, another origin than the issuer's, and no token of the cluster is sent there. If you trust it, set spec.endpoints.token.`,
    );
  });

  test('is refused for a server object that a tenant may create', () => {
    expect(destinationProblem(assertion(), 'AuthorizationServer', 'https://sso.example.com/token')).toBe(
      'authMethod ServiceAccountToken is for a ClusterAuthorizationServer alone. Choose another authMethod.',
    );
  });
});

const jwt = (payload: unknown) => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.sig`;

describe('tokenClaimsOf', () => {
  test.each([
    ['one audience', { iss: 'i', sub: 's', aud: 'a' }, ['a']],
    ['several', { iss: 'i', sub: 's', aud: ['a', 'b'] }, ['a', 'b']],
  ])('reads a token for %s', (_, payload, audiences) => {
    expect(tokenClaimsOf(jwt(payload))).toEqual({ issuer: 'i', subject: 's', audiences });
  });

  test.each([
    '',
    'opaque',
    'a.b.c',
    jwt({ iss: 'i', sub: 's' }),
    jwt({ iss: 'i', aud: 'a' }),
    jwt({ iss: 'i', sub: 's', aud: [1] }),
  ])('is nothing of %s', (token) => {
    expect(tokenClaimsOf(token)).toBeUndefined();
  });
});
