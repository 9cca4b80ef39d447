import { EXITS } from '../src/cli/failure.ts';
import { COMMANDS, COMMON } from '../src/cli/program.ts';

/** Section of the reference page: commands, flags and exit codes of the kubectl plugin. */
export function pluginSection(): string {
  const commands = COMMANDS.map(({ name, operands = [], summary, options = [] }) => {
    const called = [name, ...operands.map(({ usage }) => usage)].join(' ');
    const flags = options.map(({ usage, about }) => `\`${usage}\`: ${about}`).join('<br>');
    return `| \`${cell(called)}\` | ${cell(summary)} | ${cell(flags)} |`;
  });
  const common = COMMON.map(({ usage, about }) => `| \`${cell(usage)}\` | ${cell(about)} |`);
  const exits = Object.values(EXITS).map(({ code, means }) => `| ${code} | ${cell(means)} |`);
  return `
## Plugin

Commands of \`kubectl oauthclient\` ([how to install and use it](plugin.md)).

| Command | What it does | Flags of its own |
| --- | --- | --- |
${commands.join('\n')}

Every command accepts:

| Flag | Meaning |
| --- | --- |
${common.join('\n')}

| Exit code | Meaning |
| --- | --- |
${exits.join('\n')}
`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
