import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { DOCUMENT_METRICS, METRICS } from '../../src/adapters/process/metric-table.ts';
import { REASONS } from '../../src/api/reasons.ts';
import { COMMANDS, COMMON } from '../../src/cli/program.ts';
import { FLAGS } from '../../src/config.ts';
import { DOCUMENTS_FLAGS } from '../../src/documents-config.ts';
import { discoveryUrls } from '../../src/oauth/discovery.ts';
import { hasField, KINDS, type Schema, schemasIn, unknownIn } from '../kit/pages/api-schemas.ts';
import { blocksBelow, blocksOf } from '../kit/pages/blocks.ts';
import { inlineCodeOf } from '../kit/pages/inline-code.ts';
import { KNOWN_KEYS, problemsOf } from '../kit/pages/kubectl-command.ts';
import { faultsOf } from '../kit/pages/promql.ts';
import { commandsIn } from '../kit/pages/shell-words.ts';

/** What the pages name of the API, of the operator and of the tests exists: also where no test runs it. */

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT, exclude: ['CHANGELOG.md'] }).toSorted();
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Lines of the page that hold commands: in blocks of shell, after `$` of a console, and in running text. */
function commandLinesOf(page: string): readonly string[] {
  const blocks = blocksOf(page).flatMap(({ language, text }) => {
    const lines = text.replaceAll('\\\n', ' ').split('\n');
    return language === 'sh'
      ? lines
      : lines.filter((line) => language === 'console' && line.startsWith('$ ')).map((line) => line.slice(2));
  });
  return [...blocks, ...inlineCodeOf(page).map(({ text }) => text)].filter((line) =>
    line.includes('kubectl'),
  );
}

const roots: readonly Schema[] = KINDS.flatMap(({ schema }) => {
  const { spec, status } = schema.properties ?? {};
  return [spec ?? {}, status ?? {}, spec?.properties?.['client'] ?? {}];
});
const everywhere: readonly Schema[] = KINDS.flatMap(({ schema }) => schemasIn(schema));
/** Names that a path in a page may begin with: members of spec, status and client metadata. */
const FIRST_NAMES = ['spec', 'status', ...roots.flatMap(({ properties = {} }) => Object.keys(properties))];

/** Dotted names that look like fields and are none: scopes of servers. */
const NO_FIELDS = ['client.create'];

/** Dotted names that begin like a field of ours and lead nowhere. */
const missingFields = (page: string): readonly string[] =>
  inlineCodeOf(page)
    .map(({ text }) => text.replace(/^\./, ''))
    .filter((text) => /^[a-z][A-Za-z]*(\.[A-Za-z]+)+$/.test(text) && !NO_FIELDS.includes(text))
    .filter((text) => FIRST_NAMES.includes(text.split('.')[0] ?? ''))
    .filter((text) => !everywhere.some((schema) => hasField(schema, text.split('.'))));

