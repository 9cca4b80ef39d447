import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DEPLOY, install, OPERATOR_NAMESPACE, useCluster } from './cluster.ts';

const OPERATOR = `system:serviceaccount:${OPERATOR_NAMESPACE}:oauth-registrar`;
const OWN = `-n=${OPERATOR_NAMESPACE}`;
const EVERYWHERE = '-A';

const cluster = useCluster(install);
let namespace: string;

beforeAll(async () => {
  namespace = await cluster.namespace();
  for (const role of ['view', 'edit', 'admin']) {
    const binding = ['create', 'rolebinding', role, '-n', namespace];
    await cluster.must([...binding, `--clusterrole=oauth-registrar-${role}`, `--user=${role}`]);
  }
});

async function can(user: string, question: readonly string[]): Promise<string> {
  const { stdout, stderr } = await cluster.kubectl(['auth', 'can-i', ...question, `--as=${user}`]);
  // For a kind without namespaces kubectl answers too, with a warning.
  return stdout.trim() || stderr.trim();
}

const verbs = (list: string, ...rest: readonly string[]) => list.split(' ').map((verb) => [verb, ...rest]);

const NEEDED: readonly (readonly string[])[] = [
  ...verbs('get list watch patch delete', 'oauthclients', EVERYWHERE),
  ...verbs('get list watch', 'authorizationservers', EVERYWHERE),
  ...verbs('get list watch', 'clusterauthorizationservers'),
  ['update', 'oauthclients', '--subresource=status', EVERYWHERE],
  ['update', 'authorizationservers', '--subresource=status', EVERYWHERE],
  ['update', 'clusterauthorizationservers', '--subresource=status'],
  ...verbs('list watch', 'namespaces'),
  ...verbs('get list watch create update delete', 'secrets', EVERYWHERE),
  ['create', 'events.events.k8s.io', EVERYWHERE],
  ['get', 'configmaps', EVERYWHERE],
  ['get', 'pods', EVERYWHERE],
  ['get', 'jobs.batch', EVERYWHERE],
  ['get', 'serviceaccounts', EVERYWHERE],
  ['create', 'configmaps', OWN],
  ...verbs('get update', 'configmaps/oauth-registrar-ledger', OWN),
  ...verbs('get update', 'configmaps/oauth-registrar-suspected-orphans', OWN),
  ...verbs('get update', 'configmaps/oauth-registrar-suspected-orphans-namespaced', OWN),
  ...verbs('get update', 'configmaps/oauth-registrar-unremoved-clients', OWN),
  ['create', 'leases.coordination.k8s.io', OWN],
  ...verbs('get update', 'leases.coordination.k8s.io/oauth-registrar', OWN),
  ['patch', 'secrets', OWN],
  ['get', 'endpointslices.discovery.k8s.io/kubernetes', '-n=default'],
  ['create', 'serviceaccounts/oauth-registrar-assertion', '--subresource=token', OWN],
];

/** Only with `deploy/components/access-reviews`. */
const REVIEWS = [
  ['create', 'tokenreviews.authentication.k8s.io'],
  ['create', 'subjectaccessreviews.authorization.k8s.io'],
] as const;

const NOT_NEEDED: readonly (readonly string[])[] = [
  ...verbs('create update deletecollection', 'oauthclients', EVERYWHERE),
  ...verbs('create update patch delete', 'authorizationservers', EVERYWHERE),
  ...verbs('create update patch delete', 'clusterauthorizationservers'),
  ['patch', 'oauthclients', '--subresource=status', EVERYWHERE],
  ...verbs('create update patch delete', 'namespaces'),
  ...verbs('patch deletecollection', 'secrets', EVERYWHERE),
  ...verbs('get list update delete', 'events.events.k8s.io', EVERYWHERE),
  ...verbs('list watch create update', 'configmaps', EVERYWHERE),
  ...verbs('list watch update delete', 'configmaps', OWN),
  ['delete', 'configmaps/oauth-registrar-ledger', OWN],
  ['get', 'leases.coordination.k8s.io/another', OWN],
  ['delete', 'leases.coordination.k8s.io/oauth-registrar', OWN],
  ...verbs('list watch create delete', 'pods', OWN),
  ['get', 'endpointslices.discovery.k8s.io/another', '-n=default'],
  ...verbs('list watch create update delete', 'endpointslices.discovery.k8s.io', '-n=default'),
  ['create', 'serviceaccounts', '--subresource=token', OWN],
  ['create', 'serviceaccounts/oauth-registrar', '--subresource=token', OWN],
  ['create', 'serviceaccounts/oauth-registrar-assertion', '--subresource=token', '-n=default'],
  ...verbs('list create update patch delete', 'serviceaccounts', OWN),
  ...verbs('get list patch delete', 'customresourcedefinitions.apiextensions.k8s.io'),
  ...verbs('bind escalate update', 'clusterroles.rbac.authorization.k8s.io'),
  ['impersonate', 'users'],
  ...REVIEWS,
];

