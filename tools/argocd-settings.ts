import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

const ROOT = join(import.meta.dirname, '..');
const GROUP = 'oauth-registrar.dev';
const SCRIPTS = join('deploy/argocd/resource_customizations', GROUP);

const HEADER = `# Generated from ${SCRIPTS} by \`npm run generate\`. Do not edit.
# A patch of Argo CD's own ConfigMap:
# kubectl patch configmap argocd-cm -n argocd --patch-file deploy/argocd/argocd-cm.yaml
`;

/** Path from the root → content: the scripts for Argo CD as its settings take them. */
export function argocdSettings(): ReadonlyMap<string, string> {
  const data = Object.fromEntries(readdirSync(join(ROOT, SCRIPTS)).toSorted().flatMap(settingsOf));
  const patch = HEADER + stringify({ data }, { lineWidth: 0 });
  return new Map([['deploy/argocd/argocd-cm.yaml', patch]]);
}

function settingsOf(kind: string): readonly (readonly [string, string])[] {
  const scriptOf = (...path: readonly string[]) => readFileSync(join(ROOT, SCRIPTS, kind, ...path), 'utf8');
  const definitions = readdirSync(join(ROOT, SCRIPTS, kind, 'actions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'testdata')
    .map(({ name }) => ({ name, 'action.lua': scriptOf('actions', name, 'action.lua') }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
  const actions = { 'discovery.lua': scriptOf('actions', 'discovery.lua'), definitions };
  return [
    [`resource.customizations.health.${GROUP}_${kind}`, scriptOf('health.lua')],
    [`resource.customizations.actions.${GROUP}_${kind}`, stringify(actions, { lineWidth: 0 })],
  ];
}
