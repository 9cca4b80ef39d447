import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Secret } from '../../../src/api/kubernetes.ts';
import { untilRefused } from '../../kit/testbed/policies.ts';
import { runOldPod } from '../../kit/testbed/workloads.ts';
import { all, eventually, messageOf, oauthClient, platformOf } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** What workloads get of a client, where the API server decides. */

const testbed = useTestbed({ flags: ['--rollout-restarts'] });
const shop = teamIn(testbed, 'shop');

const COMPONENT = join(import.meta.dirname, '..', '..', '..', 'deploy', 'components', 'rollout-restarts');
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const OPERATOR = 'system:serviceaccount:oauth-registrar-system:oauth-registrar';

const secretOf = async (name: string): Promise<Secret> =>
  JSON.parse(await shop.kubectl('get', 'secret', name, '-o', 'json')) as Secret;

it('A Secret of another type takes the place of one, whose type nobody can change', async () => {
  await testbed.apply(all(platformOf(testbed), oauthClient('shop', 'formed')));
  await shop.until('formed', 'Registered');
  const before = await secretOf('formed');
  await shop.patch('oac', 'formed', { spec: { secret: { format: 'ServiceBinding' } } });
  const after = await eventually(
    () => secretOf('formed').catch(() => before),
    ({ type }) => type === 'servicebinding.io/oauth2',
  );
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  const { status } = await shop.until('formed', 'Registered');
  expect(await shop.secret('formed')).toMatchObject({
    type: 'oauth2',
    provider: 'corporate',
    'client-id': status?.clientId,
    'client-secret': Buffer.from(before.data?.['client_secret'] ?? '', 'base64').toString(),
  });
});

it('A client that has no secret gets no Secret, and one from before is removed', async () => {
  const client = {
    clientName: 'Public',
    redirectUris: ['https://app.example.com/cb'],
    tokenEndpointAuthMethod: 'none',
  };
  await testbed.apply(oauthClient('shop', 'bare', { client }));
  await shop.until('bare', 'Registered');
  expect(await shop.exists('bare', 'secret')).toBe(true);
  await shop.patch('oac', 'bare', { spec: { secret: { mode: 'None' } } });
  await shop.untilGone('bare', 'secret');
  const { status } = await shop.until('bare', 'Registered');
  expect(status?.conditions?.map(({ type, status: is, message }) => `${type} ${is}: ${message}`)).toEqual([
    'Ready True: The client is registered. No Secret is written, since spec.secret.mode is None.',
    `Registered True: Client ${status?.clientId} is registered at ${status?.issuer}.`,
    'SecretSynced True: No Secret is written: spec.secret.mode is None.',
  ]);
  expect(status?.secretName).toBeUndefined();
});

