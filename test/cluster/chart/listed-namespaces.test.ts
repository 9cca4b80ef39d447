import { expect, test } from 'vitest';
import { untilGuarded } from '../../kit/testbed/policies.ts';
import { eventually, machine } from '../behaviour/objects.ts';
import { CHART } from './rendered.ts';
import { TRIAL, useScene } from './scene.ts';

/** An install for listed namespaces, in which the operator has the rights of the release and no other. */

const OWN = 'oauth-registrar-shop';
const scene = useScene('helm4');

test('registers a client with no right outside of its namespaces, and passes helm test', {
  timeout: 120_000,
}, async () => {
  for (const name of ['shop', 'billing']) {
    await scene.kubectl('create', 'namespace', name);
  }
  const values = { ...TRIAL, namespaces: ['shop'], replicas: 1 };
  const flags = ['-n', OWN, '--create-namespace', '--wait', '--timeout', '90s'];
  const { code, stderr } = await scene.helm.run(['install', 'sso', CHART, ...flags], values);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  for (const namespace of ['shop', 'billing']) {
    await scene.apply(
      {
        apiVersion: 'oauth-registrar.dev/v1alpha1',
        kind: 'AuthorizationServer',
        metadata: { name: 'own', namespace },
        spec: { issuer: scene.server.issuer, registration: { admission: { open: {} } } },
      },
      {
        apiVersion: 'oauth-registrar.dev/v1alpha1',
        kind: 'OAuthClient',
        metadata: { name: 'machine', namespace },
        spec: { authorizationServerRef: { kind: 'AuthorizationServer', name: 'own' }, client: machine },
      },
    );
  }
  const ready = [
    '-n',
    'shop',
    'get',
    'oac',
    'machine',
    '-o',
    "jsonpath={.status.conditions[?(@.type=='Ready')].status}",
  ];
  await eventually(
    () => scene.kubectl(...ready),
    (status) => status === 'True',
    60_000,
  );
  expect(scene.server.clients()).toHaveLength(1);

  const tested = await scene.helm.run(['test', 'sso', '-n', OWN, '--timeout', '60s']);
  expect(tested, `${tested.stderr}\n${scene.node.printed.join('')}`).toMatchObject({ code: 0 });
  expect(scene.node.printed.at(-1)).toContain(`oauth-registrar works in ${OWN}`);

  const own = (await scene.controlPlane.audit()).filter(
    ({ user }) => user === `system:serviceaccount:${OWN}:oauth-registrar`,
  );
  expect(own.filter(({ code: answer }) => answer === 403).map(({ verb, uri }) => `${verb} ${uri}`)).toEqual(
    [],
  );
  expect(new Set(own.map(({ namespace }) => namespace).filter(Boolean))).toEqual(new Set([OWN, 'shop']));

  await untilGuarded(scene.controlPlane, OWN);
  const { stderr: guarded } = await scene.controlPlane.kubectl(['delete', 'namespace', OWN, '--timeout=5s']);
  expect(guarded).toContain('Delete the OAuthClients first');
});

test('helm test says what is wrong where no operator leads', { timeout: 120_000 }, async () => {
  const stopped = await scene.helm.run([
    'upgrade',
    'sso',
    CHART,
    '-n',
    OWN,
    '--reuse-values',
    '--set',
    'replicas=0',
    '--wait',
    '--timeout',
    '60s',
  ]);
  expect(stopped, stopped.stderr).toMatchObject({ code: 0 });
  expect(stopped.stdout).toContain('No operator runs, since replicas is 0');
  await eventually(
    () => scene.node.operators.size,
    (size) => size === 0,
  );
  const tested = await scene.helm.run(['test', 'sso', '-n', OWN, '--timeout', '60s']);
  expect(tested.code).not.toBe(0);
  expect(scene.node.printed.at(-1)).toMatch(
    /^No operator leads\. See kubectl -n oauth-registrar-shop get pods,events/,
  );
});
