import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  abandonClient,
  acceptNamespace,
  acceptServer,
  continueInstallation,
  labelCredential,
  listEndedRecords,
  requestReconcile,
  requestRotation,
} from '../../../src/core/kubectl-command.ts';

const client = { namespace: 'shop', name: 'storefront' };

describe('the command that', () => {
  test.each([
    [
      'requests another client',
      requestRotation(client),
      'kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite',
    ],
    [
      'requests another try',
      requestReconcile(client),
      'kubectl annotate oac storefront -n shop oauth-registrar.dev/reconcile-requested-at=$(date +%s) --overwrite',
    ],
    [
      'gives a client up',
      abandonClient(client, 'uid-1'),
      'kubectl annotate oac storefront -n shop oauth-registrar.dev/abandon=uid-1',
    ],
    [
      'accepts another namespace of the same name',
      acceptNamespace('oac-uid-1-a1', 'ns-2'),
      'kubectl annotate secret oac-uid-1-a1 oauth-registrar.dev/namespace-uid=ns-2 --overwrite',
    ],
    [
      'accepts another server object of the same name',
      acceptServer('oac-uid-1-a1'),
      'kubectl -n <namespace of the operator> annotate secret oac-uid-1-a1 oauth-registrar.dev/server-uid=<uid of the server object> --overwrite',
    ],
    [
      'continues another installation',
      continueInstallation('main@cluster-0'),
      'kubectl annotate namespace <namespace of the operator> oauth-registrar.dev/continues=main@cluster-0',
    ],
    [
      'lists records of a namespace whose objects are gone',
      listEndedRecords('shop'),
      'kubectl get secrets -A -l oauth-registrar.dev/client-namespace=shop,oauth-registrar.dev/role!=current',
    ],
    [
      'labels a credential',
      labelCredential(client),
      'kubectl -n shop label secret storefront oauth-registrar.dev/credential=true',
    ],
  ])('%s', (_, command, expected) => {
    expect(command).toBe(expected);
  });
});

test('no other file of the core writes a command', () => {
  const core = join(import.meta.dirname, '..', '..', '..', 'src', 'core');
  const writing = globSync('**/*.ts', { cwd: core }).filter((path) =>
    /kubectl (-n|annotate|get|label|delete)/.test(readFileSync(join(core, path), 'utf8')),
  );
  expect(writing).toEqual(['kubectl-command.ts']);
});
