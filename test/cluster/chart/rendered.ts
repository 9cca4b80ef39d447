import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ChartValues } from '../../../tools/chart-values.ts';
import { beforeTests } from '../../kit/before-tests.ts';
import { ensureBinaries } from '../../kit/testbed/binaries.ts';
import { run } from '../../kit/testbed/command.ts';
import { type HelmVersion, openHelm } from '../../kit/testbed/helm.ts';
import { SILENT } from '../../kit/testbed/progress.ts';

export const ROOT = join(import.meta.dirname, '..', '..', '..');
export const CHART = join(ROOT, 'deploy', 'chart');
export const RELEASE = 'oauth-registrar';
export const NAMESPACE = 'oauth-registrar-system';
const KUBERNETES = '1.36.4';

/** An object as its YAML has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

export interface Rendering {
  /** What `helm template` prints, for a release in `namespace` (default: that of deploy/). Throws where it refuses. */
  objects(values?: ChartValues, namespace?: string): Promise<readonly Manifest[]>;
  /** What it says where it refuses; throws where it does not. */
  refusal(
    values: object,
    options?: { readonly kubernetes?: string; readonly namespace?: string },
  ): Promise<string>;
}

/** Renders the chart without a cluster. */
export function useRendering(version: HelmVersion): Rendering {
  const helm = beforeTests(
    () => openHelm(version),
    (opened) => opened?.close(),
  );
  const template = (values: object, namespace: string, kubernetes: string) =>
    helm.run(['template', RELEASE, CHART, '--namespace', namespace, '--kube-version', kubernetes], values);
  return {
    async objects(values = {}, namespace = NAMESPACE) {
      const { code, stdout, stderr } = await template(values, namespace, KUBERNETES);
      if (code !== 0) {
        throw new Error(stderr);
      }
      return parse(stdout);
    },
    async refusal(values, { kubernetes = KUBERNETES, namespace = NAMESPACE } = {}) {
      const { code, stdout, stderr } = await template(values, namespace, kubernetes);
      if (code === 0) {
        throw new Error(`nothing is refused:\n${stdout}`);
      }
      return stderr;
    },
  };
}

/** What `kubectl kustomize` prints for a folder below the root. */
export async function kustomized(folder: string): Promise<readonly Manifest[]> {
  const { kubectl } = await ensureBinaries(SILENT, ['kubectl']);
  return parse(await run(kubectl, ['kustomize', join(ROOT, folder)]));
}

export const isHook = ({ metadata }: Manifest): boolean =>
  metadata.annotations?.['helm.sh/hook'] !== undefined;

/** The one object of this kind, and of this name if one is given. */
export function only(objects: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = objects.filter(
    (object) =>
      object.kind === kind && (name === undefined || object.metadata.name === name) && !isHook(object),
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`there are ${found.length} objects of kind ${kind} ${name ?? ''}`);
  }
  return first;
}

const parse = (text: string): readonly Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null);

/** The value at a path such as `spec.template.spec.containers.0.args`; throws where there is none. */
export function valueAt<T = unknown>(object: Manifest, path: string): T {
  let value: unknown = object;
  for (const key of path.split('.')) {
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
  }
  if (value === undefined) {
    throw new Error(`${object.kind} ${object.metadata.name} has no ${path}`);
  }
  return value as T;
}
