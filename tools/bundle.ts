import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { argumentsOf } from './command-line.ts';

/**
 * `npm run build`: bundles the operator (`src/main.ts`) and the kubectl plugin (`src/cli/main.ts`), each with everything
 * it imports, into one ES module for Node 24.
 *
 * It also writes the licences of the bundled packages, read from the packages themselves: few of them have a licence
 * comment that a bundler could keep. Fails on any warning.
 */
const root = join(import.meta.dirname, '..');
const { values } = argumentsOf({
  name: 'build',
  about: `Bundles src/main.ts and everything it imports into dist/oauth-registrar.js, and src/cli/main.ts into
dist/kubectl-oauthclient.js, each one ES module for Node 24, and writes the licences of their packages beside them. Takes
about two seconds.`,
  flags: {
    entry: { value: 'FILE', about: 'Bundle this alone. Default, with --out: src/main.ts.' },
    out: { value: 'FILE', about: 'Where to, of one bundle. Default: dist/oauth-registrar.js.' },
    folder: { value: 'FOLDER', about: 'Where to, of both. Default: dist.' },
  },
});
const target = String(values.folder ?? join(root, 'dist'));
const operator = { entry: join(root, 'src', 'main.ts'), out: join(target, 'oauth-registrar.js') };
const plugin = { entry: join(root, 'src', 'cli', 'main.ts'), out: join(target, 'kubectl-oauthclient.js') };
const bundles =
  values.entry === undefined && values.out === undefined
    ? [operator, plugin]
    : [{ entry: String(values.entry ?? operator.entry), out: String(values.out ?? operator.out) }];

// Some dependencies are CommonJS and call `require` for modules of Node, which an ES module does not have. An older Node
// fails while it loads them: the first line says why.
const BANNER = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
${nodeCheck(await oldestNode())}`;

/** The oldest Node of package.json, such as `22.19`. */
async function oldestNode(): Promise<string> {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
  };
  return engines.node.replace('>=', '');
}

function nodeCheck(oldest: string): string {
  const [major, minor] = oldest.split('.');
  return `{
  const { node } = process.versions;
  const [major, minor] = node.split('.').map(Number);
  if (major < ${major} || (major === ${major} && minor < ${minor})) {
    process.stderr.write('This program needs Node ${oldest} or newer, and this is ' + node + '.\\n');
    process.exit(2);
  }
}`;
}

/**
 * Drops the unused part of `@kubernetes/client-node`, of which only the reading of kubeconfigs is used. The package
 * does not declare that its modules have no side effects, so the bundler would keep all of them, among them a class
 * per kind of object: 34 MB of memory and a fifth of a second at the start.
 */
const declaresOnly: Plugin = {
  name: 'client-node-declares-only',
  setup({ onResolve, resolve: find }) {
    const own = Symbol();
    onResolve({ filter: /^@kubernetes\/client-node$/ }, async ({ path, kind, pluginData, ...at }) => {
      if (pluginData === own || kind !== 'import-statement') {
        return undefined;
      }
      return { ...(await find(path, { ...at, kind, pluginData: own })), sideEffects: false };
    });
    // Without `find`, which would take ten times as long as the rest; the package writes file names in full.
    onResolve({ filter: /^\..*\.js$/ }, ({ path, kind, importer, resolveDir }) =>
      kind === 'import-statement' && importer.includes('/@kubernetes/client-node/')
        ? { path: join(resolveDir, path), sideEffects: false }
        : undefined,
    );
  },
};

/**
 * Loads modules of Node by `require`, which reads only the exports that are used. An `import` reads every export,
 * also those that Node makes on first use: `node:http` would load all of `fetch` and WebSocket, 12 MB.
 */
const builtinsByNeed: Plugin = {
  name: 'builtins-by-need',
  setup({ onResolve, onLoad }) {
    const namespace = 'builtin';
    onResolve({ filter: /^[a-z_:/0-9]+$/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path) ? { path, namespace } : undefined,
    );
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

const folders = new Set<string>();
for (const { entry, out } of bundles) {
  const inside = await bundle(entry, out);
  for (const folder of inside) {
    folders.add(folder);
  }
}
const licences = await Promise.all([...folders].sort().map((folder) => licenceOf(join(root, folder))));
const notices = join(dirname(bundles[0]?.out ?? root), 'THIRD-PARTY-LICENSES.txt');
await writeFile(notices, licences.join(`\n${'-'.repeat(80)}\n\n`));

/** @returns the folders of the packages in the bundle */
async function bundle(entry: string, out: string): Promise<readonly string[]> {
  const { metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: out,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    plugins: [builtinsByNeed, declaresOnly],
    minifySyntax: true,
    // Node keeps the source in memory. Names and line ends stay, so that people can read stack traces.
    minifyWhitespace: true,
    lineLimit: 160,
    legalComments: 'none',
    banner: { js: BANNER },
    metafile: true,
    logLevel: 'warning',
  });
  if (warnings.length > 0) {
    process.exit(1);
  }
  // A single character that is not ASCII would make Node keep the whole source with two bytes per character.
  const text = await readFile(out, 'latin1');
  const [strange] = text.match(/^.*[\x80-\xff].*$/m) ?? [];
  if (strange !== undefined) {
    throw new Error(`A character is not ASCII, write it as \\u…: ${strange}`);
  }
  if (text.startsWith('#!')) {
    await chmod(out, 0o755);
  }
  const outputs = Object.values(metafile.outputs);
  const inside = outputs
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const packages = [...new Set(inside.flatMap(([input]) => packageFolder(input)))];
  const size = outputs.reduce((sum, { bytes }) => sum + bytes, 0);
  console.log(
    `wrote ${relative(root, out)}: ${(size / 1e6).toFixed(2)} MB, ${packages.length} packages inside`,
  );
  return packages;
}

/**
 * `node_modules/a/node_modules/@b/c/lib/x.js` → `node_modules/a/node_modules/@b/c`; nothing for a file of the
 * project.
 */
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
  if (files.length === 0 && license === undefined) {
    throw new Error(`${name} ${version} states no licence`);
  }
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts.map((text) => text.trim()), ''].join(
    '\n\n',
  );
}