/** Parts of YAML in running text, like `deletion: {retryFor: 1h}`, that the schema doesn't know. */
const wrongFragments = (page: string): readonly string[] =>
  inlineCodeOf(page)
    .map(({ text }) => text.replace(/^… /, ''))
    .filter((text) => /^[a-zA-Z.]+: ?[{[]/.test(text))
    .filter((text) => {
      const [path = '', value = ''] = text.split(/: ?(.*)/s);
      const nested = path
        .split('.')
        .toReversed()
        .reduce<unknown>((inner, name) => ({ [name]: inner }), parse(value.replaceAll('…', 'x')));
      return everywhere.every((schema) => unknownIn(schema, nested).length > 0);
    });

const KEY = /(?:oauth-registrar\.dev|…)\/([a-z-]+)(?![a-z/-])/g;
const SUFFIXES = KNOWN_KEYS.map((key) => key.split('/')[1] ?? '');

const unknownKeys = (page: string): readonly string[] =>
  inlineCodeOf(page).flatMap(({ text }) =>
    [...text.matchAll(KEY)].filter(([, name = '']) => !SUFFIXES.includes(name)).map(([key]) => key),
  );

const unknownMetrics = (page: string): readonly string[] =>
  [...textOf(page).matchAll(/\boauth_registrar_[a-z_]+/g)]
    .map(([name]) => name)
    .filter(
      (name) => !Object.hasOwn({ ...METRICS, ...DOCUMENT_METRICS }, name.replace(/_(bucket|sum|count)$/, '')),
    );

describe.each(PAGES)('%s', (page) => {
  test('has commands whose labels, annotations, fields and conditions exist', () => {
    const found = commandLinesOf(page).flatMap((line) =>
      commandsIn(line)
        .flatMap(problemsOf)
        .map((problem) => `${line}: ${problem}`),
    );
    expect(found).toEqual([]);
  });

  test('names fields that exist', () => {
    expect(missingFields(page)).toEqual([]);
  });

  test('has parts of YAML that the schema knows', () => {
    expect(wrongFragments(page)).toEqual([]);
  });

  test('names labels and annotations that exist', () => {
    expect(unknownKeys(page)).toEqual([]);
  });

  test('names metrics that exist', () => {
    expect(unknownMetrics(page)).toEqual([]);
  });
});

const MANIFESTS = globSync('deploy/**/*.yaml', { cwd: ROOT }).toSorted();

/** Commands in the comments of a manifest, and in messages of its policies. */
const commandsOfManifest = (path: string): readonly string[] =>
  textOf(path)
    .split('\n')
    .flatMap((line) => /^ *# +(kubectl .*)$/.exec(line)?.slice(1) ?? []);

describe('Comments of manifests', () => {
  const found = MANIFESTS.flatMap((path) => commandsOfManifest(path).map((line) => [line, path] as const));

  test.each(found)('%s (%s) names what exists', (line, _path) => {
    expect(commandsIn(line).flatMap(problemsOf)).toEqual([]);
    for (const [path] of line.matchAll(/\bdeploy\/\S+/g)) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });
});

/** Pages that name flags of the tests' programs. */
const OF_TESTS = ['docs/scale.md', 'docs/reliability.md', 'CONTRIBUTING.md'];

/** Flags of other programs: Velero, kube-state-metrics, Helm, the release. */
const OF_OTHERS = [
  'plugin-url',
  'status-include-resources',
  'custom-resource-state-config-file',
  'set',
  'reset-then-reuse-values',
  'static-oauth-client-info',
  'features',
  'truststore-paths',
];

/** Flags of the plugin. */
const OF_PLUGIN = [...COMMON, ...COMMANDS.flatMap(({ options = [] }) => options)]
  .flatMap(({ usage }) => /--([a-z-]+)/.exec(usage)?.[1] ?? [])
  .concat('help');

test('pages name commands that the plugin has', () => {
  const named = PAGES.flatMap((page) =>
    [...textOf(page).matchAll(/kubectl oauthclient ([a-z]\S*)/g)].map(([, name = '']) =>
      name.replace(/[^a-z-]+$/, ''),
    ),
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !COMMANDS.some((command) => command.name === name))).toEqual([]);
});

test('docs/plugin.md names flags that the plugin has', () => {
  const flags = inlineCodeOf('docs/plugin.md').flatMap(
    ({ text }) => /^--([a-z-]+)/.exec(text)?.slice(1) ?? [],
  );
  expect(flags.length).toBeGreaterThan(5);
  expect(flags.filter((flag) => !OF_PLUGIN.includes(flag))).toEqual([]);
});

const WITH_OTHER_FLAGS = [...OF_TESTS, 'docs/plugin.md'];

describe.each(PAGES.filter((page) => !WITH_OTHER_FLAGS.includes(page)))('%s', (page) => {
  test('names flags that the operator has', () => {
    const flags = inlineCodeOf(page).flatMap(({ text }) => /^--([a-z-]+)/.exec(text)?.slice(1) ?? []);
    const known = [
      ...Object.keys(FLAGS),
      ...OF_OTHERS,
      ...(page === 'docs/reference.md' ? [...OF_PLUGIN, ...Object.keys(DOCUMENTS_FLAGS)] : []),
    ];
    expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
  });
});

describe('docs/using.md', () => {
  test('has only reasons that exist', () => {
    const [, below = ''] = textOf('docs/using.md').split('\n## When something is wrong\n');
    const rows = below.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) =>
      [...(row.split(' | ')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, reason = '']) => reason),
    );
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((reason) => !Object.hasOwn(REASONS, reason))).toEqual([]);
  });

  test('has every reason, with what to do', () => {
    const named = inlineCodeOf('docs/using.md').map(({ text }) => text);
    expect(Object.keys(REASONS).filter((reason) => !named.includes(reason))).toEqual([]);
  });
});

