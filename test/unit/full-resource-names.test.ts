import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/**
 * Every command names a kind by its short name or with its group. OpenShift has `oauthclients` of its own, and
 * `kubectl delete oauthclients --all` would delete its logins.
 */

const ROOT = join(import.meta.dirname, '..', '..');
const FILES = globSync(
  ['*.md', 'docs/**/*.md', '.ci/run', '{src,tools,test/kit}/**/*.ts', 'deploy/**/*.{yaml,txt,tpl,mjs}'],
  { cwd: ROOT },
).toSorted();

/** A command up to the end of its line, or of the lines that a backslash joins to it. */
const COMMAND = /\b(?:kubectl|oc)\b(?:\\\n|[^\n`])*/g;
const BARE = /(?<=[\s,'"])(?:oauthclients?|(?:cluster)?authorizationservers?)(?=$|[\s,/'"`)])/;
const bareNames = (text: string): readonly string[] =>
  [...text.matchAll(COMMAND)]
    .map(([command]) => command)
    .filter((command) => BARE.test(command.replace(PLUGIN, '')));
/** The plugin of that name: where kubectl expects a verb, it is no kind. */
const PLUGIN = /^kubectl oauthclient\b/;

test.each([
  ['kubectl delete oauthclients --all', 1],
  ['kubectl get secrets,oauthclients -A', 1],
  ['kubectl -n shop describe oauthclient/storefront', 1],
  ['kubectl get \\\n  clusterauthorizationservers', 1],
  ["kubectl('get', 'authorizationserver', name)", 1],
  ['oc get oauthclients', 1],
  ['kubectl delete oauthclients.oauth-registrar.dev --all', 0],
  ['kubectl get crd/oauthclients.oauth-registrar.dev', 0],
  ['kubectl get oac,secrets', 0],
  ['resources: [oauthclients, authorizationservers]', 0],
  ['kubectl oauthclient status storefront', 0],
  ['kubectl oauthclient status && kubectl get oauthclient', 1],
])('the search finds in %j: %i', (text, count) => {
  expect(bareNames(text)).toHaveLength(count);
});

test('the search reads pages, messages, scripts and the chart', () => {
  for (const path of [
    'README.md',
    'src/core/kubectl-command.ts',
    '.ci/run',
    'deploy/chart/templates/NOTES.txt',
  ]) {
    expect(FILES).toContain(path);
  }
});

test('pages, messages, scripts and manifests name no kind without its group', () => {
  const found = FILES.flatMap((path) =>
    bareNames(readFileSync(join(ROOT, path), 'utf8')).map((command) => `${path}: ${command}`),
  );
  expect(found).toEqual([]);
});