describe("the operator's account", () => {
  test.for(NEEDED)('may %s %s %s %s', async (question) => {
    expect(await can(OPERATOR, question)).toMatch(/^yes$/m);
  });

  test.for(NOT_NEEDED)('may not %s %s %s %s', async (question) => {
    expect(await can(OPERATOR, question)).toMatch(/^no(?: -|$)/m);
  });
});

describe('the account of the process that serves documents', () => {
  const DOCUMENTS = 'oauth-registrar-documents';
  const account = (name: string) => `system:serviceaccount:${DOCUMENTS}:${name}`;

  beforeAll(async () => {
    const files = ['namespace', 'service-account', 'role'].map((name) =>
      join(DEPLOY, 'components', 'documents', `${name}.yaml`),
    );
    await cluster.must(['apply', ...files.flatMap((file) => ['-f', file])]);
  });

  /** What the account may do there that an account without any role may not. */
  async function rightsIn(place: string): Promise<readonly string[]> {
    const list = async (name: string) => {
      const rules = await cluster.must(['auth', 'can-i', '--list', '-n', place, `--as=${account(name)}`]);
      return rules.split('\n').map((line) => line.split(/\s+/).join(' ').trim());
    };
    const [own, ofOthers] = await Promise.all([list(DOCUMENTS), list('default')]);
    expect(ofOthers.length).toBeGreaterThan(1);
    return own.filter((rule) => !ofOthers.includes(rule));
  }

  test('may list and watch the ConfigMaps of its namespace: no Secret, no write, and nothing elsewhere', async () => {
    expect(await rightsIn(DOCUMENTS)).toEqual(['configmaps [] [] [list watch]']);
    for (const elsewhere of [OPERATOR_NAMESPACE, namespace, 'kube-system']) {
      expect(await rightsIn(elsewhere), elsewhere).toEqual([]);
    }
    for (const question of [
      ...verbs('get list', 'secrets', `-n=${DOCUMENTS}`),
      ...verbs('create update delete', 'configmaps', `-n=${DOCUMENTS}`),
      ['list', 'configmaps', OWN],
    ]) {
      expect(await can(account(DOCUMENTS), question), question.join(' ')).toMatch(/^no(?: -|$)/m);
    }
  });
});

/** The rights that each of the roles gives to people, and no more. Each role is bound alone here. */
const PEOPLE = [
  {
    user: 'view',
    may: [...verbs('get list watch', 'oauthclients'), ...verbs('get list watch', 'authorizationservers')],
  },
  { user: 'edit', may: verbs('create update patch delete deletecollection', 'oauthclients') },
  { user: 'admin', may: verbs('create update patch delete deletecollection', 'authorizationservers') },
] as const;
const EVERY_QUESTION = ['oauthclients', 'authorizationservers'].flatMap((kind) =>
  verbs('get list watch create update patch delete deletecollection', kind),
);

