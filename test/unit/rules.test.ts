import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const PAGE = 'docs/rules-for-clients.md';

/** `12. **Treat POST as …`: the numbers of the page's rules, in its order. */
const rules = [...readFileSync(join(root, PAGE), 'utf8').matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) =>
  Number(number),
);

/** `rule 6`, `rules 6 and 12`, `rules 15, 16, 17 and 42`. */
const CITATION = /\brules? (\d+(?:(?:, | and |, and )\d+)*)/g;

const citedIn = (text: string): readonly number[] =>
  [...text.matchAll(CITATION)].flatMap(([, list = '']) => list.split(/, and |, | and /).map(Number));

/** Each file of src and test with its text, and the rules that its titles and comments cite. */
const citations = globSync('{src,test}/**/*.ts', { cwd: root })
  .filter((path) => path !== 'test/unit/rules.test.ts')
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  .map(({ path, text }) => ({ path, text, cited: citedIn(text) }));

describe(`the rules of ${PAGE}`, () => {
  test('are numbered from 1 without a gap', () => {
    expect(rules.length).toBeGreaterThan(0);
    expect(rules).toEqual(rules.map((_, index) => index + 1));
  });

  test('each have a test that cites them', () => {
    const tested = new Set(
      citations.flatMap(({ path, cited }) => (path.endsWith('.test.ts') ? [...cited] : [])),
    );
    expect(rules.filter((rule) => !tested.has(rule))).toEqual([]);
  });

  test('include every rule that a test or a comment cites', () => {
    const unknown = citations.flatMap(({ path, cited }) =>
      cited.filter((rule) => !rules.includes(rule)).map((rule) => `${path}: rule ${rule}`),
    );
    expect(unknown).toEqual([]);
  });
});

/** `| L6, L12 | …`: the numbers of the attacks in the tables of docs/security.md. */
const findings = [
  ...readFileSync(join(root, 'docs/security.md'), 'utf8').matchAll(/^\| ([A-Z]\d+(?:, [A-Z]\d+)*) \|/gm),
].flatMap(([, list = '']) => list.split(', '));

/** `M6, L12: who sees what`, `is bounded (H1)`. */
const FINDING = /(?:['"`]|(\())([CHML]\d{1,2}(?:, [CHML]\d{1,2})*)(?:: |(\)))/g;

const findingsIn = (text: string): readonly string[] =>
  [...text.matchAll(FINDING)].flatMap(([, opened, list = '', closed]) =>
    (opened === undefined) === (closed === undefined) ? list.split(', ') : [],
  );

describe('the attacks of docs/security.md', () => {
  const cited = citations.map(({ path, text }) => ({ path, cited: findingsIn(text) }));

  test('include every one that a test cites', () => {
    const unknown = cited.flatMap((file) =>
      file.cited
        .filter((finding) => !findings.includes(finding))
        .map((finding) => `${file.path}: ${finding}`),
    );
    expect(unknown).toEqual([]);
  });

  test.each([
    ["test('M6, L12: who sees what'", ['M6', 'L12']],
    ["test('is bounded (H1)'", ['H1']],
    ['const a = (L5: number)', []],
  ])('are read from %s', (text, found) => {
    expect(findingsIn(text)).toEqual(found);
  });
});

test.each([
  ['rule 6: a fresh token', [6]],
  ['asks in four places (rule 1)', [1]],
  ['rules 4 and 19: relative', [4, 19]],
  ['(rules 15, 16, 17 and 42)', [15, 16, 17, 42]],
  ['rules 1, 2, and 3', [1, 2, 3]],
  ['the rules of 3 servers', []],
])('reads the citations of %s', (text, cited) => {
  expect(citedIn(text)).toEqual(cited);
});
