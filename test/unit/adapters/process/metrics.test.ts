import { describe, expect, it } from 'vitest';
import { LABEL_VALUES, METRICS, type MetricRow } from '../../../../src/adapters/process/metric-table.ts';
import { createMetrics as create, type Metrics } from '../../../../src/adapters/process/metrics.ts';
import type { Gauges } from '../../../../src/controller/gauges.ts';

/** Each look is a second after the one before. */
const createMetrics = (options: Parameters<typeof create>[0] = {}) => {
  let now = 0;
  return create({ now: () => (now += 1_000), ...options });
};
const corporate = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const tenants = (name: string) => ({ kind: 'AuthorizationServer', namespace: 'shop', name }) as const;

const NOTHING: Gauges = {
  clients: [],
  notReadyForLong: [],
  overdueRenewals: [],
  ends: [],
  registrations: [],
  orphans: [],
  servers: [],
  gates: [],
  pauses: [],
  capabilities: [],
  ledger: [],
};

/** The lines of one metric, without its name. */
const linesOf = async (metrics: Metrics, name: string, gauges?: Partial<Gauges>) => {
  const { body } = await metrics.render(() => gauges && { ...NOTHING, ...gauges });
  return body.split('\n').flatMap((line) => (line.startsWith(`${name}{`) ? [line.slice(name.length)] : []));
};

const samples = async (metrics: Metrics) => {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
};

