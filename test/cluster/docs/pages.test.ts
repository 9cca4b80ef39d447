import { globSync, readFileSync } from 'node:fs';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ANNOTATIONS } from '../../../src/api/names.ts';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { type Block, blocksBelow, blocksOf } from '../../kit/pages/blocks.ts';
import { createPagesFolder } from '../../kit/pages/folder.ts';
import { inlineCodeOf } from '../../kit/pages/inline-code.ts';
import { verbOf } from '../../kit/pages/kubectl-command.ts';
import { printedTable } from '../../kit/pages/printed-table.ts';
import { faultsOf } from '../../kit/pages/promql.ts';
import { runShell } from '../../kit/pages/shell.ts';
import { commandsIn } from '../../kit/pages/shell-words.ts';
import { eventually, namespace, OPERATOR_NAMESPACE } from '../behaviour/objects.ts';
import { teamIn, useTestbed } from '../behaviour/team.ts';

/** What README and docs print is tried: YAML is applied, commands run, and what they print is compared. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGES = globSync(['README.md', 'docs/*.md', 'docs/servers/*.md'], { cwd: ROOT }).toSorted();
const NOT_COMMANDS = ['', 'text', 'json', 'mermaid', 'promql'];

const blocks = PAGES.flatMap((page) => blocksOf(page));
const ofLanguage = (language: string): readonly Block[] =>
  blocks.filter((block) => block.language === language && block.notRun === undefined);

const title = ({ page, line, heading }: Block): string => `${page}:${line} (${heading})`;
const titled = (some: readonly Block[]) => some.map((block) => [title(block), block] as const);

// With the garbage collector, which removes the Secret of a deleted object.
const testbed = useTestbed({ namespaces: [], controllerManager: true });
let folder: string;

interface ShellOptions {
  /** Namespace where a command names none. Default: `default`, as for a reader who set none. */
  readonly namespace?: string;
}

/** Runs commands in a copy of what the pages refer to, with the names that stand for the reader's own. */
const shell = async (text: string, { namespace: its = 'default' }: ShellOptions = {}) => {
  const kubeconfig = join(folder, `kubeconfig-${its}`);
  await copyFile(testbed.controlPlane.adminKubeconfig, kubeconfig);
  return runShell(
    `kubectl config set-context --current --namespace=${its} > /dev/null\n${text}`
      .replace(/\bNAMESPACE\b/g, 'shop')
      .replace(/\bNAME\b/g, 'storefront'),
    {
      kubeconfig,
      folder,
      env: {
        TOKEN: testbed.server.initialAccessToken ?? '',
        REGISTRATION_ACCESS_TOKEN: (await currentRecord())?.token ?? '',
      },
    },
  );
};

/** The registration Secret of the client that README makes, once there is one: not one that the client replaced. */
async function currentRecord(): Promise<{ readonly name: string; readonly token: string } | undefined> {
  const clientId = await testbed
    .kubectl('-n', 'shop', 'get', 'oac', 'storefront', '-o', 'jsonpath={.status.clientId}')
    .catch(() => '');
  const listed = await testbed.kubectl(
    ...['get', 'secrets', '-n', OPERATOR_NAMESPACE, '-o', 'json'],
    ...['-l', 'oauth-registrar.dev/client-name=storefront'],
  );
  const record = (JSON.parse(listed) as SecretList).items.find(
    ({ metadata }) => clientId !== '' && metadata.annotations['oauth-registrar.dev/client-id'] === clientId,
  );
  return (
    record && {
      name: record.metadata.name,
      token: Buffer.from(record.data['registration_access_token'] ?? '', 'base64').toString(),
    }
  );
}

interface SecretList {
  readonly items: readonly {
    readonly metadata: {
      readonly name: string;
      readonly annotations: Readonly<Record<string, string>>;
    };
    readonly data: Readonly<Record<string, string>>;
  }[];
}

const withServer = (text: string): string =>
  text.replaceAll('https://sso.example.com', testbed.server.issuer);

/** What is printed, with the issuer that the pages have. */
const withoutServer = (text: string): string =>
  text.replaceAll(testbed.server.issuer, 'https://sso.example.com');

/** Every cluster has it, and the API server of the tests publishes none. */
const ENDPOINTS_OF_API_SERVER = JSON.stringify({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'kubernetes', namespace: 'default' },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['192.0.2.1'] }],
});

