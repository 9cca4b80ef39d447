/** What `npm run test:kubernetes` runs on each version of Kubernetes. */
export interface Suite {
  /** Head of its column. */
  readonly title: string;
  /** Files, by the beginning of their path. */
  readonly files: readonly string[];
  /** Flags of vitest that choose its configuration. Default: the projects serial and cluster. */
  readonly configuration?: readonly string[];
  /** The first minor version of Kubernetes 1 on which it can run, and what is missing before. Absent: any. */
  readonly since?: { readonly minor: number; readonly missing: string };
}

/** The first suite to which a file belongs counts it. */
export const SUITES: readonly Suite[] = [
  { title: 'main job', files: ['test/cluster/behaviour/main-job.test.ts'] },
  { title: 'deletion', files: ['test/cluster/behaviour/deletion.test.ts'] },
  {
    title: 'finalizer overlay',
    files: ['test/cluster/deploy/finalizer-policy.test.ts'],
    since: { minor: 36, missing: 'no MutatingAdmissionPolicy v1' },
  },
  { title: 'deploy', files: ['test/cluster/deploy/'] },
  {
    title: 'chart',
    files: [
      'test/cluster/chart/lifecycle.test.ts',
      'test/cluster/chart/listed-namespaces.test.ts',
      'test/cluster/chart/tenant-policies.test.ts',
    ],
    configuration: ['--config=vitest.chart.config.ts'],
  },
];

/** The flags of vitest for a suite. */
export const configurationOf = ({ configuration }: Suite): readonly string[] =>
  configuration ?? ['--project=serial', '--project=cluster'];

/** @param version as `1.34` or `v1.34.4` */
export const minorOf = (version: string): number => Number(/^v?1\.(\d+)/.exec(version)?.[1]);

/** Why a suite can't run on a version; `undefined`: it can. */
export const missingOn = ({ since }: Suite, version: string): string | undefined =>
  since !== undefined && minorOf(version) < since.minor ? since.missing : undefined;

/** The part of a report of vitest (`--reporter=json`) that counts. */
export interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    /** The file's whole path. */
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

export interface Counts {
  readonly passed: number;
  /** Also tests that were skipped, and files that could not be loaded. */
  readonly failed: number;
}

/** What a report says of a suite. Nothing at all counts as a failure. */
export function countsOf(suite: Suite, { testResults }: Report, root: string): Counts {
  const own = testResults.filter(({ name }) => suiteOf(name.slice(root.length + 1)) === suite);
  const statuses = own.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
  const passed = statuses.filter((status) => status === 'passed').length;
  const broken = own.filter(
    ({ status, assertionResults }) => status !== 'passed' && assertionResults.length === 0,
  );
  const failed = statuses.length - passed + broken.length;
  return { passed, failed: passed + failed === 0 ? 1 : failed };
}

const suiteOf = (file: string): Suite | undefined =>
  SUITES.find(({ files }) => files.some((start) => file.startsWith(start)));

/** A table in Markdown, with columns of equal width. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}