describe('the roles for people', () => {
  test.for(PEOPLE)('$user may do its part, and no more', async ({ user, may }) => {
    const asked = await Promise.all(
      EVERY_QUESTION.map(async (question) =>
        (await can(user, [...question, '-n', namespace])) === 'yes' ? question : [],
      ),
    );
    expect(asked.filter(({ length }) => length > 0)).toEqual(may);
  });

  test('only cluster-admin can write status or read servers of the cluster', async () => {
    for (const { user } of PEOPLE) {
      expect(await can(user, ['update', 'oauthclients', '--subresource=status', '-n', namespace]), user).toBe(
        'no',
      );
      expect(await can(user, ['get', 'clusterauthorizationservers']), user).toMatch(/^no$/m);
    }
  });

  test('oauth-registrar-server-viewer shows what is offered, no Secret, and is bound to nobody', async () => {
    const binding = ['create', 'clusterrolebinding', `viewer-of-${namespace}`];
    expect(await can('viewer', ['list', 'clusterauthorizationservers'])).toMatch(/^no$/m);
    await cluster.must([...binding, '--clusterrole=oauth-registrar-server-viewer', '--user=viewer']);
    for (const verb of ['get', 'list', 'watch']) {
      expect(await can('viewer', [verb, 'clusterauthorizationservers']), verb).toMatch(/^yes$/m);
    }
    for (const [verb, kind] of [
      ...verbs('create update patch delete', 'clusterauthorizationservers'),
      ...verbs('get list', 'secrets'),
      ...verbs('get list', 'oauthclients'),
    ]) {
      expect(await can('viewer', [verb ?? '', kind ?? '', EVERYWHERE]), `${verb} ${kind}`).toMatch(/^no$/m);
    }
    await cluster.must(['delete', 'clusterrolebinding', `viewer-of-${namespace}`]);
  });

  test.for([
    ['viewer', ['get']],
    ['resolver', ['get', 'patch']],
  ] as const)(
    'oauth-registrar-list-%s permits %s of the lists of what is left at servers, and nothing else',
    async ([role, may]) => {
      const user = `list-${role}`;
      const binding = ['create', 'rolebinding', user, '-n', OPERATOR_NAMESPACE];
      await cluster.must([...binding, `--clusterrole=oauth-registrar-list-${role}`, `--user=${user}`]);
      const names = ['suspected-orphans', 'suspected-orphans-namespaced', 'unremoved-clients', 'ledger'];
      const asked = names.flatMap((name) =>
        verbs('get update patch delete', `configmaps/oauth-registrar-${name}`, OWN),
      );
      const permitted: string[] = [];
      for (const question of [...asked, ...verbs('get list watch', 'secrets', OWN)]) {
        if ((await can(user, question)) === 'yes') {
          permitted.push(question.slice(0, 2).join(' '));
        }
      }
      expect(permitted).toEqual(
        names.slice(0, 3).flatMap((name) => may.map((verb) => `${verb} configmaps/oauth-registrar-${name}`)),
      );
      await cluster.must(['delete', 'rolebinding', user, '-n', OPERATOR_NAMESPACE]);
    },
  );

  test('oauth-registrar-service-binding is for controllers of service bindings: it shows OAuthClients, and no Secret', async () => {
    const labelled = ['get', 'clusterroles', '-l', 'servicebinding.io/controller=true', '-o', 'name'];
    expect(await cluster.must(labelled)).toContain('oauth-registrar-service-binding');
    const binding = ['create', 'clusterrolebinding', `binding-of-${namespace}`];
    await cluster.must([...binding, '--clusterrole=oauth-registrar-service-binding', '--user=binder']);
    for (const verb of ['get', 'list', 'watch']) {
      expect(await can('binder', [verb, 'oauthclients', EVERYWHERE]), verb).toMatch(/^yes$/m);
    }
    for (const [verb, kind] of [
      ...verbs('create update patch delete', 'oauthclients'),
      ...verbs('get list', 'secrets'),
    ]) {
      expect(await can('binder', [verb ?? '', kind ?? '', EVERYWHERE]), `${verb} ${kind}`).toMatch(/^no$/m);
    }
    const provided = ['get', 'crd', '-l', 'servicebinding.io/provisioned-service=true', '-o', 'name'];
    expect((await cluster.must(provided)).trim()).toBe(
      'customresourcedefinition.apiextensions.k8s.io/oauthclients.oauth-registrar.dev',
    );
    await cluster.must(['delete', 'clusterrolebinding', `binding-of-${namespace}`]);
  });

  test.for([
    { role: 'view', into: ['admin', 'edit', 'view'] },
    { role: 'edit', into: ['admin', 'edit'] },
    { role: 'admin', into: ['admin'] },
  ])('$role joins $into', async ({ role, into }) => {
    const json = await cluster.must(['get', 'clusterrole', `oauth-registrar-${role}`, '-o', 'json']);
    const { metadata } = JSON.parse(json) as {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    };
    const joined = Object.keys(metadata.labels).map((label) => /aggregate-to-(.*)$/.exec(label)?.[1]);
    expect(joined.filter((name) => name !== undefined).sort()).toEqual(into);
  });
});