test('docs/authorization-servers.md lists the URLs at which the operator looks for a document', () => {
  const [block] = blocksBelow('docs/authorization-servers.md', 'Where it is', 'text');
  expect(block?.text.split('\n')).toEqual(discoveryUrls('https://sso.example.com/realms/shop', 'OAuth'));
});

describe('docs/operating.md', () => {
  const expressions = inlineCodeOf('docs/operating.md')
    .map(({ text }) => text)
    .filter((text) => /\b(oauth_registrar|oauthclient)_\w+/.test(text) && /[({]/.test(text));

  test('has expressions', () => {
    expect(expressions).toHaveLength(2);
  });

  test.each(expressions)('%s is PromQL with metrics and labels that exist', (expression) => {
    expect(faultsOf(expression)).toEqual([]);
  });

  test('has a configuration of kube-state-metrics with fields that exist', () => {
    const [block] = blocksBelow('docs/operating.md', 'Metrics and alerts', 'yaml').slice(1);
    const [resource] = (parse(block?.text ?? '') as StateMetrics).spec.resources;
    const kind = KINDS.find((one) => one.kind === resource?.groupVersionKind.kind);
    const [
      {
        name,
        each: { gauge },
      } = { name: '', each: { gauge: undefined } },
    ] = resource?.metrics ?? [];
    expect(`${resource?.metricNamePrefix}_${name}`).toBe('oauthclient_status_condition');
    for (const path of [gauge?.valueFrom, ...Object.values(gauge?.labelsFromPath ?? {})]) {
      expect(hasField(kind?.schema ?? {}, [...(gauge?.path ?? []), ...(path ?? ['?'])])).toBe(true);
    }
  });
});

/** What is read of a configuration of kube-state-metrics. */
interface StateMetrics {
  readonly spec: {
    readonly resources: readonly {
      readonly groupVersionKind: { readonly kind: string };
      readonly metricNamePrefix: string;
      readonly metrics: readonly {
        readonly name: string;
        readonly each: {
          readonly gauge:
            | {
                readonly path: readonly string[];
                readonly labelsFromPath: Readonly<Record<string, readonly string[]>>;
                readonly valueFrom: readonly string[];
              }
            | undefined;
        };
      }[];
    }[];
  };
}

describe('docs/security.md', () => {
  /** Rows that end in a test: its path in code, and its title between quotation marks. */
  const cited = [...textOf('docs/security.md').matchAll(/`(test\/[\w./-]+\.test\.ts)`, "([^"]+)"/g)];

  test('cites tests', () => {
    expect(cited.length).toBeGreaterThan(20);
  });

  test.each(cited.map(([, path = '', title = '']) => [path, title] as const))(
    '%s has "%s"',
    (path, title) => {
      expect(existsSync(join(ROOT, path))).toBe(true);
      expect(textOf(path)).toContain(title);
    },
  );

  const code = inlineCodeOf('docs/security.md').map(({ text }) => text);
  const attacks = globSync('*.test.ts', { cwd: join(ROOT, 'test/proofs/attacks') }).map((name) =>
    name.replace('.test.ts', ''),
  );

  test('names test files that exist, by their whole path', () => {
    const named = code.filter((text) => text.endsWith('.test.ts'));
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('has every attack, and none without a test, in its tables', () => {
    const rows = textOf('docs/security.md').split('\n## Attacks\n')[1]?.split('\n## ')[0] ?? '';
    const inTables = [
      ...rows.matchAll(/^\|[^|]*\|[^|]*\|([^|]*)/gm),
      ...rows.matchAll(/^\|[^|]*\|([^|]*)\|$/gm),
    ]
      .flatMap(([, cell = '']) => [...cell.matchAll(/`([a-z0-9-]+)`/g)])
      .map(([, name = '']) => name);
    expect([...new Set(inTables)].toSorted()).toEqual(attacks.toSorted());
  });
});
