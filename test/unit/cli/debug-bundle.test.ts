import { expect, onTestFinished, test } from 'vitest';
import { type ClusterAccess, openCluster } from '../../../src/cli/cluster.ts';
import { debugFiles } from '../../../src/cli/debug-bundle.ts';
import { startPluginCluster } from '../../kit/fakes/plugin.ts';

const event = (name: string, apiVersion: string) => ({
  kind: 'Event',
  metadata: { name, namespace: 'shop' },
  ...{ note: name, regarding: { apiVersion, kind: 'Any', name: 'any' } },
});

test('Events of others are not kept while they are collected', async () => {
  const objects = [event('ours', 'oauth-registrar.dev/v1alpha1'), event('theirs', 'v1')];
  const { kubeconfig } = await startPluginCluster({ objects });
  const cluster = (await openCluster({ kubeconfig, namespace: 'shop' })) as ClusterAccess;
  onTestFinished(() => cluster.close());
  const kept: unknown[] = [];
  const collect: ClusterAccess['api']['collect'] = async (resource, selection, convert) => {
    const found = await cluster.api.collect(resource, selection, convert);
    if (found.ok && resource.kind === 'Event') {
      kept.push(...found.object.items);
    }
    return found;
  };
  const files = await debugFiles({ ...cluster, api: { ...cluster.api, collect } });
  expect(kept).toHaveLength(1);
  expect(files.find(({ name }) => name === 'events.json')?.content).toContain('"note": "ours"');
});
