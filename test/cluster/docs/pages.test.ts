import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Block, blocksBelow, blocksOf } from '../../kit/pages/blocks.ts';
import { runShell } from '../../kit/pages/shell.ts';
import { eventually, namespace, OPERATOR_NAMESPACE } from '../behaviour/objects.ts';
import { teamIn, useTestbed } from '../behaviour/team.ts';

/** The examples in README and docs work: YAML is applied, commands run, and the columns of their output compared. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGES = globSync(['README.md', 'docs/*.md'], { cwd: ROOT }).toSorted();
const NOT_COMMANDS = ['', 'text', 'json', 'mermaid'];

const blocks = PAGES.flatMap((page) => blocksOf(page));
const ofLanguage = (language: string): readonly Block[] =>
  blocks.filter((block) => block.language === language && block.notRun === undefined);

/** The commands in a block; continued lines count as one. */
const commandsOf = ({ text }: Block): readonly string[] =>
  text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));

const isNpm = (block: Block): boolean =>
  commandsOf(block).every((command) => /^([A-Z_]+=('[^']*'|\S*) )?npm /.test(command));

const title = ({ page, line, heading }: Block): string => `${page}:${line} (${heading})`;
const titled = (some: readonly Block[]) => some.map((block) => [title(block), block] as const);

// With the garbage collector, which removes the Secret of a deleted object.
const testbed = useTestbed({ namespaces: [], controllerManager: true });
let folder: string;

/** Runs commands in a copy of the files that the pages refer to, with names in place of the reader's own. */
const shell = (text: string) =>
  runShell(text.replace(/\bNAMESPACE\b/g, 'shop').replace(/\bNAME\b/g, 'storefront'), {
    kubeconfig: testbed.controlPlane.adminKubeconfig,
    folder,
    env: { TOKEN: testbed.server.initialAccessToken ?? '' },
  });

const withServer = (text: string): string =>
  text.replaceAll('https://sso.example.com', testbed.server.issuer);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-docs-'));
  for (const name of ['deploy', 'crds']) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  // A reader of README starts with a namespace that exists.
  await testbed.apply(namespace('shop', {}));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('README, read from its first line to "Uninstall"', () => {
  const readme = blocks.filter(
    ({ page, heading, notRun }) => page === 'README.md' && heading !== 'Uninstall' && notRun === undefined,
  );

  it.each(titled(readme.filter(({ language }) => ['sh', 'yaml', 'console'].includes(language))))(
    '%s',
    async (_, block) => {
      if (block.language === 'yaml') {
        await testbed.apply(withServer(block.text));
      } else if (block.language === 'console') {
        await expectOutput(block);
      } else if (!isNpm(block)) {
        expect(await shell(block.text)).toMatchObject({ code: 0 });
      }
    },
  );

  it('installs the image that its overlay names', async () => {
    const image = ['-o', 'jsonpath={.spec.template.spec.containers[0].image}'];
    expect(
      await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'deployment', 'oauth-registrar', ...image),
    ).toBe('registry.example.com/oauth-registrar:0.1.0');
  });
});

describe('YAML', () => {
  it.each(titled(ofLanguage('yaml')))('%s is accepted by the API server', async (_, block) => {
    expect(parseAllDocuments(block.text).flatMap(({ errors }) => errors)).toEqual([]);
    const { code, stderr } = await testbed.controlPlane.kubectl(['apply', '--dry-run=server', '-f', '-'], {
      stdin: withServer(block.text),
    });
    expect({ code, stderr: stderr.replace(/^Warning: .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
  });
});

const COMMANDS = ['sh', 'console'];

/** The pages other than README that have commands, in the order of the page. */
const withCommands = PAGES.filter((page) => page !== 'README.md').flatMap((page) => {
  const some = blocks.filter(
    (block) =>
      block.page === page && COMMANDS.includes(block.language) && block.notRun === undefined && !isNpm(block),
  );
  return some.length === 0 ? [] : [[page, some] as const];
});

describe.each(withCommands)('Commands of %s', (_, some) => {
  // Each page starts at the end of README: the namespace is admitted, and its client is ready.
  beforeAll(async () => {
    await testbed.kubectl('label', 'namespace', 'shop', 'sso=true', '--overwrite');
    const client = ofLanguage('yaml').find(
      ({ page, text }) => page === 'README.md' && text.includes('kind: OAuthClient'),
    );
    await testbed.apply(client?.text ?? '');
    await testbed.kubectl(
      ...['-n', 'shop', 'wait', '--for=condition=Ready', 'oac/storefront', '--timeout=30s'],
    );
  });

  it.each(titled(some))('%s', async (_title, block) => {
    if (block.language === 'console') {
      await expectOutput(block);
    } else {
      expect(await shell(block.text)).toMatchObject({ code: 0 });
    }
  });
});

describe('Effects that a page promises', () => {
  it('docs/using.md: after a leak the former client ends at once', async () => {
    const shop = teamIn(testbed, 'shop');
    const [rotate, leak] = blocksBelow('docs/using.md', 'New credentials', 'sh');
    await testbed.kubectl('-n', 'shop', 'delete', 'oac', 'storefront', '--ignore-not-found');
    await shop.untilRoles('storefront', []);
    const client = blocksBelow('README.md', 'Use', 'yaml').at(-1);
    await testbed.apply(client?.text ?? '');
    const before = await shop.until('storefront', 'Registered');

    await shell(rotate?.text ?? '');
    await eventually(
      () => shop.client('storefront'),
      ({ status }) => status?.clientId !== before.status?.clientId,
    );
    // The former client still exists beside the new one.
    expect(await shop.registrations('storefront')).toHaveLength(2);

    const rotated = await shop.client('storefront');
    await shell(leak?.text ?? '');
    await eventually(
      () => shop.registrations('storefront'),
      (records) => records.every(({ clientId }) => clientId !== rotated.status?.clientId),
    );
    await eventually(
      () => shop.client('storefront'),
      ({ status }) => status?.clientId !== rotated.status?.clientId,
    );
  });
});

describe('npm commands', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };

  it.each(titled(ofLanguage('sh').filter(isNpm)))('%s names scripts and files that exist', (_, block) => {
    for (const command of commandsOf(block)) {
      const [, script] = /npm run (\S+)/.exec(command) ?? [];
      if (script !== undefined) {
        expect(Object.keys(scripts)).toContain(script);
      } else {
        expect(command).toMatch(/npm (ci|test)\b/);
      }
      for (const [path] of command.matchAll(/\btest\/\S+\.ts\b/g)) {
        expect(existsSync(join(ROOT, path)), path).toBe(true);
      }
    }
  });
});

describe('Blocks', () => {
  it('have a language that a test knows', () => {
    const known = [...NOT_COMMANDS, 'sh', 'yaml', 'console'];
    expect(blocks.filter(({ language }) => !known.includes(language)).map(title)).toEqual([]);
  });

  it('of Uninstall are run by another test', () => {
    const path = 'test/cluster/behaviour/uninstall.test.ts';
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(path);
    expect(readFileSync(join(ROOT, path), 'utf8')).toContain("blocksBelow('README.md', 'Uninstall', 'sh')");
  });
});

/** Runs each line that begins with `$`, and compares the header of its output if the block shows output. */
async function expectOutput({ text }: Block): Promise<void> {
  for (const part of text.split(/^\$ /m).slice(text.startsWith('$ ') ? 1 : 0)) {
    const [command = '', header] = part.split('\n');
    if (!command.startsWith('kubectl')) {
      continue;
    }
    const { code, stdout, stderr } = await shell(command);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    if (header !== undefined && header !== '') {
      const columns = (row = ''): readonly string[] => row.trim().split(/ {2,}/);
      expect(columns(stdout.split('\n')[0])).toEqual(columns(header));
    }
  }
}
