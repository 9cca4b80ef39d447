import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

/**
 * `npm run build`: bundles `src/main.ts` and everything it imports into one ES module for Node 24.
 *
 * Writes `dist/oauth-registrar.js`, and beside it the licences of what is inside, read from the packages themselves:
 * few of them carry a comment that a bundler could keep. Fails on any warning. `--entry` and `--out` replace the paths.
 */
const root = join(import.meta.dirname, '..', '..');
const { values } = parseArgs({
  options: {
    entry: { type: 'string', default: join(root, 'src', 'main.ts') },
    out: { type: 'string', default: join(root, 'dist', 'oauth-registrar.js') },
  },
});

// Some dependencies are CommonJS and call `require` for modules of Node, which an ES module does not have.
const REQUIRE = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);`;

const { metafile, warnings } = await build({
  absWorkingDir: root,
  entryPoints: [values.entry],
  outfile: values.out,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  legalComments: 'eof',
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: 'warning',
});
if (warnings.length > 0) process.exit(1);

const outputs = Object.values(metafile.outputs);
const inside = outputs
  .flatMap(({ inputs }) => Object.entries(inputs))
  .filter(([, { bytesInOutput }]) => bytesInOutput > 0);
const folders = [...new Set(inside.flatMap(([input]) => packageFolder(input)))].sort();
const licences = await Promise.all(folders.map((folder) => licenceOf(join(root, folder))));
await writeFile(
  join(dirname(values.out), 'THIRD-PARTY-LICENSES.txt'),
  licences.join(`\n${'-'.repeat(80)}\n\n`),
);

const size = outputs.reduce((sum, { bytes }) => sum + bytes, 0);
console.log(
  `wrote ${relative(root, values.out)}: ${(size / 1e6).toFixed(2)} MB, ${folders.length} packages inside`,
);

/** `node_modules/a/node_modules/@b/c/lib/x.js` → `node_modules/a/node_modules/@b/c`; nothing for a file of our own. */
function packageFolder(input: string): readonly string[] {
  return input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? [];
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort();
  if (files.length === 0 && license === undefined) throw new Error(`${name} ${version} states no licence`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts.map((text) => text.trim()), ''].join(
    '\n\n',
  );
}
