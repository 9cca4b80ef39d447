import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Document, isMap, type YAMLMap } from 'yaml';
import * as z from 'zod';
import { chartValues } from './chart-values.ts';

const ROOT = join(import.meta.dirname, '..');
const CHART = 'deploy/chart';
const WIDTH = 110;

/** What the chart takes from the kustomize folders as it is: the templates give it names, namespace and labels. */
const COPIES = {
  'guard.yaml': 'deploy/base/guard.yaml',
  'account-bounds.yaml': 'deploy/base/account-bounds.yaml',
  'user-roles.yaml': 'deploy/base/user-roles.yaml',
  'account-bounds-binding.yaml': 'deploy/operator/account-bounds.yaml',
  'service-account.yaml': 'deploy/operator/service-account.yaml',
  'cluster-role.yaml': 'deploy/operator/cluster-role.yaml',
  'role.yaml': 'deploy/operator/role.yaml',
  'assertion-account.yaml': 'deploy/operator/assertion-account.yaml',
  'finalizer-policy.yaml': 'deploy/overlays/finalizer-policy/policy.yaml',
  'access-reviews.yaml': 'deploy/components/access-reviews/cluster-role.yaml',
  'rollout-restarts-role.yaml': 'deploy/components/rollout-restarts/cluster-role.yaml',
  'rollout-restarts-policy.yaml': 'deploy/components/rollout-restarts/policy.yaml',
  'rollout-restarts-binding.yaml': 'deploy/components/rollout-restarts/policy-binding.yaml',
  'inventory-service.yaml': 'deploy/components/inventory/service.yaml',
  'documents-namespace.yaml': 'deploy/components/documents/namespace.yaml',
  'documents-guard.yaml': 'deploy/components/documents/guard.yaml',
  'documents-service-account.yaml': 'deploy/components/documents/service-account.yaml',
  'documents-role.yaml': 'deploy/components/documents/role.yaml',
  'documents-deployment.yaml': 'deploy/components/documents/deployment.yaml',
  'documents-service.yaml': 'deploy/components/documents/service.yaml',
  'documents-pod-disruption-budget.yaml': 'deploy/components/documents/pod-disruption-budget.yaml',
  'documents-network-policy.yaml': 'deploy/components/documents/network-policy.yaml',
  'metrics-reader.yaml': 'deploy/components/metrics-authentication/metrics-reader.yaml',
  'tenant-restore-role.yaml': 'deploy/components/tenant-policies/restore-role.yaml',
  'tenant-writers.yaml': 'deploy/components/tenant-policies/writers.yaml',
  'tenant-policies.yaml': 'deploy/components/tenant-policies/tenants.yaml',
  'tenant-bindings.yaml': 'deploy/components/tenant-policies/bindings.yaml',
  'listed-operator.yaml': 'deploy/overlays/listed-namespaces/operator/role-binding.yaml',
  'listed-tenant.yaml': 'deploy/overlays/listed-namespaces/tenant/role-bindings.yaml',
} as const;

/**
 * Path from the root → content, for each generated file of the Helm chart: values, their schema, and copies of the
 * objects that kustomize applies. A chart can't include files from outside of its folder.
 *
 * @param crds path → content of the definitions
 * @param generated path → content of other files that are generated now
 */
export function chartFiles(
  crds: ReadonlyMap<string, string>,
  generated: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const definitions = [...crds].map(([path, content]) => [`${CHART}/files/${path}`, content] as const);
  const copies = Object.entries(COPIES).map(([name, from]) => {
    const content = generated.get(from) ?? readFileSync(join(ROOT, from), 'utf8');
    return [
      `${CHART}/files/${name}`,
      `# A copy of ${from} by \`npm run generate\`. Do not edit.\n${content}`,
    ] as const;
  });
  return new Map([
    ...definitions,
    ...copies,
    [`${CHART}/values.yaml`, valuesFile()],
    [`${CHART}/values.schema.json`, `${JSON.stringify(valuesSchema(), null, 2)}\n`],
  ]);
}

interface Schema {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

function valuesSchema(): Schema {
  return z.toJSONSchema(chartValues, { io: 'input', target: 'draft-7' }) as Schema;
}

/** The defaults, each below its description. */
function valuesFile(): string {
  const { global, ...defaults } = chartValues.parse({});
  const document = new Document(defaults, { compat: 'yaml-1.1' });
  comment(document.contents, valuesSchema(), true);
  document.commentBefore =
    ' Values of the chart. Generated from tools/chart-values.ts by `npm run generate`; values.schema.json refuses others.';
  return document.toString({ lineWidth: WIDTH });
}

function comment(node: unknown, schema: Schema, isTop: boolean): void {
  if (!isMap(node)) {
    return;
  }
  for (const { key, value } of (
    node as YAMLMap<{ value: string; commentBefore?: string; spaceBefore?: boolean }>
  ).items) {
    const of = schema.properties?.[key.value];
    if (of?.description !== undefined) {
      key.commentBefore = wrap([of.description, choices(of)].filter(Boolean).join(' '));
    }
    key.spaceBefore = isTop && key !== node.items[0]?.key;
    comment(value, of ?? {}, false);
  }
}

const choices = (schema: Schema): string =>
  schema.enum === undefined ? '' : `One of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}.`;

/** Lines of a comment, each with the space that follows `#`. */
function wrap(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length + 1 > WIDTH - 4) {
      lines.push(` ${word}`);
    } else {
      lines[lines.length - 1] = `${last} ${word}`;
    }
  }
  return lines.join('\n');
}
