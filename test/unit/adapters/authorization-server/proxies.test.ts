import { describe, expect, test } from 'vitest';
import {
  createProxyRoutes,
  type ProxySettings,
  parseProxy,
} from '../../../../src/adapters/authorization-server/proxies.ts';

const proxyFor = (settings: ProxySettings, url: string) => createProxyRoutes(settings)(new URL(url))?.href;

describe("the environment's proxy", () => {
  const both = { https: 'http://secure:3128', http: 'http://plain:3128' };

  test.each<[string, ProxySettings, string, string | undefined]>([
    ['of https URLs', both, 'https://as.example/', 'http://secure:3128/'],
    ['of http URLs', both, 'http://as.example/', 'http://plain:3128/'],
    ['that is not set', {}, 'https://as.example/', undefined],
    ['that is empty', { https: '' }, 'https://as.example/', undefined],
    [
      'of http URLs, which says nothing of https ones',
      { http: 'http://p' },
      'https://as.example/',
      undefined,
    ],
    ['without a scheme', { https: 'proxy.corp:3128' }, 'https://as.example/', 'http://proxy.corp:3128/'],
    ['with user and password', { https: 'u:p@proxy:3128' }, 'https://as.example/', 'http://u:p@proxy:3128/'],
    ['that speaks TLS', { https: 'https://proxy' }, 'https://as.example/', 'https://proxy/'],
    ['for localhost', both, 'https://localhost/', undefined],
    ['for localhost with a dot', both, 'https://LOCALHOST.:8443/', undefined],
    ['for 127.1', both, 'https://127.1:8443/', undefined],
    ['for ::1', both, 'https://[::1]/', undefined],
  ])('%s', (_, settings, url, proxy) => {
    expect(proxyFor(settings, url)).toBe(proxy);
  });

  test.each([
    ['*', 'https://as.example/'],
    ['as.example', 'https://as.example/'],
    ['as.example', 'https://a.b.as.example/'],
    ['AS.Example', 'https://as.example./'],
    ['.example', 'https://as.example/'],
    ['*.example', 'https://as.example/'],
    ['as.example:443', 'https://as.example/'],
    ['as.example:8443', 'https://as.example:8443/'],
    ['other, as.example', 'https://as.example/'],
    ['other as.example', 'https://as.example/'],
    ['10.0.0.0/8', 'https://10.96.0.1/'],
    ['10.96.0.1', 'https://10.96.0.1:6443/'],
    ['10.96.0.1:6443', 'https://10.96.0.1:6443/'],
    ['fd00::/8', 'https://[fd12::1]/'],
    ['fd12::1', 'https://[fd12::1]/'],
    ['[fd12::1]:443', 'https://[fd12::1]/'],
  ])('is not used where NO_PROXY is %j, for %s', (no, url) => {
    expect(proxyFor({ ...both, no }, url)).toBeUndefined();
  });

  test.each([
    ['', 'https://as.example/'],
    ['example', 'https://as-example/'],
    ['as.example', 'https://has.example/'],
    ['.as.example', 'https://as.example/'],
    ['*.as.example', 'https://as.example/'],
    ['as.example:80', 'https://as.example/'],
    ['10.0.0.0/8', 'https://11.0.0.1/'],
    ['10.0.0.0/8', 'https://10.example/'],
    ['10.0.0.0/33', 'https://10.0.0.1/'],
    ['10.96.0.1:80', 'https://10.96.0.1/'],
    ['0.0.1', 'https://10.0.0.1/'],
    ['fd00::/8', 'https://[fe00::1]/'],
  ])('is used where NO_PROXY is %j, for %s', (no, url) => {
    expect(proxyFor({ ...both, no }, url)).toBe('http://secure:3128/');
  });

  test.each(['socks5://canary', 'http://', 'http://u:canary@proxy:99999'])(
    "is refused where it is %j, which the message doesn't show",
    (https) => {
      expect(() => createProxyRoutes({ https })).toThrow(
        new RangeError('the proxy for https URLs is no http or https URL'),
      );
    },
  );
});

test.each([
  ['http://proxy', 'http://proxy/'],
  ['proxy:3128', 'http://proxy:3128/'],
  ['ftp://proxy', undefined],
  ['', undefined],
])('a proxy %j is %j', (text, url) => {
  expect(parseProxy(text)?.href).toBe(url);
});
