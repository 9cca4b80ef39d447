import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';

/**
 * Imports point inward (design, section 4):
 *
 * ```
 * oauth ◀── dialects, formats ◀── api ◀── core ◀── controller ◀── adapters ◀── main, config
 * ```
 * The API lists the dialects' names; beside that the three know nothing of each other.
 */
const LAYERS: Readonly<Record<string, number>> = {
  oauth: 0,
  dialects: 1,
  formats: 1,
  api: 1.5,
  core: 2,
  controller: 3,
  adapters: 4,
  /** Files directly in src: the composition root and its configuration. */
  '.': 5,
};

/** No effects here: decisions, shapes and the protocol. */
const PURE = ['oauth', 'api', 'dialects', 'formats', 'core'];
/** What `npm run generate` runs; nothing of the operator imports them. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  'api/generate.ts': ['node:fs', 'node:path', 'console'],
  'api/generated-files.ts': ['yaml'],
};
/** Packages that the pure folders may use. */
const PURE_PACKAGES = ['zod', 'node:crypto'];
const MAX_LINES = 350;

interface Source {
  /** From src, like `core/plan.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Everything that a file does against the rules, one sentence each. */
function breaches(source: Source): readonly string[] {
  const code = withoutComments(source.text);
  return [
    ...importBreaches(source.path, code),
    ...(PURE.includes(folderOf(source.path)) ? impurities(source.path, code) : []),
    ...styleBreaches(source.path, code),
  ];
}

const folderOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] ?? '') : '.');

function importBreaches(path: string, code: string): readonly string[] {
  const own = folderOf(path);
  if (!(own in LAYERS)) {
    return [`is in ${own}, which has no place among the layers`];
  }
  return importsOf(code)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => folderOf(join(path, '..', specifier)))
    .filter((folder) => folder !== own && !(rank(folder) < rank(own)))
    .map((folder) => `imports ${folder}`);
}

/** A folder that nobody knows is out of everybody's reach. */
const rank = (folder: string): number => LAYERS[folder] ?? Number.POSITIVE_INFINITY;

