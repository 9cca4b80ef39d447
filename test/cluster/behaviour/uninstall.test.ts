import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocksBelow } from '../../kit/pages/blocks.ts';
import { createPagesFolder } from '../../kit/pages/folder.ts';
import { runShell } from '../../kit/pages/shell.ts';
import { drop, type StubServer } from '../../kit/stub-server.ts';
import { eventually, OPERATOR_NAMESPACE } from './objects.ts';
import { LONG_MS, teamIn, useTestbed } from './team.ts';

/** The uninstall procedure of docs/uninstall.md, and deletions by mistake, with clients of each role. */

const testbed = useTestbed({ controllerManager: true, namespaces: ['shop', 'leaving'] });
const shop = teamIn(testbed, 'shop');
const leaving = teamIn(testbed, 'leaving');
const stubs: Record<string, StubServer> = {};

let folder: string;

/** Runs commands as the cluster's administrator, in the folder where the page's install was applied. */
const shell = (text: string) => runShell(text, { kubeconfig: testbed.controlPlane.adminKubeconfig, folder });

interface Records {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
    readonly data: Readonly<Record<string, string>>;
  }[];
}

/** Role and data of each registration Secret, by its name. */
async function records(): Promise<Readonly<Record<string, object>>> {
  const listed = await testbed.kubectl(
    ...['get', 'secrets', '-n', OPERATOR_NAMESPACE, '-l', 'oauth-registrar.dev/registration', '-o', 'json'],
  );
  return Object.fromEntries(
    (JSON.parse(listed) as Records).items.map(({ metadata, data }) => [
      metadata.name,
      { role: metadata.labels['oauth-registrar.dev/role'], data },
    ]),
  );
}

const roles = async () => Object.values(await records()).map((record) => Reflect.get(record, 'role'));

const textsBelow = (heading: string): readonly string[] =>
  blocksBelow('docs/uninstall.md', heading, 'sh').map(({ text }) => text);
const [deregister] = textsBelow('Deregister the clients');
const [, remove] = textsBelow('Remove the rest');
const [putBack] = textsBelow('Deleted by mistake');

const [install] = blocksBelow('docs/operating.md', 'With kustomize', 'sh');

afterAll(() => rm(folder, { recursive: true, force: true }));
beforeAll(async () => {
  folder = await createPagesFolder();
  expect(await shell(install?.text ?? '')).toMatchObject({ code: 0 });
  stubs['current'] = await shop.place('current');
  stubs['retained'] = await shop.place('retained', { client: { deletionPolicy: 'Retain' } });
  stubs['left'] = await shop.place('left', { server: { management: { mode: 'None' } } });
  // In a namespace that terminates, an object does not wait for its server.
  stubs['owed'] = await leaving.place('owed');
  stubs['owed'].behave = { remove: drop };
  await shop.remove('retained');
  await shop.remove('left');
  await testbed.kubectl('delete', 'namespace', 'leaving', '--timeout=60s');
  await shop.untilRoles('retained', ['retained']);
  await shop.untilRoles('left', ['left-behind']);
  await leaving.untilRoles('owed', ['owed']);
});

