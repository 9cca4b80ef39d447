import { stringify } from 'yaml';
import { customResourceDefinitions } from '../src/api/crd.ts';
import { accountBounds } from './account-bounds.ts';
import { alertsPage, prometheusRule } from './alerts.ts';
import { argocdSettings } from './argocd-settings.ts';
import { logsPage } from './audit-tables.ts';
import { chartFiles } from './chart-files.ts';
import { dashboardJson } from './dashboard.ts';
import { findingsSection } from './findings-section.ts';
import { pluginSection } from './plugin-section.ts';
import { referencePage } from './reference-page.ts';
import { serverPages } from './server-pages.ts';

const HEADER = '# Generated from src/api by `npm run generate`. Do not edit.\n';

/** Path from the root → content, for each file that is generated from schemas, tables and samples. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const crds = new Map(
    customResourceDefinitions().map((definition) => {
      const { metadata } = definition as { metadata: { name: string } };
      const [plural = '', ...group] = metadata.name.split('.');
      return [`crds/${group.join('.')}_${plural}.yaml`, HEADER + yaml(definition)] as const;
    }),
  );
  const bounds = accountBounds();
  return new Map([
    ...crds,
    bounds,
    ['docs/reference.md', referencePage() + findingsSection() + pluginSection()],
    logsPage(),
    ['docs/alerts.md', alertsPage()],
    ['deploy/monitoring/prometheus-rule.yaml', prometheusRule()],
    ['deploy/chart/files/prometheus-rule.yaml', prometheusRule()],
    ['deploy/monitoring/dashboard.json', dashboardJson()],
    ['deploy/chart/files/dashboard.json', dashboardJson()],
    ...serverPages(),
    ...chartFiles(crds, new Map([bounds])),
    ...argocdSettings(),
  ]);
}

/** Readers of YAML 1.1, such as Helm, take `Off` without quotes for a boolean. */
const yaml = (value: object) =>
  stringify(value, { lineWidth: 110, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