describe('the metrics', () => {
  it('are those of the table, each with its type and help', async () => {
    const { body } = await createMetrics().render();
    const described = (word: string) =>
      body
        .split('\n')
        .filter((line) => line.startsWith(`# ${word} `))
        .map((line) => line.slice(`# ${word} `.length))
        .toSorted();
    const rows = Object.entries(METRICS).toSorted();
    expect(described('TYPE')).toEqual(rows.map(([name, { type }]) => `${name} ${type}`));
    expect(described('HELP')).toEqual(rows.map(([name, { help }]) => `${name} ${help}`));
  });

  it('count calls to authorization servers and time them', async () => {
    const metrics = createMetrics();
    metrics.serverCall({ server: corporate, call: 'POST', outcome: 201, seconds: 0.2 });
    metrics.serverCall({ server: corporate, call: 'POST', outcome: 'Timeout', seconds: 30 });
    const name = 'oauth_registrar_authorization_server_request';
    const labels = 'server="corporate",call="POST"';
    const lines = await samples(metrics);
    expect(lines).toContain(`${name}s_total{${labels},outcome="2xx"} 1`);
    expect(lines).toContain(`${name}s_total{${labels},outcome="Timeout"} 1`);
    expect(lines).toContain(`${name}_duration_seconds_count{${labels}} 2`);
    expect(lines).toContain(`${name}_duration_seconds_bucket{le="0.25",${labels}} 1`);
  });

  it('count reconciliations by result and time them', async () => {
    const metrics = createMetrics();
    metrics.reconcileDone({ result: 'ready', seconds: 0.02 });
    const lines = await samples(metrics);
    expect(lines).toContain('oauth_registrar_reconciles_total{result="ready"} 1');
    expect(lines).toContain('oauth_registrar_reconcile_duration_seconds_sum 0.02');
  });

  it('count suspected orphans and calls to the Kubernetes API', async () => {
    const metrics = createMetrics();
    metrics.orphanSuspected(corporate);
    metrics.kubernetesCall({ verb: 'create', resource: 'secrets', code: 409 });
    const lines = await samples(metrics);
    expect(lines).toContain('oauth_registrar_suspected_orphans_total{server="corporate"} 1');
    expect(lines).toContain(
      'oauth_registrar_kubernetes_requests_total{verb="create",resource="secrets",code="409"} 1',
    );
  });

  it('show the queue and who leads', async () => {
    const metrics = createMetrics();
    metrics.queueDepth(7);
    metrics.leader(true);
    expect(await samples(metrics)).toContain('oauth_registrar_queue_depth 7');
    expect(await samples(metrics)).toContain('oauth_registrar_leader 1');
    metrics.leader(false);
    expect(await samples(metrics)).toContain('oauth_registrar_leader 0');
  });

  it('ask for the age of the last event at every scrape', async () => {
    const metrics = createMetrics();
    const ages = [3, 8];
    metrics.watchAge('oauthclients', () => ages.shift() ?? 0);
    const name = 'oauth_registrar_watch_last_event_age_seconds{resource="oauthclients"}';
    expect(await samples(metrics)).toContain(`${name} 3`);
    expect(await samples(metrics)).toContain(`${name} 8`);
  });

  it('count all servers of tenants together: they take no label from a cluster server (M11)', async () => {
    const metrics = createMetrics();
    for (let index = 0; index < 600; index += 1) {
      metrics.serverCall({ server: tenants(`t-${index}`), call: 'GET', outcome: index, seconds: 0.1 });
      metrics.orphanSuspected(tenants(`t-${index}`));
    }
    metrics.orphanSuspected(corporate);
    const lines = await samples(metrics);
    expect(lines.filter((line) => line.includes('suspected_orphans'))).toEqual([
      'oauth_registrar_suspected_orphans_total{server="AuthorizationServer"} 600',
      'oauth_registrar_suspected_orphans_total{server="corporate"} 1',
    ]);
    const outcomes = lines.filter((line) => line.includes('requests_total{server'));
    expect(outcomes.map((line) => /outcome="(.*)"/.exec(line)?.[1]).sort()).toEqual(
      ['2xx', '3xx', '401', '403', '429', '4xx', '5xx', 'other'].sort(),
    );
  });

  it('give 500 cluster servers a label, and one that is gone gives it back with its samples', async () => {
    const metrics = createMetrics();
    const named = (name: number) => ({ kind: 'ClusterAuthorizationServer', name: `s-${name}` }) as const;
    for (let index = 0; index < 502; index += 1) {
      metrics.orphanSuspected(named(index));
    }
    metrics.serverCall({ server: named(0), call: 'POST', outcome: 401, seconds: 0.1 });
    expect(await samples(metrics)).toContain('oauth_registrar_suspected_orphans_total{server="Other"} 2');
    for (let index = 0; index < 502; index += 1) {
      metrics.serverGone(named(index));
    }
    expect((await samples(metrics)).filter((line) => line.includes('server="s-'))).toEqual([]);
    metrics.orphanSuspected(named(501));
    expect(await samples(metrics)).toContain('oauth_registrar_suspected_orphans_total{server="s-501"} 1');
  });

  it('are made once a second at most, however often they are read (M11)', async () => {
    let now = 0;
    const metrics = create({ now: () => now });
    let made = 0;
    metrics.watchAge('oauthclients', () => (made += 1));
    await Promise.all([metrics.render(), metrics.render()]);
    now = 999;
    const { body } = await metrics.render();
    expect([made, body]).toEqual([1, expect.stringContaining('{resource="oauthclients"} 1')]);
    now = 1_000;
    expect((await metrics.render()).body).toContain('{resource="oauthclients"} 2');
  });

  it('show the present state, and nothing of the former one', async () => {
    const metrics = createMetrics();
    const name = 'oauth_registrar_clients';
    const state = { server: 'corporate', ready: 'False', condition: 'Stalled', reason: 'InvalidSpec' };
    const labels = 'server="corporate",ready="False",condition="Stalled",reason="InvalidSpec"';
    expect(await linesOf(metrics, name, { clients: [{ ...state, count: 3 }] })).toEqual([`{${labels}} 3`]);
    expect(await linesOf(metrics, name, { clients: [] })).toEqual([]);
    expect(await linesOf(metrics, name)).toEqual([]);
  });

  it('add up what has the same labels, and show the longest pause', async () => {
    const own = { server: 'AuthorizationServer' };
    const pause = { ...own, calls: 'registrations' };
    const gauges = {
      overdueRenewals: [
        { ...own, count: 1 },
        { ...own, count: 1 },
      ],
      pauses: [
        { ...pause, count: 30 },
        { ...pause, count: 20 },
      ],
    };
    expect(await linesOf(createMetrics(), 'oauth_registrar_renewals_overdue', gauges)).toEqual([
      '{server="AuthorizationServer"} 2',
    ]);
    const name = 'oauth_registrar_authorization_server_pause_seconds';
    expect(await linesOf(createMetrics(), name, gauges)).toEqual([
      '{server="AuthorizationServer",calls="registrations"} 30',
    ]);
  });

  it('have the labels of 500 cluster servers at most in the present state, too (M11)', async () => {
    const orphans = Array.from({ length: 600 }, (_, index) => ({ server: `s-${index}`, count: 1 }));
    const lines = await linesOf(createMetrics(), 'oauth_registrar_suspected_orphans', { orphans });
    expect([lines.length, lines.at(-1)]).toEqual([501, '{server="Other"} 100']);
  });

  it('begin at 0 where a later increase must be seen', async () => {
    const servers = [{ server: 'corporate', ready: 'True', reason: 'Available', count: 1 }];
    const metrics = createMetrics();
    const lost = 'oauth_registrar_lost_tokens_total';
    expect(await linesOf(metrics, lost, { servers })).toEqual(['{server="corporate"} 0']);
    metrics.tokenLost(corporate);
    expect(await linesOf(metrics, lost, { servers })).toEqual(['{server="corporate"} 1']);
    expect(await linesOf(metrics, 'oauth_registrar_suspected_orphans_total', { servers })).toEqual([
      '{server="corporate"} 0',
    ]);
  });

  it('count the lines of the audit trail, and time the way to Ready', async () => {
    const metrics = createMetrics();
    metrics.clientChanged({ server: corporate, event: 'Registration', outcome: 'Unknown' });
    metrics.clientChanged({ server: tenants('sso'), event: 'LeftBehind', outcome: undefined });
    metrics.firstReady(corporate, 4);
    metrics.verified(corporate, 'Refused');
    metrics.verified(tenants('sso'), 'Accepted');
    const ready = 'oauth_registrar_client_ready_seconds';
    expect(await linesOf(metrics, 'oauth_registrar_client_changes_total')).toEqual([
      '{server="corporate",event="Registration",outcome="Unknown"} 1',
      '{server="AuthorizationServer",event="LeftBehind",outcome="None"} 1',
    ]);
    expect(await linesOf(metrics, `${ready}_bucket`)).toContain('{le="5",server="corporate"} 1');
    expect(await linesOf(metrics, 'oauth_registrar_verifications_total')).toEqual([
      '{server="corporate",result="Refused"} 1',
      '{server="AuthorizationServer",result="Accepted"} 1',
    ]);
    metrics.serverGone(corporate);
    expect(await linesOf(metrics, 'oauth_registrar_verifications_total')).toHaveLength(1);
    expect(await linesOf(metrics, 'oauth_registrar_client_changes_total')).toHaveLength(1);
    expect(await linesOf(metrics, `${ready}_bucket`)).toEqual([]);
  });

  it('time writes of the ledger, and show the limit of the memory', async () => {
    const metrics = createMetrics({ memoryLimit: 268_435_456 });
    metrics.ledgerWritten(0.02);
    const lines = await samples(metrics);
    expect(lines).toContain('oauth_registrar_ledger_write_duration_seconds_sum 0.02');
    expect(lines).toContain('oauth_registrar_memory_limit_bytes 268435456');
  });

  it('have values for labels that exist', () => {
    const unknown = Object.entries(LABEL_VALUES).flatMap(([name, labels]) => {
      const row: MetricRow | undefined = (METRICS as Readonly<Record<string, MetricRow>>)[name];
      return Object.keys(labels).filter((label) => row?.labels.includes(label) !== true);
    });
    expect(unknown).toEqual([]);
  });

  it('have registries of their own', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.queueDepth(1);
    expect(await samples(other)).toContain('oauth_registrar_queue_depth 0');
  });

  it("include Node's own on request only", async () => {
    expect((await createMetrics().render()).body).not.toContain('process_cpu');
    expect((await createMetrics({ processMetrics: true }).render()).body).toContain('process_cpu');
  });

  it('come with the content type of the text format', async () => {
    expect((await createMetrics().render()).contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });
});
