import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The pages of servers in docs: each shows the example of `deploy/samples/servers` that its users copy. */

const ROOT = join(import.meta.dirname, '..');
const EXAMPLE = /(^## In the cluster\n\n```yaml\n)[\s\S]*?(^```$)/m;

/** Names of the pages, which are those of dialects. */
export const SERVER_PAGES: readonly string[] = globSync('docs/servers/*.md', { cwd: ROOT })
  .map((path) => path.replace(/^.*\/|\.md$/g, ''))
  .filter((name) => name !== 'README')
  .toSorted();

/** The sample of a page, from the root. A server without a dialect of its own has the sample with a client certificate. */
export const sampleOf = (page: string): string =>
  `deploy/samples/servers/${page === 'rfc7591' ? 'mutual-tls' : page}.yaml`;

/** Path from the root → content of each page, with its example. Throws for a page without a place for it. */
export function serverPages(): ReadonlyMap<string, string> {
  return new Map(SERVER_PAGES.map((page) => [`docs/servers/${page}.md`, withExample(page)]));
}

function withExample(page: string): string {
  const text = readFileSync(join(ROOT, 'docs', 'servers', `${page}.md`), 'utf8');
  if (!EXAMPLE.test(text)) {
    throw new Error(`docs/servers/${page}.md has no block of yaml below "In the cluster"`);
  }
  const sample = readFileSync(join(ROOT, sampleOf(page)), 'utf8');
  return text.replace(EXAMPLE, (_, before: string, after: string) => `${before}${sample}${after}`);
}
