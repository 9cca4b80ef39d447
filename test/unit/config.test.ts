import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';

test.each([
  [{}, 4],
  [{ UV_THREADPOOL_SIZE: '16' }, 16],
  [{ UV_THREADPOOL_SIZE: 'many' }, 4],
])('the threads that look-ups share are those of libuv: %o', (env, threads) => {
  expect(readConfig([], env)).toMatchObject({ threads });
});

describe("the environment's proxies", () => {
  const none = { https: undefined, http: undefined, no: undefined };

  test.each([
    ['are none by default', {}, none],
    [
      'are read in upper case',
      { HTTPS_PROXY: 'a', HTTP_PROXY: 'b', NO_PROXY: 'c' },
      { https: 'a', http: 'b', no: 'c' },
    ],
    [
      'are read in lower case',
      { https_proxy: 'a', http_proxy: 'b', no_proxy: 'c' },
      { https: 'a', http: 'b', no: 'c' },
    ],
    [
      'are those in upper case where both are set',
      { HTTPS_PROXY: 'a', https_proxy: 'b' },
      { ...none, https: 'a' },
    ],
    [
      'are those in lower case where the upper is empty',
      { NO_PROXY: '', no_proxy: 'b' },
      { ...none, no: 'b' },
    ],
  ])('%s', (_, env, proxy) => {
    expect(readConfig([], env)).toMatchObject({ proxy });
  });
});

describe('the namespaces to look after', () => {
  test.each([
    ['are all by default', [], undefined],
    ['are listed once, with commas', ['--namespaces=shop,billing', '--cluster-id=c'], ['billing', 'shop']],
    [
      'are listed several times',
      ['--namespaces=shop', '--namespaces', 'billing,shop', '--cluster-id=c'],
      ['billing', 'shop'],
    ],
  ])('%s', (_, flags, namespaces) => {
    expect(readConfig(flags, {})).toMatchObject({ namespaces });
  });

  test.each(['', 'Shop', 'shop,', 'shop/billing', 'a b'])('can\'t be "%s"', (value) => {
    expect(readConfig([`--namespaces=${value}`], {})).toEqual({
      problem: expect.stringContaining('must be names of namespaces, with commas between them'),
    });
  });
});

describe('the addresses that are permitted and refused', () => {
  test.each([
    ['are none by default', [], { allowAddresses: [], refuseAddresses: [] }],
    [
      'are listed with commas or several times',
      [
        '--refuse-addresses=10.96.0.0/12,10.244.0.0/16',
        '--refuse-addresses=fd00::/8',
        '--allow-addresses=::1',
      ],
      { allowAddresses: ['::1'], refuseAddresses: ['10.96.0.0/12', '10.244.0.0/16', 'fd00::/8'] },
    ],
  ])('%s', (_, flags, addresses) => {
    expect(readConfig(flags, {})).toMatchObject(addresses);
  });
});

describe('the memory of a namespace', () => {
  test.each([
    ['is 16 MiB by default', [], 16_777_216],
    ['is given in MiB', ['--namespace-memory=64'], 67_108_864],
  ])('%s', (_, flags, namespaceMemoryBytes) => {
    expect(readConfig(flags, {})).toMatchObject({ namespaceMemoryBytes });
  });

  test.each(['0', '1.5', '16Mi', '-1'])('can\'t be "%s"', (value) => {
    expect(readConfig([`--namespace-memory=${value}`], {})).toEqual({
      problem: expect.stringContaining('--namespace-memory: '),
    });
  });
});

