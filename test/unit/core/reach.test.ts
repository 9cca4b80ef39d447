import { describe, expect, test } from 'vitest';
import { reachProblem } from '../../../src/core/reach.ts';

const KIND = 'AuthorizationServer';

describe('reachProblem', () => {
  test.each([
    ['https://sso.example.com/a', ['sso.example.com'], true],
    ['https://SSO.example.com:8443/a', ['sso.example.com'], true],
    ['https://a.example.com/', ['*.example.com'], true],
    ['https://a.b.example.com/', ['*.example.com'], true],
    ['https://example.com/', ['*.example.com'], false],
    ['https://evilexample.com/', ['*.example.com'], false],
    ['https://example.com.evil.com/', ['*.example.com', 'example.com'], false],
    ['https://example.com@evil.com/', ['example.com'], false],
    ['https://example.com./', ['example.com'], false],
    ['https://sso.example.com/', [], false],
  ])('permits %s to an AuthorizationServer by %j: %s', (url, namespacedServerHosts, permitted) => {
    const problem = reachProblem(KIND, { urls: [undefined, url] }, { namespacedServerHosts });
    expect(problem === undefined).toBe(permitted);
    expect(problem?.message ?? 'is not among those').toContain('is not among those');
  });

  test('L12: tenants see the host, the platform team the flag', () => {
    const rules = { namespacedServerHosts: ['sso.example.com'] };
    const urls = ['https://sso.example.com/', 'https://other.example.com/{client_id}'];
    expect(reachProblem(KIND, { urls }, rules)).toEqual({
      message:
        'Host other.example.com is not among those that an AuthorizationServer may use here; ask the platform team.',
      why: "--namespaced-server-hosts doesn't list other.example.com",
    });
  });

  test('M2: a proxy of its own is refused to an AuthorizationServer where hosts are listed', () => {
    const reach = { urls: ['https://sso.example.com/'], proxyUrl: 'http://sso.example.com:3128' };
    const problem = reachProblem(KIND, reach, { namespacedServerHosts: ['sso.example.com'] });
    expect(problem?.message).toContain('Remove spec.connection.proxyUrl');
    expect(problem?.message).not.toContain('--');
    expect(reachProblem(KIND, reach, { namespacedServerHosts: undefined })).toBeUndefined();
  });

  test('a cluster server is not bounded', () => {
    const reach = { urls: ['https://other.example.com/'], proxyUrl: 'http://proxy.example.com' };
    const rules = { namespacedServerHosts: [] };
    expect(reachProblem('ClusterAuthorizationServer', reach, rules)).toBeUndefined();
  });

  test('a template that is no URL before it is filled is judged when it is called', () => {
    const rules = { namespacedServerHosts: [] };
    expect(reachProblem(KIND, { urls: ['{registration_endpoint}/{client_id}'] }, rules)).toBeUndefined();
  });
});
