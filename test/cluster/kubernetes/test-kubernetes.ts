import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { argumentsOf, refuse, type Script } from '../../../tools/command-line.ts';
import { runToEnd } from '../../../tools/program.ts';
import {
  type Counts,
  configurationOf,
  countsOf,
  missingOn,
  type Report,
  SUITES,
  type Suite,
  tableOf,
} from '../../kit/kubernetes/suites.ts';
import { run } from '../../kit/testbed/command.ts';
import {
  ensureKubernetes,
  KUBERNETES_VERSIONS,
  type KubernetesVersion,
} from '../../kit/testbed/kubernetes-versions.ts';
import { createProgress } from '../../kit/testbed/progress.ts';

/** `npm run test:kubernetes`. */
const SCRIPT: Script = {
  name: 'test:kubernetes',
  about: `Runs the main job, deletion, the manifests and releases of the chart on API servers of several versions of Kubernetes, each
with its own kubectl and controller manager, and prints a table. About eight minutes for each version; the first run builds
each with Go, six minutes more on two cores.`,
  operands: {
    called: 'VERSION',
    about: `${Object.keys(KUBERNETES_VERSIONS).join(', ')}. Default: all of them.`,
  },
};
const ROOT = join(import.meta.dirname, '..', '..', '..');
const REPORT = join(ROOT, '.testbed', 'kubernetes-report.json');

const { passedOn } = argumentsOf(SCRIPT);
const isVersion = (text: string): text is KubernetesVersion => Object.hasOwn(KUBERNETES_VERSIONS, text);
const unknown = passedOn.find((text) => !isVersion(text));
if (unknown !== undefined) {
  refuse(SCRIPT, { problem: `There is no version "${unknown}".` });
}
const versions = passedOn.length === 0 ? Object.keys(KUBERNETES_VERSIONS) : passedOn;
const progress = createProgress();
const rows: string[][] = [['Kubernetes', ...SUITES.map(({ title }) => title)]];
const sum = { passed: 0, failed: 0 };
for (const minor of versions.filter(isVersion)) {
  const { version, folder } = await ensureKubernetes(minor, progress);
  const says = await run(join(folder, 'kube-apiserver'), ['--version']);
  if (says !== `Kubernetes ${version}`) {
    throw new Error(`The API server of ${version} says "${says}"`);
  }
  const report = await test(version, folder);
  rows.push([
    version,
    ...SUITES.map((suite) => missingOn(suite, version) ?? toText(add(countsOf(suite, report, ROOT)))),
  ]);
}
console.log(`\n${tableOf(rows)}\n\n${toText(sum)}`);
process.exit(sum.failed === 0 ? 0 : 1);

function add(counts: Counts): Counts {
  sum.passed += counts.passed;
  sum.failed += counts.failed;
  return counts;
}

async function test(version: string, folder: string): Promise<Report> {
  progress.note(`Testing on Kubernetes ${version}`);
  const configurations = new Map(
    SUITES.map((suite) => [configurationOf(suite).join(' '), configurationOf(suite)]),
  );
  const reports: Report[] = [];
  for (const [name, flags] of configurations) {
    const suites = SUITES.filter((suite) => configurationOf(suite).join(' ') === name);
    reports.push(await testWith(flags, suites, version, folder));
  }
  return {
    success: reports.every(({ success }) => success),
    testResults: reports.flatMap(({ testResults }) => testResults),
  };
}

async function testWith(
  configuration: readonly string[],
  suites: readonly Suite[],
  version: string,
  folder: string,
): Promise<Report> {
  await rm(REPORT, { force: true });
  const filesOf = (chosen: readonly Suite[]) => chosen.flatMap((suite) => suite.files);
  const excluded = filesOf(suites.filter((suite) => missingOn(suite, version) !== undefined));
  const args = [
    'run',
    ...configuration,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORT}`,
    ...excluded.map((file) => `--exclude=${file}`),
    ...filesOf(suites.filter((suite) => missingOn(suite, version) === undefined)),
  ];
  await runToEnd('vitest', args, { KUBEBUILDER_ASSETS: folder });
  return JSON.parse(await readFile(REPORT, 'utf8')) as Report;
}

function toText({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
