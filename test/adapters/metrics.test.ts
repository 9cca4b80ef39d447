import { describe, expect, it } from 'vitest';
import { createMetrics, type Metrics } from '../../src/adapters/metrics.ts';

const samples = async (metrics: Metrics) => {
  const { body } = await metrics.render();
  return body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
};

describe('the metrics', () => {
  it('count calls to authorization servers and time them', async () => {
    const metrics = createMetrics();
    metrics.serverCall({ server: 'corporate', call: 'register', outcome: '201', seconds: 0.2 });
    metrics.serverCall({ server: 'corporate', call: 'register', outcome: 'Timeout', seconds: 30 });
    const name = 'oauth_registrar_authorization_server_request';
    const labels = 'server="corporate",call="register"';
    const lines = await samples(metrics);
    expect(lines).toContain(`${name}s_total{${labels},outcome="201"} 1`);
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
    metrics.orphanSuspected('corporate');
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

  it('give a label to 500 servers and count further ones as other', async () => {
    const metrics = createMetrics();
    for (let index = 0; index < 502; index += 1) metrics.orphanSuspected(`tenant-${index}`);
    metrics.orphanSuspected('tenant-0');
    const lines = (await samples(metrics)).filter((line) => line.includes('suspected_orphans'));
    expect(lines).toHaveLength(501);
    expect(lines).toContain('oauth_registrar_suspected_orphans_total{server="tenant-0"} 2');
    expect(lines).toContain('oauth_registrar_suspected_orphans_total{server="other"} 2');
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
