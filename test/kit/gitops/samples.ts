import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Objects as the API server shows them, one file per situation of docs/lifecycle.md: what GitOps tools are tested with. */

export const CUSTOMIZATIONS = join(
  import.meta.dirname,
  '../../../deploy/argocd/resource_customizations/oauth-registrar.dev',
);

const TIME = '2026-05-01T12:00:00Z';
const NOT_OF_THE_SITUATION = ['annotations', 'managedFields', 'resourceVersion', 'uid'];

interface Shown {
  readonly kind?: string;
  readonly metadata: object;
}

/** Writes the object, without what differs from run to run, if `UPDATE_ARGOCD_TESTDATA` is 1. */
export function keepSample(situation: string, object: Shown): void {
  if (process.env['UPDATE_ARGOCD_TESTDATA'] !== '1') {
    return;
  }
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([name]) => !NOT_OF_THE_SITUATION.includes(name)),
  );
  const sample = JSON.parse(
    JSON.stringify({ ...object, metadata })
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, TIME)
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'https://sso.example.com')
      .replaceAll(/127\.0\.0\.1:\d+/g, '192.0.2.1:443')
      .replaceAll(/stub-client-\w+/g, 'c1')
      .replaceAll(/@[\da-f-]{36}/g, '@00000000-0000-4000-8000-000000000000'),
  ) as object;
  const folder = join(CUSTOMIZATIONS, object.kind ?? '', 'testdata');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, sampleFile(situation)), stringify(sample, { lineWidth: 0 }));
}

/** `was edited, and the policy refuses it` → `was-edited-and-the-policy-refuses-it.yaml`. Upstream asks for one name. */
export const sampleFile = (situation: string): string =>
  situation.startsWith('is being deleted')
    ? 'terminating.yaml'
    : `${situation
        .replaceAll('`', '')
        .replaceAll(/[^A-Za-z0-9]+/g, '-')
        .replaceAll(/^-|-$/g, '')
        .toLowerCase()}.yaml`;