beforeAll(async () => {
  folder = await createPagesFolder();
  // A reader of README starts with an operator that is installed.
  await testbed.apply(ENDPOINTS_OF_API_SERVER);
  // Helm's objects are the same; `npm run test:chart` compares them.
  const [install] = blocksBelow('docs/operating.md', 'With kustomize', 'sh');
  expect(await shell(install?.text ?? '')).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The OAuthClient at the top of README: readers apply it where the section "Use" says so. */
const readmeClient = blocks.find(
  ({ page, language, text }) =>
    page === 'README.md' && language === 'yaml' && text.includes('kind: OAuthClient'),
) as Block;

describe('README, read from its first line to its last', () => {
  const inOrder = blocks.filter(
    (block) => block.page === 'README.md' && block.notRun === undefined && block !== readmeClient,
  );
  const applied = inOrder.findIndex(({ language }) => language === 'console');
  const readme = [...inOrder.slice(0, applied), readmeClient, ...inOrder.slice(applied)];

  it.each(titled(readme.filter(({ language }) => ['sh', 'yaml', 'console'].includes(language))))(
    '%s',
    async (_, block) => {
      if (block.language === 'yaml') {
        await testbed.apply(withServer(block.text));
      } else if (block.language === 'console') {
        await expectOutput(block);
      } else {
        expect(await shell(block.text)).toMatchObject({ code: 0 });
      }
    },
  );
});

/** Commands in running text that another test runs as they are, since they would end what this one needs. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  'kubectl delete -k deploy': 'test/cluster/behaviour/uninstall.test.ts',
  'kubectl delete ns': 'test/cluster/behaviour/uninstall.test.ts',
};

/** Verbs that change something: they are tried at the API server, which changes nothing for `--dry-run=server`. */
const CHANGES = ['annotate', 'label', 'patch', 'delete', 'create', 'apply', 'scale'];

/** Running text is looked at in every document: only blocks need the order of a page. */
const DOCUMENTS = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT, exclude: ['CHANGELOG.md'] }).toSorted();

/** The plugin is not installed there; `test/unit/pages.test.ts` looks whether its commands exist. */
const isOfPlugin = (text: string): boolean => text.startsWith('kubectl oauthclient ');

const inlineCommands = new Map(
  DOCUMENTS.flatMap((page) => inlineCodeOf(page))
    .filter(({ text }) => verbOf(commandsIn(text)[0] ?? [])?.hasObject === true && !isOfPlugin(text))
    .map(({ page, line, text }) => [text, `${page}:${line}`] as const),
);

describe('A command in running text', () => {
  it.each([...inlineCommands].filter(([text]) => RUN_ELSEWHERE[text] === undefined))(
    '%s (%s) is one that the API server accepts',
    async (text) => {
      const { verb = '' } = verbOf(commandsIn(text)[0] ?? []) ?? {};
      const record = await currentRecord();
      const whole = text.replaceAll('oac-…', record?.name ?? '').replaceAll('=…', '=value');
      const { code, stderr } = await shell(CHANGES.includes(verb) ? `${whole} --dry-run=server` : whole, {
        namespace: 'shop',
      });
      expect({ code, stderr: stderr.replace(/^No resources found.*\n/, '') }).toEqual({
        code: 0,
        stderr: '',
      });
    },
  );

  it.each(Object.entries(RUN_ELSEWHERE))('%s is run by %s', (text, path) => {
    expect([...inlineCommands.keys()]).toContain(text);
    expect(readFileSync(join(ROOT, path), 'utf8')).toContain(text);
  });
});

describe('YAML', () => {
  it.each(titled(ofLanguage('yaml')))('%s is accepted by the API server', async (_, block) => {
    const documents = parseAllDocuments(block.text);
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    // A dry run makes no namespace, and the other objects of the block are in it.
    for (const { kind, metadata } of documents.map((document) => document.toJS() as Identified)) {
      await (kind === 'Namespace' ? testbed.apply(namespace(metadata.name)) : undefined);
    }
    const { code, stderr } = await testbed.controlPlane.kubectl(['apply', '--dry-run=server', '-f', '-'], {
      stdin: withServer(block.text),
    });
    expect({ code, stderr: stderr.replace(/^Warning: .*\n/gm, '') }).toEqual({ code: 0, stderr: '' });
  });
});

