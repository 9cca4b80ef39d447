import { describe, expect, test } from 'vitest';
import type { ChartValues } from '../../../tools/chart-values.ts';
import { HELM_VERSIONS } from '../../kit/testbed/helm.ts';
import { untilGuarded } from '../../kit/testbed/policies.ts';
import { eventually } from '../behaviour/objects.ts';
import { problemOf } from './check.ts';
import { CHART } from './rendered.ts';
import { useScene } from './scene.ts';

/** What a cluster has against a release: each case ends in a sentence that says what to do, and installs nothing. */

const LISTED = (...namespaces: readonly string[]): ChartValues => ({ namespaces: [...namespaces] });
const SECOND: ChartValues = { crds: { enabled: false }, shared: { enabled: false } };

describe.each(HELM_VERSIONS)('%s', { timeout: 120_000 }, (version) => {
  const scene = useScene(version);
  const install = (namespace: string, values: ChartValues, ...flags: readonly string[]) =>
    scene.helm.run(['install', 'sso', CHART, '-n', namespace, '--create-namespace', ...flags], values);
  const refusal = async (namespace: string, values: ChartValues) => {
    const { code, stdout, stderr } = await install(namespace, values);
    expect(code, stdout).not.toBe(0);
    return stderr;
  };
  const installed = async (namespace: string, values: ChartValues) => {
    const { code, stderr } = await install(namespace, values);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  };
  const uninstall = (namespace: string, ...flags: readonly string[]) =>
    scene.helm.run(['uninstall', 'sso', '-n', namespace, '--wait', '--timeout', '90s', ...flags]);

  test('the check of `helm test` says what is missing, and what to do', async () => {
    const check = (env: Readonly<Record<string, string>>) => problemOf(scene, { namespace: 'sso-a', env });
    expect(await check({})).toMatch(
      /^The API server does not serve oauthclients.oauth-registrar.dev, .*crds.enabled=true/,
    );
    expect(await check({ KUBERNETES_SERVICE_PORT: '1' })).toMatch(
      /^The API server cannot be reached at 127.0.0.1:1 .*networkPolicy.apiServer.cidrs.$/,
    );
  });

  test('a release without definitions or policies in an empty cluster', async () => {
    expect(await refusal('sso-a', { crds: { enabled: false } })).toContain(
      'The cluster has no definitions of oauth-registrar.dev, and crds.enabled is false: set crds.enabled=true',
    );
    expect(await refusal('sso-a', { shared: { enabled: false } })).toContain(
      'The cluster has no policy oauth-registrar-guard, and shared.enabled is false: set shared.enabled=true',
    );
    expect(await scene.kubectl('get', 'crd', '-o', 'name')).toBe('');
  });

  test('a namespace that does not exist', async () => {
    expect(await refusal('sso-a', LISTED('shop'))).toContain(
      'namespaces has shop, and the cluster has no such namespace: create it first, or take it off the list',
    );
  });

  test("the API server's addresses are found, before and behind its Service", async () => {
    await scene.apply({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default' },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.5'] }, { addresses: ['192.0.2.6'] }],
      ports: [{ port: 6443 }],
    });
    const { stdout, stderr } = await install(
      'sso-a',
      { networkPolicy: { enabled: true } },
      '--dry-run=server',
    );
    expect(stdout, stderr).toContain(
      "The NetworkPolicy permits the API server's present addresses: 10.0.0.1/32, 192.0.2.5/32, 192.0.2.6/32.",
    );
  });

  test('a namespace of another install, and an install of all namespaces beside one of some', async () => {
    for (const name of ['shop', 'billing']) {
      await scene.kubectl('create', 'namespace', name);
    }
    await installed('sso-a', LISTED('shop'));
    const uid = await scene.kubectl('get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}');
    const args = [
      '-n',
      'sso-a',
      'get',
      'deployment',
      'oauth-registrar',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].args}',
    ];
    expect(await scene.kubectl(...args)).toContain(`"--cluster-id=${uid}"`);

    expect(await refusal('sso-b', { ...SECOND, ...LISTED('billing', 'shop') })).toContain(
      'The install in namespace sso-a serves namespace shop already, and only one may: take it off one of the two lists',
    );
    expect(await refusal('sso-b', SECOND)).toContain(
      'The install in namespace sso-a serves some namespaces, so this one would serve them a second time',
    );
    await installed('sso-b', { ...SECOND, ...LISTED('billing') });
    const upgraded = await scene.helm.run(['upgrade', 'sso', CHART, '-n', 'sso-a'], LISTED('shop'));
    expect(upgraded, upgraded.stderr).toMatchObject({ code: 0 });
    expect(await uninstall('sso-b')).toMatchObject({ code: 0 });
    expect(await uninstall('sso-a')).toMatchObject({ code: 0 });
    expect(
      await scene.kubectl('get', 'rolebindings,clusterroles,clusterrolebindings', '-A', '-o', 'name'),
    ).not.toContain('oauth-registrar');
  });

  test('a second install of all namespaces', async () => {
    await scene.kubectl(
      'delete',
      'validatingadmissionpolicies,validatingadmissionpolicybindings',
      '--all',
      '--wait=false',
    );
    await scene.shell(RELEASE_GUARD);
    await scene.shell(DELETE_DEFINITIONS);
    const { code, stdout, stderr } = await install('sso-c', { crds: { keep: false } });
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('WARNING: crds.keep is false.');
    expect(await refusal('sso-d', SECOND)).toContain(
      'The install in namespace sso-c serves all namespaces, so this one would serve them a second time',
    );
  });

  test('crds.keep=false: uninstall is refused in a sentence, until a person permits it', async () => {
    await untilGuarded(scene.controlPlane, 'sso-c');
    const refused = await uninstall('sso-c', '--debug');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('Delete the OAuthClients first. If you are sure: kubectl annotate crd');
    expect(await scene.kubectl('get', 'crd', '-o', 'name')).toContain('oauthclients.oauth-registrar.dev');
    await scene.kubectl('annotate', 'crd', '--all', 'oauth-registrar.dev/allow-deletion=true');
    const permitted = await scene.helm.run(['uninstall', 'sso', '-n', 'sso-c']);
    expect(permitted, permitted.stderr).toMatchObject({ code: 0 });
    await eventually(
      async () => {
        await scene.shell(LOOK_AGAIN);
        return scene.kubectl('get', 'crd', '-o', 'name');
      },
      (left) => left === '',
      60_000,
    );
  });
});

const RELEASE_GUARD = `for object in $(kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings -o name); do
  kubectl patch "$object" --type=merge -p '{"metadata":{"finalizers":null}}'
done`;
/** The API server was seen to leave a definition in Terminating for minutes: it looks again when the definition changes. */
const LOOK_AGAIN = `kubectl annotate crd --all --overwrite looked-at="$(date +%s)"`;
const DELETE_DEFINITIONS = `kubectl annotate crd --all oauth-registrar.dev/allow-deletion=true
kubectl delete crd --all`;
