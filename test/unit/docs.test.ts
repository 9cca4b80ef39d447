import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What a reader of the documents may rely on: links lead somewhere, files and scripts that they name exist. */

const root = join(import.meta.dirname, '..', '..');

interface Page {
  /** From the root, like `docs/scale.md`. */
  readonly path: string;
  readonly text: string;
}

const pages: readonly Page[] = globSync(['*.md', 'docs/**/*.md', 'test/**/*.md'], { cwd: root })
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const FENCED = /^```[\s\S]*?^```$/gm;

const withoutCode = (text: string): string => text.replace(FENCED, '').replace(/`[^`\n]*`/g, '');

/** As GitHub makes it: lower case, hyphens for spaces, nothing but letters, digits, hyphens and underscores. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (text: string): readonly string[] =>
  [...text.replace(FENCED, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Links of a page that lead nowhere, outside addresses left aside. */
function brokenLinks({ path, text }: Page): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) {
      return [];
    }
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : relative(root, join(root, dirname(path), file));
    const isThere = existsSync(join(root, target));
    const isAnchored =
      anchor === undefined ||
      (target.endsWith('.md') &&
        isThere &&
        anchorsOf(readFileSync(join(root, target), 'utf8')).includes(anchor));
    return isThere && isAnchored ? [] : [link];
  });
}

const PATH = /`((?:\.ci|crds|deploy|docs|src|test|tools)\/[A-Za-z0-9_.@/-]+)`/g;

/** Paths in backticks that look like the repository's and aren't there. Placeholders (`<name>`, `*`, `{a,b}`) are no such. */
const brokenPaths = ({ text }: Page): readonly string[] =>
  [...text.matchAll(PATH)].map(([, path = '']) => path).filter((path) => !existsSync(join(root, path)));

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const unknownScripts = ({ text }: Page): readonly string[] =>
  [...text.matchAll(/\bnpm run (?:--silent |-s )?([a-z][a-z:]*)/g)]
    .map(([, script = '']) => script)
    .filter((script) => !Object.hasOwn(scripts, script));

describe.each(pages)('$path', (page) => {
  test('has links that lead somewhere', () => {
    expect(brokenLinks(page)).toEqual([]);
  });

  test('names files that exist', () => {
    expect(brokenPaths(page)).toEqual([]);
  });

  test('names scripts that exist', () => {
    expect(unknownScripts(page)).toEqual([]);
  });
});

describe.each(pages.filter(({ path }) => path.startsWith('docs/')))('$path', ({ text }) => {
  test('begins with its heading and the line that says who it is for', () => {
    expect(text).toMatch(/^# .+\n\nFor [a-z]/);
  });
});

describe('the checks', () => {
  const page = (text: string): Page => ({ path: 'docs/page.md', text });

  test.each([
    ['a link to a missing file', '[a](missing.md)', ['missing.md']],
    ['a link to a missing heading', '[a](scale.md#no-such-heading)', ['scale.md#no-such-heading']],
    ['a link out of the folder', '[a](../missing)', ['../missing']],
    ['nothing in an outside address', '[a](https://example.com/x.md)', []],
    ['nothing in code', '`[a](missing.md)`\n\n```\n[a](missing.md)\n```\n', []],
    ['nothing in a good link', '[a](scale.md#runs) [b](../README.md)', []],
  ])('find %s', (_, text, found) => {
    expect(brokenLinks(page(text))).toEqual(found);
  });

  test.each([
    ['a missing file', '`src/core/missing.ts`', ['src/core/missing.ts']],
    ['nothing in a placeholder', '`src/dialects/<server>.ts` and `test/**/*.test.ts`', []],
    ['nothing in a good path', '`src/core/plan.ts` in `test/unit`', []],
  ])('find %s', (_, text, found) => {
    expect(brokenPaths(page(text))).toEqual(found);
  });

  test('find a script that is not there', () => {
    expect(unknownScripts(page('`npm run no:such` and `npm run lint`'))).toEqual(['no:such']);
  });
});
