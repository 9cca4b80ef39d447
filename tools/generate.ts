import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { argumentsOf } from './command-line.ts';

/** `npm run generate`: writes every generated file. A test fails while one of them is stale. */
argumentsOf({
  name: 'generate',
  about: `Writes the files that are made from others: crds/, docs/reference.md, the examples in docs/servers, parts of
deploy/chart, and the settings in deploy/argocd. A second.`,
});
// Loads all of src, which takes a second: not for --help.
const { generatedFiles } = await import('./generated-files.ts');
const root = join(import.meta.dirname, '..');
for (const [path, content] of generatedFiles()) {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), content);
  console.log(`wrote ${path}`);
}
