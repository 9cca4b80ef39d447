import type { Manifest } from './rendered.ts';

/** Kinds that are in no namespace. kustomize gives one to those that it does not know; the API server ignores it. */
const OF_CLUSTER = /^(Cluster|CustomResource|Namespace$|ValidatingAdmission|MutatingAdmission)/;

/**
 * How `after` differs from `before`, one line for each difference, in the order of the alphabet: `+ Kind namespace/name`,
 * `- Kind namespace/name`, or `Kind namespace/name: path: before → after`.
 *
 * Blank lines in texts are ignored: kustomize adds some to folded ones, and CEL does not mind.
 */
export function differences(before: readonly Manifest[], after: readonly Manifest[]): readonly string[] {
  const [old, present] = [byName(before), byName(after)];
  return [...new Set([...old.keys(), ...present.keys()])]
    .toSorted()
    .flatMap((name) => ofObject(name, old.get(name), present.get(name)));
}

function ofObject(name: string, before?: Manifest, after?: Manifest): readonly string[] {
  if (before === undefined || after === undefined) {
    return [`${before === undefined ? '+' : '-'} ${name}`];
  }
  return ofValue('', before, after).map((line) => `${name}: ${line}`);
}

function ofValue(path: string, before: unknown, after: unknown): readonly string[] {
  if (isTree(before) && isTree(after) && Array.isArray(before) === Array.isArray(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((key) => !(path === '.metadata' && key === 'namespace'))
      .toSorted()
      .flatMap((key) => ofValue(`${path}.${key}`, before[key], after[key]));
  }
  const [left, right] = [plain(before), plain(after)];
  return left === right ? [] : [`${path.slice(1)}: ${left} → ${right}`];
}

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const plain = (value: unknown): string =>
  value === undefined ? 'none' : JSON.stringify(value).replaceAll(/(\\n)+/g, '\\n');

const byName = (objects: readonly Manifest[]): ReadonlyMap<string, Manifest> =>
  new Map(
    objects.map((object) => {
      const { name, namespace } = object.metadata;
      const place = namespace === undefined || OF_CLUSTER.test(object.kind) ? '' : `${namespace}/`;
      return [`${object.kind} ${place}${name}`, object];
    }),
  );
