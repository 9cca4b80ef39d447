import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { circles } from '../kit/structure/circles.ts';
import { ambiguousNames, moduleOf, unusedExports } from '../kit/structure/names.ts';
import { breaches, reveals } from '../kit/structure/rules.ts';
import { importedFiles, sourceOf } from '../kit/structure/source.ts';

const root = join(import.meta.dirname, '..', '..', 'src');
const sources = globSync('**/*.ts', { cwd: root })
  .toSorted()
  .map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8')));

/**
 * The files that may unwrap a secret, and what for. Everything else passes it on as it is: another file here is another
 * place where a token could end up in a log.
 */
const REVEALING: Readonly<Record<string, string>> = {
  'adapters/authorization-server/http.ts': 'sends the request',
  'adapters/authorization-server/json-web-tokens.ts': 'signs with a private key',
  'adapters/authorization-server/secure-context.ts': 'gives the client certificate to TLS',
  'adapters/process/journal.ts': 'writes the journal',
  'controller/calls/request-body.ts': 'puts the software statement into the body',
  'controller/client/steps/retain.ts': 'compares with the Secret of a restored client',
  'controller/durable/recorder.ts': 'reads the journal',
  'controller/server/references.ts': 'reads certificates and discovery documents',
  'core/build-connection.ts': 'passes the certificate on, which is public',
  'core/classify.ts': 'says why an answer cannot be read',
  'core/content.ts': 'writes the registration Secret',
  'core/credential.ts': 'checks the form of what people wrote',
  'core/document-check.ts': 'reads a document',
  'core/kept-answer.ts': 'measures it',
  'core/proxy.ts': 'puts user and password into the URL of a proxy',
  'core/server-record.ts': 'writes what is kept of a server object',
  'core/statement.ts': 'hashes a statement',
  'dialects/answered-form.ts': 'translates an answer',
  'dialects/encoding.ts': 'sends the client secret back where a server demands it',
  'formats/published-client.ts': 'says what the Secret of a workload holds',
  'oauth/client-information.ts': 'reads an answer',
  'oauth/discovery.ts': 'reads a document',
  'oauth/body-form.ts': 'finds out whether it is JSON',
  'oauth/error-response.ts': 'masks it',
  'oauth/jwk.ts': 'writes keys as JWKs',
  'oauth/key-material.ts': 'reads a private key',
  'oauth/masking.ts': 'looks for it in texts, to mask it',
  'oauth/registration.ts': 'puts the token into a header',
  'oauth/sensitive.ts': 'compares two',
  'oauth/sent-credentials.ts': 'finds the credentials in a request',
  'oauth/software-statement.ts': 'reads the claims of a statement',
  'oauth/token-request.ts': 'puts the credential into a header or a body',
  'oauth/token-response.ts': 'reads the answer of a token endpoint',
};

describe('every file of src', () => {
  test('is read', () => {
    expect(sources.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['oauth/url.ts', 'core/plan.ts', 'adapters/kubernetes/api.ts']),
    );
  });

  test.each(sources)('$path keeps the rules', (source) => {
    expect(breaches(source)).toEqual([]);
  });

  test('takes part in no circle of imports', () => {
    expect(circles(new Map(sources.map((source) => [source.path, importedFiles(source)])))).toEqual([]);
  });

  test('takes the rules of the core from the plan alone', () => {
    const isRule = (path: string) => path.startsWith('core/rules/');
    const importers = sources.filter((source) => importedFiles(source).some(isRule)).map(({ path }) => path);
    expect(importers.filter((path) => !isRule(path))).toEqual(['core/plan.ts']);
  });

  test('unwraps secrets only where that is its job', () => {
    expect(sources.filter(reveals).map(({ path }) => path)).toEqual(Object.keys(REVEALING).toSorted());
  });
});

describe('a name', () => {
  const repository = join(root, '..');
  const modules = globSync('{src,test,tools}/**/*.ts', { cwd: repository })
    .toSorted()
    .map((path) => moduleOf(path, readFileSync(join(repository, path), 'utf8')));
  const own = modules.filter(({ path }) => path.startsWith('src/'));

  test('that one file exports is declared in no other', () => {
    expect(ambiguousNames(own)).toEqual([]);
  });

  test('is exported only where another file imports it', () => {
    expect(unusedExports(own, modules)).toEqual([]);
  });
});

describe('the check of names', () => {
  const a = moduleOf('src/a.ts', 'export const one = 1; const two = 2; export interface Three {}');

  test.each([
    ['an exported one that another file declares', 'const one = 1;', ['one: src/a.ts, src/b.ts']],
    ['a type', 'export type Three = 1;', ['Three: src/a.ts, src/b.ts']],
    ['none that both keep to themselves', 'function two() {}', []],
  ])('finds %s', (_, text, found) => {
    expect(ambiguousNames([a, moduleOf('src/b.ts', text)])).toEqual(found);
  });

  test.each([
    ['nobody', 'export const other = 1;', ['src/a.ts#one', 'src/a.ts#Three']],
    ['an import', "import { one } from './a.ts';", ['src/a.ts#Three']],
    ['an import of its type', "import { one, type Three } from './a.ts';", []],
    ['an export of the same', "export { one } from './a.ts'; import type { Three } from './a.ts';", []],
  ])('takes an export for used by %s', (_, text, unused) => {
    expect(unusedExports([a], [a, moduleOf('src/b.ts', text)])).toEqual(unused);
  });
});

