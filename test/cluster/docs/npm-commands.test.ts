import { execFile } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { blocksOf } from '../../kit/pages/blocks.ts';
import { inlineCodeOf } from '../../kit/pages/inline-code.ts';
import { commandsIn } from '../../kit/pages/shell-words.ts';

/** npm commands of the pages: too long to run here, so each is held to what its script's `--help` says. */

const ROOT = join(import.meta.dirname, '..', '..', '..');
const PAGES = globSync(['README.md', 'CONTRIBUTING.md', 'RELEASING.md', 'docs/**/*.md'], { cwd: ROOT });

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

interface NpmCommand {
  readonly page: string;
  readonly line: string;
  readonly script: string;
  /** What stands after `--`. */
  readonly args: readonly string[];
  /** Names of the variables before it. */
  readonly variables: readonly string[];
}

const commands: readonly NpmCommand[] = PAGES.flatMap((page) => {
  const inBlocks = blocksOf(page).filter(({ language }) => language === 'sh');
  const lines = [
    ...inBlocks.flatMap(({ text }) => text.split('\n')),
    ...inlineCodeOf(page).map(({ text }) => text),
  ];
  return lines.flatMap((line) => {
    const words = (commandsIn(line.replace(/\s+#.*/, ''))[0] ?? []).filter((word) => word !== '--silent');
    const at = words.indexOf('npm');
    const [verb, ...rest] = words.slice(at + 1);
    const variables = words.slice(0, at).map((word) => word.split('=')[0] ?? '');
    if (at < 0 || verb === undefined || verb === 'ci' || (verb === 'run' && rest.length === 0)) {
      return [];
    }
    const [script = '', ...others] = verb === 'run' ? rest : [verb, ...rest];
    return [{ page, line, script, args: others.slice(others.indexOf('--') + 1), variables }];
  });
});

const helps = new Map<string, Promise<string>>();

function helpOf(script: string): Promise<string> {
  const [program = '', ...args] = (scripts[script] ?? '').split(' ');
  const help =
    helps.get(script) ??
    promisify(execFile)(program, [...args, '--help'], { cwd: ROOT }).then(({ stdout }) => stdout);
  helps.set(script, help);
  return help;
}

describe('npm commands', () => {
  it('are found', () => {
    expect(commands.map(({ line }) => line)).toContain("npm run bench -- --live 10 --memory ''");
  });

  it.each(commands.map((command) => [command.line, command.page, command] as const))(
    '%s (%s)',
    async (_line, _page, { script, args, variables }) => {
      expect(Object.keys(scripts)).toContain(script);
      const named = [...args.filter((arg) => arg.startsWith('--')), ...variables];
      const help = named.length === 0 ? '' : await helpOf(script);
      for (const name of named) {
        expect(help).toMatch(new RegExp(`(^|[\\s,])${name}\\b`, 'm'));
      }
      const isValue = (place: number) => args[place - 1]?.startsWith('--') === true;
      for (const path of args.filter((arg, place) => arg.includes('/') && !isValue(place))) {
        expect(existsSync(join(ROOT, path)), path).toBe(true);
      }
    },
  );
});