interface Identified {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

const COMMANDS = ['sh', 'console'];

/** The pages other than README that have commands, in the order of the page. */
const withCommands = PAGES.filter((page) => page !== 'README.md').flatMap((page) => {
  const some = blocks.filter(
    (block) => block.page === page && COMMANDS.includes(block.language) && block.notRun === undefined,
  );
  return some.length === 0 ? [] : [[page, some] as const];
});

describe.each(withCommands)('Commands of %s', (_, some) => {
  // Each page starts at the end of README: the namespace is admitted, and its client is ready.
  beforeAll(async () => {
    await testbed.kubectl('label', 'namespace', 'shop', 'sso=true', '--overwrite');
    await testbed.apply(readmeClient.text);
    await testbed.kubectl(
      ...['-n', 'shop', 'wait', '--for=condition=Ready', 'oac/storefront', '--timeout=30s'],
    );
  });

  // A command may request another client, which the next one is about.
  beforeEach(async () => {
    const storefront = ['get', 'oac', 'storefront', '--ignore-not-found', '-o', 'json'];
    await eventually(
      async () => (await testbed.kubectl('-n', 'shop', ...storefront)) || '{}',
      (json) => isSettled(JSON.parse(json) as Partial<OAuthClient>),
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

/** Whether what its annotation requests was done; also of an object that does not exist. */
const isSettled = ({ metadata, status }: Partial<OAuthClient>): boolean =>
  metadata?.annotations?.[ANNOTATIONS.rotateRequestedAt] === status?.lastHandledRotateAt;

describe('What a page says of its commands', () => {
  it('docs/operating.md: kustomize installs the image that its overlay names', async () => {
    const image = ['-o', 'jsonpath={.spec.template.spec.containers[0].image}'];
    expect(
      await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'deployment', 'oauth-registrar', ...image),
    ).toBe('registry.example.com/oauth-registrar:0.1.0');
  });

  it('docs/using.md: after a leak the former client ends at once', async () => {
    const shop = teamIn(testbed, 'shop');
    const [rotate, leak] = blocksBelow('docs/using.md', 'New credentials', 'sh');
    await testbed.kubectl('-n', 'shop', 'delete', 'oac', 'storefront', '--ignore-not-found');
    await shop.untilRoles('storefront', []);
    await testbed.apply(readmeClient.text);
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

describe('Blocks', () => {
  it('of other languages hold no command', () => {
    const commands = blocks.filter(
      ({ language, text }) => NOT_COMMANDS.includes(language) && /^\s*(\$ |kubectl |npm )/m.test(text),
    );
    expect(commands.map(title)).toEqual([]);
  });

  it('of a console begin with the command that prints them, or stand below one command', () => {
    const alone = blocks.filter((block, at) => {
      const above = blocks[at - 1];
      const isBelowOne = above?.language === 'sh' && above.page === block.page && !above.text.includes('\n');
      return block.language === 'console' && !block.text.startsWith('$ ') && !isBelowOne;
    });
    expect(alone.map(title)).toEqual([]);
  });

  it('of PromQL read metrics and labels that exist', () => {
    const expressions = blocks.filter(({ language }) => language === 'promql');
    expect(expressions.length).toBeGreaterThan(0);
    expect(expressions.flatMap(({ text }) => faultsOf(text))).toEqual([]);
  });

  it('of JavaScript can be parsed', () => {
    const faults = ofLanguage('js').flatMap(({ text }) => parseSync('block.js', text).errors);
    expect(faults).toEqual([]);
  });

  it('are of a language that a test knows', () => {
    const known = [...NOT_COMMANDS, 'sh', 'yaml', 'console', 'promql', 'js'];
    expect(blocks.filter(({ language }) => !known.includes(language)).map(title)).toEqual([]);
  });

  it('of docs/uninstall.md are run by other tests', () => {
    const below = (heading: string) => blocksBelow('docs/uninstall.md', heading, 'sh');
    for (const path of ['test/cluster/behaviour/uninstall.test.ts', 'test/cluster/chart/lifecycle.test.ts']) {
      expect(readFileSync(join(ROOT, path), 'utf8')).toContain("'docs/uninstall.md'");
    }
    expect(below('Deregister the clients')).toHaveLength(1);
    expect(below('Remove the rest')).toHaveLength(2);
    expect(below('Deleted by mistake')).toHaveLength(1);
  });
});

/**
 * Runs each line that begins with `$`, and compares the table that the block shows below it. A block without such a line
 * shows what the commands of the block above it print.
 */
async function expectOutput(block: Block): Promise<void> {
  const above = blocks[blocks.indexOf(block) - 1];
  const parts = block.text.startsWith('$ ')
    ? block.text.split(/^\$ /m).slice(1)
    : [`${above?.text ?? ''}\n${block.text}`];
  for (const part of parts) {
    const [command = '', ...lines] = part.split('\n');
    const { code, stdout, stderr } = await shell(command);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const shown = lines.join('\n').trim();
    if (shown !== '') {
      expect(printedTable(withoutServer(stdout))).toEqual(printedTable(shown));
    }
  }
}