/** `object-cache.bounds.test.ts` tests one aspect of `object-cache.ts`. */
const tested = (test: string): string => test.replace(/(\.[a-z-]+)?\.test\.ts$/, '.ts');

describe('every file of test/unit', () => {
  const tests = globSync('*/**/*.test.ts', { cwd: import.meta.dirname }).toSorted();

  test.each(tests)('%s lies where the file lies that it tests', (path) => {
    const [room] = path.split('/');
    expect(existsSync(join(root, room === 'tools' ? '..' : '.', tested(path)))).toBe(true);
  });
});

describe('circles', () => {
  test.each([
    ['none', { a: ['b', 'c'], b: ['c'], c: [] }, []],
    ['one of two files', { a: ['b'], b: ['a'] }, [['a', 'b', 'a']]],
    ['a file that imports itself', { a: ['a'] }, [['a', 'a']]],
    ['one behind a straight way', { a: ['b'], b: ['c'], c: ['d'], d: ['b'] }, [['b', 'c', 'd', 'b']]],
  ])('finds %s', (_, imports, found) => {
    expect(circles(new Map(Object.entries(imports)))).toEqual(found);
  });
});

describe('the checker', () => {
  test.each([
    ['core/plan.ts', "import { a } from '../controller/durable/ledger.ts';", 'imports controller/durable'],
    [
      'core/plan.ts',
      "import type { A } from '../adapters/kubernetes/api.ts';",
      'imports adapters/kubernetes',
    ],
    ['oauth/url.ts', "import { a } from '../api/names.ts';", 'imports api'],
    ['api/names.ts', "import { a } from '../core/plan.ts';", 'imports core'],
    ['dialects/dialect.ts', "import { a } from '../api/names.ts';", 'imports api'],
    ['dialects/dialect.ts', "import { a } from '../formats/keys.ts';", 'imports formats'],
    ['formats/keys.ts', "export { a } from '../api/names.ts';", 'imports api'],
    ['formats/keys.ts', "import { a } from '../dialects/dialect.ts';", 'imports dialects'],
    ['dialects/x.ts', "export * from '../core/plan.ts';", 'imports core'],
    ['controller/client/execute.ts', "import '../../adapters/process/log.ts';", 'imports adapters/process'],
    [
      'controller/client/execute.ts',
      "const a = import('../../adapters/process/log.ts');",
      'imports adapters/process',
    ],
    [
      'controller/calls/guarded-call.ts',
      "import {\n  a,\n} from '../../adapters/kubernetes/api.ts';",
      'imports adapters/kubernetes',
    ],
    ['controller/state/slots.ts', "import { a } from '../context.ts';", 'imports controller/context.ts'],
    [
      'controller/calls/admission.ts',
      "import { a } from '../client/observe.ts';",
      'imports controller/client',
    ],
    [
      'controller/client/observe.ts',
      "import { a } from '../server/discover-endpoints.ts';",
      'imports controller/server',
    ],
    ['core/plan.ts', "type A = import('../controller/ports.ts').Clock;", 'imports controller/ports.ts'],
    ['adapters/process/log.ts', "import { main } from '../../main.ts';", 'imports src'],
    ['adapters/process/log.ts', "import { a } from '../../cli/print.ts';", 'imports cli'],
    ['operator.ts', "import { a } from './cli/print.ts';", 'imports cli'],
    ['cli/program.ts', "import { operate } from '../operator.ts';", 'imports src'],
    ['core/plan.ts', "import { a } from '../helpers/a.ts';", 'imports helpers/a.ts'],
    ['helpers/a.ts', '', 'helpers/a.ts has no place among the rooms'],
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
    [
      'adapters/process/log.ts',
      'const a = process.env.HOME;',
      "reads process.env, which is config.ts's business",
    ],
    ['main.ts', "const a = process['env'];", "reads process.env, which is config.ts's business"],
  ])('finds that %s breaks the rules by %s', (path, text, breach) => {
    expect(breaches(sourceOf(path, text))).toContain(breach);
  });

  test.each([
    ['core/plan.ts', "import { a } from '../api/names.ts'; import { b } from '../oauth/url.ts';"],
    ['core/plan.ts', "import { a } from '../dialects/dialect.ts'; import { b } from './overlap.ts';"],
    ['api/dialect-schema.ts', "import { DIALECT_NAMES } from '../dialects/presets.ts';"],
    ['core/plan.ts', "import { a } from '../formats/keys.ts'; import { createHash } from 'node:crypto';"],
    [
      'adapters/kubernetes/api.ts',
      "import { a } from '../process/log.ts'; import { b } from '../../controller/ports.ts';",
    ],
    ['main.ts', "import { a } from './adapters/process/log.ts'; import { config } from './config.ts';"],
    ['config.ts', 'const a = process.env; const b = process.argv;'],
    ['cli/main.ts', "import { a } from '../adapters/kubernetes/connection.ts'; const b = process.argv;"],
    ['core/plan.ts', 'const iso = new Date(ms).toISOString();'],
    ['core/plan.ts', "const text = 'await any process. async'; // Promise, Date.now(), console.log"],
    ['core/plan.ts', '/** `new Date()` and enum Color; export default any */ const company = { any: 1 };'],
    ['core/plan.ts', "const url = 'https://sso.example.com'; const a = 1;"],
    ['controller/durable/ledger.ts', 'async function f() { await new Promise(() => {}); }'],
  ])('lets %s do %s', (path, text) => {
    expect(breaches(sourceOf(path, text))).toEqual([]);
  });
});
