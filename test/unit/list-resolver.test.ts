import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { OWN_SUSPECTS, SUSPECTS } from '../../src/core/suspects.ts';
import { UNREMOVED } from '../../src/core/unremoved-client.ts';

/** The manifests of the role that resolves entries, and of the policy that knows its verb. */

const DEPLOY = join(import.meta.dirname, '..', '..', 'deploy');

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: readonly Rule[];
  readonly spec?: {
    readonly variables?: readonly { readonly name: string; readonly expression: string }[];
    readonly validations?: readonly { readonly expression: string }[];
  };
}

const manifestsIn = (...path: readonly string[]): readonly Manifest[] =>
  parseAllDocuments(readFileSync(join(DEPLOY, ...path), 'utf8')).map(
    (document) => document.toJS() as Manifest,
  );

const CHECK =
  "authorizer.group('oauth-registrar.dev').resource('authorizationservers') .namespace(params.metadata.namespace).check";
const LISTS = [SUSPECTS, OWN_SUSPECTS, UNREMOVED];

test('the role that resolves entries may patch the three lists, and has the verb resolve and not restore', () => {
  const role = manifestsIn('base', 'user-roles.yaml').find(
    ({ metadata: { name } }) => name === 'oauth-registrar-list-resolver',
  );
  expect(role?.rules).toEqual([
    { apiGroups: [''], resources: ['configmaps'], resourceNames: LISTS, verbs: ['get', 'patch'] },
    { apiGroups: ['oauth-registrar.dev'], resources: ['authorizationservers'], verbs: ['resolve'] },
  ]);
});

test('the policy permits by the verb resolve an update of the three lists, and nothing else', () => {
  const [policy] = manifestsIn('components', 'tenant-policies', 'writers.yaml');
  const { variables = [], validations = [] } = policy?.spec ?? {};
  const expressions = [...variables, ...validations].map(({ expression }) => expression.replace(/\s+/g, ' '));
  expect(expressions).toContain(
    `request.operation == 'UPDATE' && request.resource.resource == 'configmaps' && request.name in [ ${LISTS.map((name) => `'${name}'`).join(', ')}]`,
  );
  expect(expressions.filter((expression) => expression.includes('check('))).toEqual([
    `${CHECK}('restore').allowed() || (variables.isChangeOfList && ${CHECK}('resolve').allowed())`,
  ]);
});