/** Static and dynamic imports, `export … from` and `import 'x'`. */
function importsOf(code: string): readonly string[] {
  const forms = /(?:\bfrom|\bimport)\s*\(?\s*(['"`])([^'"`\n]+)\1/g;
  return [...code.matchAll(forms)].map(([, , specifier = '']) => specifier);
}

const EFFECTS: Readonly<Record<string, RegExp>> = {
  async: /\basync\b/,
  await: /\bawait\b/,
  Promise: /\bPromise\b/,
  'Date.now': /\bDate\.now\b/,
  'new Date()': /\bnew Date(?!\w)(?!\s*\(\s*[^)\s])/,
  'Date()': /(?<!new )\bDate\(/,
  'Math.random': /\bMath\.random\b/,
  'performance.now': /\bperformance\b/,
  'random values of crypto': /\b(?:random(?:UUID|Bytes|Int)|getRandomValues)\b/,
  process: /\bprocess\b(?=\s*[.[])/,
  console: /\bconsole\b/,
  'a timer': /\bset(?:Timeout|Interval|Immediate)\b/,
  fetch: /\bfetch\s*\(/,
};

function impurities(path: string, code: string): readonly string[] {
  const permitted = TOOLS[path] ?? [];
  const text = withoutStrings(code);
  const effects = Object.entries(EFFECTS)
    .filter(([name, form]) => form.test(text) && !permitted.includes(name))
    .map(([name]) => `uses ${name}`);
  const packages = importsOf(code)
    .filter((name) => !name.startsWith('.') && ![...PURE_PACKAGES, ...permitted].includes(name))
    .map((name) => `imports ${name}`);
  return [...effects, ...packages];
}

const STYLE: Readonly<Record<string, RegExp>> = {
  'declares an enum': /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w/m,
  'exports a default': /\bexport\s+default\b|\bas\s+default\b/,
  'uses any': /(?::|\bas|<|,|\||&|=|\bextends|\breadonly|\bkeyof|=>)\s*any\b(?!\s*[:(.?'])/,
};

function styleBreaches(path: string, code: string): readonly string[] {
  const text = withoutStrings(code);
  const style = Object.keys(STYLE).filter((breach) => STYLE[breach]?.test(text));
  const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(path));
  const environment = /\bprocess\s*(?:\.\s*env|\[)/.test(text) && path !== 'config.ts';
  return [
    ...style,
    ...(isKebab ? [] : ['is not named in kebab-case']),
    ...(environment ? ['reads process.env, which is config.ts’s business'] : []),
  ];
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[\s;{}(,])\/\/.*$/gm, '$1');

/** Words in messages are no code; what a template string computes stays. */
const withoutStrings = (code: string): string =>
  code
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''")
    .replace(/`(?:[^`\\]|\\.)*`/g, (template) => [...template.matchAll(/\$\{([^}]*)\}/g)].join(' '));

const root = join(import.meta.dirname, '..', 'src');
const sources: readonly Source[] = globSync('**/*.ts', { cwd: root })
  .toSorted()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

describe('every file of src', () => {
  test('is read', () => {
    expect(sources.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['oauth/url.ts', 'core/plan.ts', 'adapters/kubernetes/api.ts']),
    );
  });

  test.each(sources)('$path keeps the rules', (source) => {
    expect(breaches(source)).toEqual([]);
  });

  test('has at most 350 lines', () => {
    const long = sources
      .map(({ path, text }) => `${path}: ${text.split('\n').length - 1}`)
      .filter((line) => Number(line.split(': ')[1]) > MAX_LINES);
    expect(long).toEqual([]);
  });
});

describe('the checker', () => {
  test.each([
    ['core/plan.ts', "import { a } from '../controller/ledger.ts';", 'imports controller'],
    ['core/plan.ts', "import type { A } from '../adapters/kubernetes/api.ts';", 'imports adapters'],
    ['oauth/url.ts', "import { a } from '../api/names.ts';", 'imports api'],
    ['api/names.ts', "import { a } from '../core/plan.ts';", 'imports core'],
    ['dialects/dialect.ts', "import { a } from '../api/names.ts';", 'imports api'],
    ['dialects/dialect.ts', "import { a } from '../formats/opaque.ts';", 'imports formats'],
    ['formats/opaque.ts', "export { a } from '../api/names.ts';", 'imports api'],
    ['formats/opaque.ts', "import { a } from '../dialects/dialect.ts';", 'imports dialects'],
    ['dialects/x.ts', "export * from '../core/plan.ts';", 'imports core'],
    ['controller/execute.ts', "import '../adapters/log.ts';", 'imports adapters'],
    ['controller/execute.ts', "const a = import('../adapters/log.ts');", 'imports adapters'],
    ['controller/a/b.ts', "import {\n  a,\n} from '../../adapters/kubernetes/api.ts';", 'imports adapters'],
    ['adapters/log.ts', "import { main } from '../main.ts';", 'imports .'],
    ['core/plan.ts', "import { a } from '../helpers/a.ts';", 'imports helpers'],
    ['helpers/a.ts', '', 'is in helpers, which has no place among the layers'],
    ['core/plan.ts', 'export async function f() {}', 'uses async'],
    ['core/plan.ts', 'const a = await b;', 'uses await'],
    ['core/plan.ts', 'let a: Promise<void>;', 'uses Promise'],
    ['core/plan.ts', 'const a = Date.now();', 'uses Date.now'],
    ['core/plan.ts', 'const a = new Date();', 'uses new Date()'],
    ['core/plan.ts', 'const a = new Date;', 'uses new Date()'],
    ['core/plan.ts', 'const a = Date();', 'uses Date()'],
    ['core/plan.ts', ['const a = `$', '{new Date( )}`;'].join(''), 'uses new Date()'],
    ['core/plan.ts', 'const a = Math.random();', 'uses Math.random'],
    ['core/plan.ts', 'const a = performance.now();', 'uses performance.now'],
    ['core/plan.ts', "import { randomUUID } from 'node:crypto';", 'uses random values of crypto'],
    ['core/plan.ts', 'setTimeout(f, 1);', 'uses a timer'],
    ['core/plan.ts', 'fetch(url);', 'uses fetch'],
    ['core/plan.ts', 'const a = process.pid;', 'uses process'],
    ['core/plan.ts', 'console.log(1);', 'uses console'],
    ['oauth/url.ts', "import { request } from 'undici';", 'imports undici'],
    ['api/crd.ts', "import k8s from '@kubernetes/client-node';", 'imports @kubernetes/client-node'],
    ['core/plan.ts', "import { pino } from 'pino';", 'imports pino'],
    ['core/plan.ts', "import { Gauge } from 'prom-client';", 'imports prom-client'],
    ['api/names.ts', "import { readFileSync } from 'node:fs';", 'imports node:fs'],
    ['oauth/url.ts', "import { request } from 'node:http';", 'imports node:http'],
    ['oauth/url.ts', "import { connect } from 'node:net';", 'imports node:net'],
    [
      'core/plan.ts',
      "import { setTimeout as s } from 'node:timers/promises';",
      'imports node:timers/promises',
    ],
    ['api/generate.ts', "import { request } from 'undici';", 'imports undici'],
    ['api/crd.ts', "import { stringify } from 'yaml';", 'imports yaml'],
    ['core/plan.ts', 'export const enum Color { Red }', 'declares an enum'],
    ['core/plan.ts', 'enum Color { Red }', 'declares an enum'],
    ['core/plan.ts', 'export default 1;', 'exports a default'],
    ['core/plan.ts', 'export { a as default };', 'exports a default'],
    ['core/plan.ts', 'let a: any;', 'uses any'],
    ['core/plan.ts', 'const a = b as any;', 'uses any'],
    ['core/plan.ts', 'let a: Record<string, any>;', 'uses any'],
    ['core/plan.ts', 'let a: readonly any[];', 'uses any'],
    ['core/workPlan.ts', '', 'is not named in kebab-case'],
    ['core/work_plan.ts', '', 'is not named in kebab-case'],
    ['adapters/log.ts', 'const a = process.env.HOME;', 'reads process.env, which is config.ts’s business'],
    ['main.ts', "const a = process['env'];", 'reads process.env, which is config.ts’s business'],
  ])('finds that %s breaks the rules by %s', (path, text, breach) => {
    expect(breaches({ path, text })).toContain(breach);
  });

  test.each([
    ['core/plan.ts', "import { a } from '../api/names.ts'; import { b } from '../oauth/url.ts';"],
    ['core/plan.ts', "import { a } from '../dialects/dialect.ts'; import { b } from './find.ts';"],
    ['api/dialect-schema.ts', "import { DIALECT_NAMES } from '../dialects/presets.ts';"],
    ['core/plan.ts', "import { a } from '../formats/opaque.ts'; import { createHash } from 'node:crypto';"],
    [
      'adapters/kubernetes/api.ts',
      "import { a } from '../log.ts'; import { b } from '../../controller/ports.ts';",
    ],
    ['main.ts', "import { a } from './adapters/log.ts'; import { config } from './config.ts';"],
    ['config.ts', 'const a = process.env; const b = process.argv;'],
    ['core/plan.ts', 'const iso = new Date(ms).toISOString();'],
    ['core/plan.ts', "const text = 'await any process. async'; // Promise, Date.now(), console.log"],
    ['core/plan.ts', '/** `new Date()` and enum Color; export default any */ const company = { any: 1 };'],
    ['core/plan.ts', "const url = 'https://sso.example.com'; const a = 1;"],
    ['api/generate.ts', "import { writeFileSync } from 'node:fs'; console.log('wrote');"],
    ['api/generated-files.ts', "import { stringify } from 'yaml';"],
    ['controller/ledger.ts', 'async function f() { await new Promise(() => {}); }'],
  ])('lets %s do %s', (path, text) => {
    expect(breaches({ path, text })).toEqual([]);
  });
});
