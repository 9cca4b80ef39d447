import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { tableOf } from '../kit/pages/tables.ts';

/** docs/security.md names every right of the operator's account, and no other. */

const OPERATOR = join(import.meta.dirname, '..', '..', 'deploy', 'operator');

interface Manifest {
  readonly kind: string;
  readonly rules?: readonly {
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** `resources (names): verbs` of each rule of a file, its lists in the file's order. */
const rightsIn = (file: string): readonly string[] =>
  parseAllDocuments(readFileSync(join(OPERATOR, file), 'utf8'))
    .flatMap((document) => (document.toJS() as Manifest).rules ?? [])
    .map(({ resources, resourceNames = [], verbs }) => {
      const names = resourceNames.length === 0 ? '' : ` (${resourceNames.join(', ')})`;
      return `${resources.join(', ')}${names}: ${verbs.join(', ')}`;
    });

test('the table of rights is what deploy/operator grants, verb by verb', () => {
  const rows = tableOf('docs/security.md', 'Where').map(([, resources, verbs]) => `${resources}: ${verbs}`);
  const files = ['cluster-role.yaml', 'assertion-account.yaml', 'role.yaml'];
  expect(rows).toEqual(files.flatMap(rightsIn));
});