it('Deletions by mistake lose nothing; by the commands of the page, the clients end and everything is removed', {
  timeout: 300_000,
}, async () => {
  await deletedByMistake('kubectl delete -k deploy');
  await deletedByMistake(`kubectl delete ns ${OPERATOR_NAMESPACE}`);
  await isPutBack();
  await isListed();

  // As documented, the clients end, and the list shows what still exists at servers.
  const { code, stdout } = await shell(deregister ?? '');
  expect(code).toBe(0);
  expect(stubs['current']?.clients.size).toBe(0);
  for (const role of ['retained', 'left-behind', 'owed']) {
    expect(stdout).toContain(role);
  }
  expect((await roles()).toSorted()).toEqual(['left-behind', 'owed', 'retained']);

  // An owed client ends when its server answers.
  (stubs['owed'] as StubServer).behave = {};
  await leaving.untilRoles('owed', [], 90_000);
  expect(stubs['owed']?.clients.size).toBe(0);

  // A retained client ends with another object of its name.
  await testbed.apply(
    JSON.stringify({
      apiVersion: 'oauth-registrar.dev/v1alpha1',
      kind: 'OAuthClient',
      metadata: { name: 'retained', namespace: 'shop' },
      spec: {
        authorizationServerRef: { kind: 'AuthorizationServer', name: 'retained' },
        client: { grantTypes: ['client_credentials'] },
        deletionPolicy: 'Delete',
      },
    }),
  );
  await shop.until('retained', 'Registered');
  await shop.kubectl('delete', 'oac', 'retained', '--timeout=60s');
  expect(stubs['retained']?.clients.size).toBe(0);
  expect(await roles()).toEqual(['left-behind']);

  // Everything else is removed, and nothing is stuck.
  const removed = await shell(remove ?? '');
  await testbed.operator.stop();
  expect({ code: removed.code, stderr: removed.stderr }).toMatchObject({ code: 0 });
  expect(await testbed.kubectl('get', 'crd', '-o', 'name')).not.toContain('oauth-registrar.dev');
  expect(await testbed.kubectl('get', 'ns', '-o', 'name')).not.toContain(OPERATOR_NAMESPACE);
  const policies = ['validatingadmissionpolicies,validatingadmissionpolicybindings', '-o', 'name'];
  expect(await testbed.kubectl('get', ...policies)).toBe('');
});

/** The command, tried three times, leaves every client and every token. */
async function deletedByMistake(command: string): Promise<void> {
  const before = await records();
  const crds = await testbed.kubectl('get', 'crd', '-o', 'name');
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    const { code, stderr } = await shell(command);
    expect(stderr).toContain('Delete the OAuthClients first');
    expect(code).not.toBe(0);
    // Longer than the API server applies a deleted policy.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
  expect(await records()).toEqual(before);
  expect(await testbed.kubectl('get', 'crd', '-o', 'name')).toBe(crds);
  expect(await shop.exists('current')).toBe(true);
}

/** The commands of the page restore everything, and clients continue. */
async function isPutBack(): Promise<void> {
  expect(await shell(putBack ?? '')).toMatchObject({ code: 0 });
  const image = ['-o', 'jsonpath={.spec.template.spec.containers[0].image}'];
  expect(
    await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'deployment', 'oauth-registrar', ...image),
  ).toBe('registry.example.com/oauth-registrar:0.1.0');
  const policy = await testbed.kubectl(
    ...['get', 'validatingadmissionpolicy', 'oauth-registrar-guard', '-o', 'json'],
  );
  expect(JSON.parse(policy).metadata).not.toHaveProperty('deletionTimestamp');
  await testbed.operator.stop('SIGKILL');
  await testbed.controlPlane.kubeconfigFor({
    namespace: OPERATOR_NAMESPACE,
    serviceAccount: 'oauth-registrar',
  });
  await testbed.startOperator();
  await shop.edit('current', { clientName: 'Edited afterwards' });
  await eventually(
    () => [...(stubs['current']?.clients.values() ?? [])],
    ([client]) => client?.['client_name'] === 'Edited afterwards',
    LONG_MS,
  );
}

/** The list of docs/backup-and-restore.md contains the client id, the role and the object of each client. */
async function isListed(): Promise<void> {
  const [command] = blocksBelow('docs/backup-and-restore.md', 'Which clients exist', 'sh');
  const { stdout } = await shell(command?.text ?? '');
  const rows = stdout
    .trim()
    .split('\n')
    .map((row) => row.split(/ +/));
  expect(rows[0]).toEqual(['CLIENT_ID', 'ROLE', 'OAUTHCLIENT', 'SERVER']);
  expect(rows.slice(1).toSorted()).toEqual(
    Object.entries({
      current: ['current', 'shop/current'],
      retained: ['retained', 'shop/retained'],
      left: ['left-behind', 'shop/left'],
      owed: ['owed', 'leaving/owed'],
    })
      .map(([name, columns]) => [
        ...(stubs[name]?.clients.keys() ?? []),
        ...columns,
        `AuthorizationServer/${name}`,
      ])
      .toSorted(),
  );
}
