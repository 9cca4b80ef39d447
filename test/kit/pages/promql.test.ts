import { expect, test } from 'vitest';
import { faultsOf, labelsIn } from './promql.ts';

test.each([
  ['that does not parse', 'sum(oauth_registrar_leader', ['does not parse: sum(oauth_registrar_leader']],
  ...['sum by (a) (', 'rate(a[5m]', 'a{b}', 'a >> 1'].map((text): [string, string, string[]] => [
    'that does not parse',
    text,
    [`does not parse: ${text}`],
  ]),
  ['without a metric', '1 + 1', ['does not parse: 1 + 1']],
  ['with an unknown metric', 'oauth_registrar_client', ['no metric is named oauth_registrar_client']],
  [
    'with the bare name of a histogram',
    'oauth_registrar_client_ready_seconds',
    ['no metric is named oauth_registrar_client_ready_seconds'],
  ],
  [
    'with an unknown label',
    'oauth_registrar_clients{phase="Ready"}',
    ['oauth_registrar_clients has no label phase'],
  ],
  [
    'with a value that no label has',
    'oauth_registrar_clients{reason=~"Queued|AdmisionRefused"}',
    ['label reason of oauth_registrar_clients is never AdmisionRefused'],
  ],
  [
    'that groups by an unknown label',
    'sum by (server, phase) (oauth_registrar_clients)',
    ['nothing in sum by (server, phase) (oauth_registrar_clients) has a label phase'],
  ],
  [
    'that groups a gauge by buckets',
    'sum by (le) (oauth_registrar_clients)',
    ['nothing in sum by (le) (oauth_registrar_clients) has a label le'],
  ],
  [
    'that matches by an unknown label',
    'oauth_registrar_clients / on (phase) oauth_registrar_leader',
    ['nothing in oauth_registrar_clients / on (phase) oauth_registrar_leader has a label phase'],
  ],
])('an expression %s is refused', (_, expression, faults) => {
  expect(faultsOf(expression)).toEqual(faults);
});

test('an expression with what exists is not', () => {
  const expression =
    'histogram_quantile(0.9, sum by (server, le) (rate(oauth_registrar_client_ready_seconds_bucket{namespace="a",server=~"$server"}[5m])))';
  expect([faultsOf(expression), labelsIn(expression)]).toEqual([[], ['server', 'le']]);
});
