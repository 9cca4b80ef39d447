import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import type { ChartValues } from '../../../tools/chart-values.ts';
import { kstatusOf } from '../../kit/kstatus.ts';
import { blocksBelow } from '../../kit/pages/blocks.ts';
import { HELM_VERSIONS } from '../../kit/testbed/helm.ts';
import { MISSING_IMAGE } from '../../kit/testbed/node.ts';
import { untilGuarded, untilRefused } from '../../kit/testbed/policies.ts';
import { eventually, machine } from '../behaviour/objects.ts';
import { problemOf, tokenFor } from './check.ts';
import { CHART, NAMESPACE, RELEASE } from './rendered.ts';
import { TRIAL, useScene } from './scene.ts';

/**
 * A release from its install to its end, on a real API server with the controllers of workloads. KWOK stands in for the
 * node, and the operator's container runs as a process with the Pod's arguments under a token of its account.
 */

const USER = `system:serviceaccount:${NAMESPACE}:oauth-registrar`;
const WAIT = ['--wait', '--timeout', '90s'];
const LONG_MS = 120_000;
const NETWORK = { enabled: true, apiServer: { cidrs: ['127.0.0.1/32'] } };

describe.each(HELM_VERSIONS)('a release of %s', { timeout: LONG_MS }, (version) => {
  const scene = useScene(version);
  const helm = (command: string, values?: ChartValues, ...flags: readonly string[]) =>
    scene.helm.run(
      [command, RELEASE, ...(values === undefined ? [] : [CHART]), '-n', NAMESPACE, ...flags],
      values,
    );
  const client = async (name = 'machine') =>
    JSON.parse(await scene.kubectl('-n', 'shop', 'get', 'oac', name, '-o', 'json')) as OAuthClient;
  const create = (name: string, server: string, ...flags: readonly string[]) =>
    scene.controlPlane.kubectl(['create', '-f', '-', '-o', 'json', ...flags], {
      stdin: JSON.stringify({
        apiVersion: 'oauth-registrar.dev/v1alpha1',
        kind: 'OAuthClient',
        metadata: { name, namespace: 'shop' },
        spec: { authorizationServerRef: { kind: 'AuthorizationServer', name: server }, client: machine },
      }),
    });
  const isReady = ({ metadata, status }: OAuthClient) =>
    kstatusOf({ metadata, status }) === 'Current' &&
    status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
  const untilReady = (name?: string) => eventually(() => client(name), isReady, 60_000);
  const deployment = async () =>
    JSON.parse(
      await scene.kubectl('-n', NAMESPACE, 'get', 'deployment', 'oauth-registrar', '-o', 'json'),
    ) as { readonly status: { readonly availableReplicas?: number } };
  /** Calls at the server that are no discovery. */
  const calls = () => scene.server.log.filter(({ path }) => !path.includes('/.well-known/')).length;

  test('install --wait ends when the operator is there, and the first client is InProgress, then Current', async () => {
    const { code, stdout, stderr } = await helm('install', TRIAL, '--create-namespace', ...WAIT);
    expect({ code, stderr }, stdout).toMatchObject({ code: 0 });
    expect((await deployment()).status).toMatchObject({ availableReplicas: 2, updatedReplicas: 2 });

    await scene.kubectl('create', 'namespace', 'shop');
    await scene.apply({
      apiVersion: 'oauth-registrar.dev/v1alpha1',
      kind: 'AuthorizationServer',
      metadata: { name: 'own', namespace: 'shop' },
      spec: { issuer: scene.server.issuer, registration: { admission: { open: {} } } },
    });
    const created = await create('machine', 'own');
    expect(kstatusOf(JSON.parse(created.stdout) as OAuthClient)).toBe('InProgress');
    await untilReady();
    expect(scene.server.clients()).toHaveLength(1);

    // NOTES name the next commands, and what Helm leaves to do.
    expect(stdout).toContain(`helm test ${RELEASE} -n ${NAMESPACE}`);
    expect(stdout).toContain(
      'If that times out, the nodes cannot pull the image: name it by image.repository',
    );
    const [label = ''] = /kubectl label namespace .*/.exec(stdout) ?? [];
    expect(stdout).toContain('has no Pod Security level');
    expect(await scene.shell(label)).toMatchObject({ code: 0 });
  });

  test('helm test prints one line that says it works, and leaves nothing', async () => {
    const { code, stdout, stderr } = await helm('test', undefined, '--timeout', '60s');
    expect({ code, stderr }, `${stdout}\n${scene.node.printed.join('')}`).toMatchObject({ code: 0 });
    expect(scene.node.printed.at(-1)).toBe(
      `oauth-registrar works in ${NAMESPACE}: an operator leads; its kinds are served, its policies are in force.\n`,
    );
    const left = await scene.kubectl(
      'get',
      'pods,sa,roles,rolebindings,clusterroles,clusterrolebindings',
      '-A',
      '-o',
      'name',
    );
    expect(left).not.toContain('oauth-registrar-check');
  });

  test('upgrade starts new Pods under the level restricted, and changes nothing at the server', async () => {
    const before = calls();
    const values = {
      ...TRIAL,
      podAnnotations: { revision: 'two' },
      networkPolicy: NETWORK,
      flowControl: { enabled: true },
      tenantPolicies: {
        enabled: true,
        bounds: { shop: { servers: ['AuthorizationServer/own'], grantTypes: ['client_credentials'] } },
      },
    };
    const { code, stdout, stderr } = await helm('upgrade', values, ...WAIT);
    expect({ code, stderr }, stdout).toMatchObject({ code: 0 });
    expect(stdout).not.toContain('has no Pod Security level');
    const pods = await scene.kubectl(
      '-n',
      NAMESPACE,
      'get',
      'pods',
      '-o',
      'jsonpath={.items[*].metadata.annotations.revision}',
    );
    expect(pods).toBe('two two');
    expect(calls()).toBe(before);
    // From here on the operator works under the tenants' policies.
    await untilRefused(async () => (await create('other', 'another', '--dry-run=server')).code !== 0);
    await edited('Edited after the upgrade');
    const tested = await helm('test', undefined, '--timeout', '60s');
    expect(tested, scene.node.printed.join('')).toMatchObject({ code: 0 });
  });

  test('an upgrade that the values forbid, or whose image is missing, loses nothing; rollback ends it', async () => {
    const before = calls();
    const refused = await helm('upgrade', { ...TRIAL, replicaCount: 3 } as ChartValues, ...WAIT);
    expect(refused.stderr).toContain("additional properties 'replicaCount' not allowed");
    expect(refused.code).not.toBe(0);

    const { code } = await helm('upgrade', { ...TRIAL, image: MISSING_IMAGE }, '--wait', '--timeout', '8s');
    expect(code).not.toBe(0);
    const waiting = await scene.kubectl(
      '-n',
      NAMESPACE,
      'get',
      'pods',
      '-o',
      'jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}',
    );
    expect(waiting).toContain('ErrImagePull');
    const token = await tokenFor(scene, NAMESPACE);
    expect(await problemOf(scene, { namespace: NAMESPACE, token })).toMatch(
      /^2 of 3 Pods of the operator are ready\. What is missing: kubectl -n oauth-registrar-system get pods,events, and kubectl /,
    );
    await scene.kubectl('delete', 'serviceaccount', 'checker', '-n', NAMESPACE);
    await scene.kubectl('delete', 'clusterrolebinding', 'checker');
    expect((await deployment()).status.availableReplicas).toBeGreaterThan(0);
    await edited('Edited during the failed upgrade');
    const during = calls();
    expect(during).toBeGreaterThan(before);

    const rolledBack = await helm('rollback', undefined, ...WAIT);
    expect(rolledBack, rolledBack.stderr).toMatchObject({ code: 0 });
    const pods = await scene.kubectl(
      '-n',
      NAMESPACE,
      'get',
      'deployment',
      'oauth-registrar',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image}',
    );
    expect(pods).toBe('oauth-registrar:dev');
    expect(calls()).toBe(during);
    expect(scene.server.clients()).toHaveLength(1);
    expect(isReady(await client())).toBe(true);
  });

  test('an earlier chart with crds.enabled=false leaves the definitions of the later one, so that no field is lost', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-later-'));
    await cp(CHART, folder, { recursive: true });
    const file = join(folder, 'files', 'crds', 'oauth-registrar.dev_oauthclients.yaml');
    const definition = parseDocument(await readFile(file, 'utf8'));
    const fields = 'spec.versions.0.schema.openAPIV3Schema.properties.spec.properties';
    definition.setIn([...fields.split('.').map(toKey), 'later'], { type: 'string' });
    await writeFile(file, String(definition));
    const later = await scene.helm.run(['upgrade', RELEASE, folder, '-n', NAMESPACE, ...WAIT], TRIAL);
    expect(later, later.stderr).toMatchObject({ code: 0 });
    await rm(folder, { recursive: true });

    const earlier = await helm('upgrade', { ...TRIAL, crds: { enabled: false } }, ...WAIT);
    expect(earlier, earlier.stderr).toMatchObject({ code: 0 });
    const path = `jsonpath={.${fields.replace('versions.0', 'versions[0]')}.later}`;
    expect(await scene.kubectl('get', 'crd', 'oauthclients.oauth-registrar.dev', '-o', path)).toBe(
      '{"type":"string"}',
    );
    expect(isReady(await client())).toBe(true);
  });

  test('no call of the operator was refused: its rights suffice', async () => {
    const refused = (await scene.controlPlane.audit()).filter(
      ({ user, code }) => user === USER && code === 403,
    );
    expect(refused.map(({ verb, uri }) => `${verb} ${uri}`)).toEqual([]);
  });

  test('uninstall leaves definitions, guard, namespace, records and the client; a new install goes on with them', async () => {
    const { status } = await client();
    const { code, stderr } = await helm('uninstall', undefined, ...WAIT);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    await eventually(
      () => scene.node.operators.size,
      (size) => size === 0,
    );
    const own = await scene.kubectl(
      'get',
      'crd,validatingadmissionpolicies,validatingadmissionpolicybindings',
      '-o',
      'name',
    );
    expect(
      own
        .split('\n')
        .map((name) => name.replace(/^[^/]*\//, ''))
        .toSorted(),
    ).toEqual([
      'authorizationservers.oauth-registrar.dev',
      'clusterauthorizationservers.oauth-registrar.dev',
      'oauth-registrar-guard',
      'oauth-registrar-guard',
      'oauthclients.oauth-registrar.dev',
    ]);
    expect(await scene.kubectl('-n', NAMESPACE, 'get', 'deployments,pods,sa,roles', '-o', 'name')).toBe(
      'serviceaccount/default',
    );
    expect(
      await scene.kubectl(
        '-n',
        NAMESPACE,
        'get',
        'secrets',
        '-l',
        'oauth-registrar.dev/registration',
        '-o',
        'name',
      ),
    ).toMatch(/^secret\/\S+$/);
    expect(scene.server.clients()).toHaveLength(1);

    await untilGuarded(scene.controlPlane, NAMESPACE);
    for (const object of ['crd/oauthclients.oauth-registrar.dev', `namespace/${NAMESPACE}`]) {
      const deletion = await scene.controlPlane.kubectl(['delete', object, '--timeout=10s']);
      expect(deletion.stderr).toContain('Delete the OAuthClients first');
      expect(deletion.code).not.toBe(0);
    }

    const again = await helm('install', TRIAL, ...WAIT);
    expect(again, again.stderr).toMatchObject({ code: 0 });
    await edited('Edited after the second install');
    expect((await client()).status?.clientId).toBe(status?.clientId);
    expect(scene.server.clients()).toHaveLength(1);
  });

  test('the documented commands leave no object, and no client at the server', async () => {
    const [deregister] = blocksBelow('docs/uninstall.md', 'Deregister the clients', 'sh');
    const [withHelm] = blocksBelow('docs/uninstall.md', 'Remove the rest', 'sh');
    const deregistered = await scene.shell(deregister?.text ?? '');
    expect(deregistered, deregistered.stderr).toMatchObject({ code: 0 });
    expect(scene.server.clients()).toEqual([]);
    const removed = await scene.shell(withHelm?.text ?? '');
    expect(removed, removed.stderr).toMatchObject({ code: 0 });
    const kinds =
      'crd,validatingadmissionpolicies,validatingadmissionpolicybindings,namespaces,clusterrolebindings,clusterroles,flowschemas,prioritylevelconfigurations';
    expect(await scene.kubectl('get', kinds, '-o', 'name')).not.toContain('oauth-registrar');
  });

  /** Edits the client, and waits until the server has the edit. */
  async function edited(clientName: string): Promise<void> {
    await scene.kubectl(
      '-n',
      'shop',
      'patch',
      'oac',
      'machine',
      '--type=merge',
      '-p',
      JSON.stringify({ spec: { client: { clientName } } }),
    );
    await eventually(
      () => scene.server.clients().map((one) => one['client_name']),
      (names) => names.join() === clientName,
      60_000,
    );
    await untilReady();
  }
});

const toKey = (key: string): string | number => (/^\d+$/.test(key) ? Number(key) : key);