describe('After a new credential', () => {
  const workload = (kind: string, name: string) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'shop' },
    spec: {
      ...(kind === 'Deployment' ? { replicas: 0 } : {}),
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: { team: 'shop' } },
        spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1.0' }] },
      },
    },
  });
  const restartedAt = async (kind: string, name: string): Promise<string | undefined> => {
    const { spec } = JSON.parse(await shop.kubectl('get', kind, name, '-o', 'json')) as ReturnType<
      typeof workload
    >;
    return (spec.template.metadata.annotations as Record<string, string>)[RESTARTED_AT];
  };
  const asOperator = async (change: object): Promise<string> => {
    const { stderr } = await testbed.controlPlane.kubectl([
      ...['patch', 'deployment', 'web', '-n', 'shop', `--as=${OPERATOR}`, '--dry-run=server'],
      ...['--type=merge', '-p', JSON.stringify(change)],
    ]);
    return stderr;
  };
  const restart = { spec: { template: { metadata: { annotations: { [RESTARTED_AT]: 'now' } } } } };

  it('the policy permits the restart alone, and only where the namespace has its label', async () => {
    for (const file of readdirSync(COMPONENT).filter((name) => name !== 'kustomization.yaml')) {
      await testbed.kubectl('apply', '-f', join(COMPONENT, file));
    }
    await testbed.apply(JSON.stringify(workload('Deployment', 'web')));
    await testbed.apply(JSON.stringify(workload('DaemonSet', 'agent')));
    await untilRefused(async () => (await asOperator(restart)) !== '');
    expect(await asOperator(restart)).toContain(
      'denied request: the namespace does not permit restarts: give it the label oauth-registrar.dev/rollout-restarts=true',
    );
    await testbed.kubectl('label', 'namespace', 'shop', 'oauth-registrar.dev/rollout-restarts=true');
    await eventually(
      () => asOperator(restart),
      (stderr) => stderr === '',
    );
    for (const other of [
      { spec: { replicas: 1 } },
      { spec: { paused: true } },
      { spec: { template: { spec: { serviceAccountName: 'other' } } } },
      { spec: { template: { metadata: { annotations: { team: 'other' } } } } },
      { spec: { template: { metadata: { annotations: { team: null } } } } },
      { spec: { template: { metadata: { labels: { extra: 'x' } } } } },
      { metadata: { labels: { extra: 'x' } } },
      { metadata: { annotations: { extra: 'x' } } },
      { metadata: { finalizers: ['example.com/x'] } },
    ]) {
      expect(await asOperator(other)).toContain(
        'denied request: the operator changes no workload but the annotation kubectl.kubernetes.io/restartedAt of its Pods',
      );
    }
  });

  it('each workload is restarted once, and one that is missing is told until it is there', async () => {
    const targets = [
      { kind: 'Deployment', name: 'web' },
      { kind: 'DaemonSet', name: 'agent' },
      { kind: 'StatefulSet', name: 'late' },
    ];
    await testbed.apply(oauthClient('shop', 'followed', { rolloutRestartTargets: targets }));
    await shop.until('followed', 'Registered');
    expect(await restartedAt('Deployment', 'web')).toBeUndefined();

    await shop.annotate('followed', 'rotate-requested-at', '1');
    const waiting = await shop.until('followed', 'RestartTargetNotFound');
    const ready = waiting.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({
      status: 'True',
      message:
        "StatefulSet late of spec.rolloutRestartTargets doesn't exist in namespace shop. Create the workload, or correct spec.rolloutRestartTargets; the operator looks again.",
    });
    const at = await restartedAt('Deployment', 'web');
    expect(at).toBe(await restartedAt('DaemonSet', 'agent'));

    await testbed.apply(JSON.stringify({ ...workload('StatefulSet', 'late') }));
    const { status } = await shop.until('followed', 'Registered');
    expect(await restartedAt('StatefulSet', 'late')).toBe(status?.rolloutRestarts?.at);
    expect(Date.parse(status?.rolloutRestarts?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(at ?? ''));
    expect(await restartedAt('Deployment', 'web')).toBe(at);
  });

  it('the former client stays for a Pod from before it, and ends when that Pod is gone', async () => {
    const spec = { replacement: { retire: 'WhenUnused', overlap: '1s' } };
    await testbed.apply(oauthClient('shop', 'used', spec));
    const { status: before } = await shop.until('used', 'Registered');
    await runOldPod(testbed, { namespace: 'shop', name: 'old', secret: 'used' });
    await shop.annotate('used', 'rotate-requested-at', '1');
    const held = await eventually(
      () => shop.client('used'),
      (client) => /is kept while Pods/.test(messageOf(client)),
    );
    expect(messageOf(held)).toContain(
      `Client ${before?.clientId} is kept while Pods that started before the new credential run: old. Restart them; it ends at `,
    );
    const idsAtServer = () => testbed.server.clients().map((client) => client.client_id);
    expect(idsAtServer()).toContain(before?.clientId);
    await shop.kubectl('delete', 'pod', 'old', '--force', '--grace-period=0');
    await shop.annotate('used', 'reconcile-requested-at', '1');
    await eventually(
      async () => idsAtServer(),
      (ids) => !ids.includes(before?.clientId ?? ''),
    );
  });
});