describe('the timings of the Lease', () => {
  const flags = (duration: string, deadline: string, period: string) => [
    `--leader-elect-lease-duration=${duration}`,
    `--leader-elect-renew-deadline=${deadline}`,
    `--leader-elect-retry-period=${period}`,
  ];

  test.each([
    ['are those of other controllers by default', [], [15_000, 10_000, 2_000]],
    ['are read as durations', flags('1m30s', '1m', '5s'), [90_000, 60_000, 5_000]],
  ])('%s', (_, args, [durationMs, renewDeadlineMs, retryPeriodMs]) => {
    expect(readConfig(args)).toMatchObject({ lease: { durationMs, renewDeadlineMs, retryPeriodMs } });
  });

  test.each([
    [
      'a deadline as long as the Lease',
      flags('10s', '10s', '2s'),
      '--leader-elect-renew-deadline: must be less than --leader-elect-lease-duration',
    ],
    [
      'a retry period that leaves no time for a retry',
      flags('15s', '10s', '9s'),
      '--leader-elect-retry-period: must leave room for a retry before --leader-elect-renew-deadline',
    ],
    [
      'no duration',
      flags('15', '10s', '2s'),
      '--leader-elect-lease-duration: must be a duration such as 15s',
    ],
    ['no time at all', flags('15s', '10s', '0s'), '--leader-elect-retry-period: must be at least 1s'],
  ])('refuse %s', (_, args, problem) => {
    expect(readConfig(args)).toEqual({ problem });
  });
});

describe('--reserved-secret-metadata', () => {
  const reserved = (...args: readonly string[]) => {
    const config = readConfig(args, {});
    return typeof config === 'object' && 'reservedSecretMetadata' in config
      ? config.reservedSecretMetadata
      : config;
  };

  test('is by default what makes other controllers take a Secret for theirs, or copy it', () => {
    expect(reserved()).toEqual([
      'argocd.argoproj.io/secret-type',
      'replicator.v1.mittwald.de/',
      'reflector.v1.k8s.emberstack.com/',
    ]);
  });

  test('is replaced as a whole, also by nothing', () => {
    expect(reserved('--reserved-secret-metadata=a/b,c/')).toEqual(['a/b', 'c/']);
    expect(reserved('--reserved-secret-metadata=')).toEqual([]);
  });
});

test("listed namespaces need the id of the cluster, which can't be read with their rights", () => {
  expect(readConfig(['--namespaces=shop'], {})).toEqual({
    problem:
      '--cluster-id: is needed with --namespaces: kubectl get namespace kube-system -o jsonpath={.metadata.uid}',
  });
});

test('the name of the installation fits into status with the id of its cluster', () => {
  expect(readConfig([`--installation=${'x'.repeat(189)}`], {})).not.toHaveProperty('problem');
  expect(readConfig([`--installation=${'x'.repeat(190)}`], {})).toEqual({
    problem: '--installation: must have 1 to 189 characters',
  });
});

describe('the certificate of the port', () => {
  test('is none by default, and metrics are for everybody', () => {
    expect(readConfig([], {})).toMatchObject({ tls: undefined, metricsAuthentication: false });
  });

  test('is a file beside that of its key', () => {
    const flags = ['--tls-cert-file=/tls/tls.crt', '--tls-private-key-file=/tls/tls.key'];
    expect(readConfig([...flags, '--metrics-authentication'], {})).toMatchObject({
      tls: { certFile: '/tls/tls.crt', keyFile: '/tls/tls.key' },
      metricsAuthentication: true,
    });
  });

  test.each([
    ['--tls-cert-file=a', '--tls-private-key-file: is needed with --tls-cert-file'],
    ['--tls-private-key-file=a', '--tls-cert-file: is needed with --tls-private-key-file'],
  ])("can't be %s alone", (flag, problem) => {
    expect(readConfig([flag], {})).toEqual({ problem });
  });
});

describe('the inventory page', () => {
  test.each([
    ['is not served by default', [], undefined],
    ['has a port of its own', ['--inventory'], 8081],
    ['has the port that is named', ['--inventory', '--inventory-port=9000'], 9000],
  ])('%s', (_, flags, inventoryPort) => {
    expect(readConfig(flags, {})).toMatchObject({ inventoryPort });
  });

  test('cannot have the port of the metrics', () => {
    expect(readConfig(['--inventory', '--inventory-port=8080'], {})).toEqual({
      problem: '--inventory-port: must be another port than --port',
    });
    expect(readConfig(['--inventory-port=8080'], {})).not.toHaveProperty('problem');
  });
});
