import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { DIALECT_NAMES } from '../../src/dialects/presets.ts';
import { SERVER_PAGES, sampleOf } from '../../tools/server-pages.ts';
import { FACTS } from '../cluster/behaviour/contract/facts.ts';
import { CAPABILITIES } from '../kit/emulator/presets.ts';
import { tableOf } from '../kit/pages/tables.ts';

/** The page of each server: one for each dialect, all of one form, and nothing in the index that the emulators do not do. */

const ROOT = join(import.meta.dirname, '..', '..');
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const headingsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);

test('each dialect has a page, and each page is of a dialect', () => {
  expect(SERVER_PAGES).toEqual([...DIALECT_NAMES].toSorted());
});

test('each sample is shown by a page', () => {
  const samples = globSync('deploy/samples/servers/*.yaml', { cwd: ROOT });
  expect(SERVER_PAGES.map(sampleOf).toSorted()).toEqual(samples.toSorted());
});

describe.each(DIALECT_NAMES)('docs/servers/%s.md', (dialect) => {
  const text = textOf(`docs/servers/${dialect}.md`);
  const { tested } = FACTS[dialect];

  test('has the headings of all pages', () => {
    expect(headingsOf(text)).toEqual([
      'At the server',
      'In the cluster',
      'What works',
      'What does not',
      'How sure this is',
    ]);
  });

  test('says first which dialect it is, and whether a real server was tested', () => {
    const [version = ''] = tested?.split(',') ?? [];
    const sure = tested === undefined ? 'Emulated: ' : `Tested with .* ${version}\\.`;
    expect(text).toMatch(new RegExp(`^Dialect \`${dialect}\`\\. ${sure}`, 'm'));
  });

  test('has an example with a server object of this dialect, and a client', () => {
    const objects = parseAllDocuments(textOf(sampleOf(dialect))).map(
      (document) =>
        document.toJS() as { readonly kind: string; readonly spec?: { readonly dialect?: string } },
    );
    const servers = objects.filter(({ kind }) => kind.endsWith('AuthorizationServer'));
    expect(servers.map(({ spec }) => spec?.dialect ?? 'rfc7591')).toEqual([dialect]);
    expect(objects.filter(({ kind }) => kind === 'OAuthClient')).toHaveLength(1);
  });
});

describe('docs/servers/README.md', () => {
  const rows = tableOf('docs/servers/README.md', 'Server');
  const yesOrNo = (value: boolean) => (value ? 'yes' : 'no');

  test.each(DIALECT_NAMES)(
    'has a row for %s that says what its page, its sources and its emulator say',
    (dialect) => {
      const { update, remove, machineBody } = CAPABILITIES[dialect];
      const [version = 'emulated'] = FACTS[dialect].tested?.split(',') ?? [];
      const [title = ''] = textOf(`docs/servers/${dialect}.md`).split('\n');
      expect(rows.filter(([, name]) => name === dialect)).toEqual([
        [
          `[${title.slice(2)}](${dialect}.md)`,
          dialect,
          version,
          yesOrNo(update.supported),
          yesOrNo(remove),
          yesOrNo(machineBody !== undefined),
        ],
      ]);
    },
  );

  test('has no other row', () => {
    expect(rows).toHaveLength(DIALECT_NAMES.length);
  });
});
