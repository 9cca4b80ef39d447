import { describe, expect, it } from 'vitest';
import { METRICS } from '../../../../src/adapters/process/metric-table.ts';
import { createMetrics as create, type Metrics } from '../../../../src/adapters/process/metrics.ts';

/** Each look is a second after the one before. */
const createMetrics = (options: Parameters<typeof create>[0] = {}) => {
  let now = 0;
  return create({ now: () => (now += 1_000), ...options });
};
const corporate = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const tenants = (name: string) => ({ kind: 'AuthorizationServer', namespace: 'shop', name }) as const;

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
