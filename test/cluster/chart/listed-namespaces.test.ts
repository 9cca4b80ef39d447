import { expect, test } from 'vitest';
import { cureOf } from '../../../src/adapters/kubernetes/cure.ts';
import { untilGuarded } from '../../kit/testbed/policies.ts';
import { fetchText } from '../behaviour/looks.ts';
import { eventually, machine } from '../behaviour/objects.ts';
import { problemOf, tokenFor } from './check.ts';
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

test('log, /readyz and helm test say what to do where the account lacks a right, and that helps', {
  timeout: 120_000,
}, async () => {
  await scene.kubectl('delete', 'rolebinding', 'oauth-registrar', '-n', 'shop');
  await scene.kubectl('delete', 'pods', '-n', OWN, '-l', 'app.kubernetes.io/name=oauth-registrar');
  const cure = cureOf(403) ?? 'there is none';
  const operator = await eventually(
    () => [...scene.node.operators.values()].at(-1),
    (one) => one?.output().includes(`"cure":"${cure}"`) === true,
    60_000,
  );
  const { text } = await fetchText(operator?.port ?? 0, '/readyz');
  expect(text).toMatch(/The first list of \S+ of shop is not read yet: .* cannot list resource /);
  expect(text).toContain(cure);
  const token = await tokenFor(scene, OWN);
  const env = { GUARD_BINDING: `${OWN}-guard`, ACCOUNT_BINDING: `${OWN}-account` };
  const problem = () => problemOf(scene, { namespace: OWN, token, env });
  await eventually(problem, (words) => words.startsWith('0 of 1 Pods of the operator are ready. '), 60_000);

  const flags = ['-n', OWN, '--reuse-values', '--wait', '--timeout', '90s'];
  const upgraded = await scene.helm.run(['upgrade', 'sso', CHART, ...flags]);
  expect(upgraded, upgraded.stderr).toMatchObject({ code: 0 });
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
