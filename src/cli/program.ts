import { Command, CommanderError, Option } from 'commander';
import { VERSION } from '../api/version.ts';
import { asSentence, visible } from '../oauth/text.ts';
import { type ClusterFlags, openCluster } from './cluster.ts';
import type { CliCommand, CommandContext, CommandOption, CommandResult, Terminal } from './command.ts';
import { abandonCommand } from './commands/abandon.ts';
import { adoptCommand } from './commands/adopt.ts';
import { check } from './commands/check.ts';
import { completion } from './commands/completion.ts';
import { debug } from './commands/debug.ts';
import { describeUpgrade } from './commands/describe-upgrade.ts';
import { exportCommand } from './commands/export.ts';
import { leftBehind } from './commands/left-behind.ts';
import { orphans } from './commands/orphans.ts';
import { owed } from './commands/owed.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { resolve } from './commands/resolve.ts';
import { resumeCommand } from './commands/resume.ts';
import { rotateCommand } from './commands/rotate.ts';
import { status } from './commands/status.ts';
import { suspendCommand } from './commands/suspend.ts';
import { ui } from './commands/ui.ts';
import { unused } from './commands/unused.ts';
import { complete } from './complete.ts';
import { type CommandFailure, EXITS } from './failure.ts';
import { createPrinter, type OutputFormat } from './print.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CliCommand[] = [
  status,
  check,
  orphans,
  leftBehind,
  owed,
  resolve,
  reconcileCommand,
  rotateCommand,
  suspendCommand,
  resumeCommand,
  adoptCommand,
  abandonCommand,
  unused,
  exportCommand,
  debug,
  ui,
  describeUpgrade,
  completion,
];

type CommonFlags = ClusterFlags & { readonly output?: OutputFormat };

/**
 * Runs one command of `kubectl oauthclient`.
 *
 * @param args without the program's own name
 * @returns the exit code, one of {@link EXITS}
 */
export async function runProgram(args: readonly string[], terminal: Terminal): Promise<number> {
  // kubectl asks for completion by a program of its own, see `complete.ts`.
  if (args[0] === '__complete') {
    await complete(args.slice(1), COMMANDS, COMMON, terminal);
    return EXITS.done.code;
  }
  const result = await resultOf(args, terminal);
  if (typeof result === 'string') {
    return EXITS[result].code;
  }
  terminal.stderr.write(`${visible(result.sentence)}\n`);
  return EXITS[result.exit].code;
}

async function resultOf(args: readonly string[], terminal: Terminal): Promise<CommandResult> {
  const results: CommandResult[] = [];
  const program = createProgram(terminal, async (command, context, flags) => {
    results.push(await untilInterrupted(terminal.signal, command, runCommand(command, context, flags)));
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return results[0] ?? 'done';
  } catch (error) {
    return error instanceof CommanderError ? (error.exitCode === 0 ? 'done' : 'usage') : faultOf(error);
  }
}

/** What no command foresees. Only its message is shown: a stack says nothing to people. */
const faultOf = (error: unknown): CommandFailure => ({
  exit: 'fault',
  sentence: `The plugin has a fault: ${asSentence(error instanceof Error ? error.message : String(error))}`,
});

type Act = (command: CliCommand, context: CommandContext, flags: CommonFlags) => Promise<void>;

function createProgram(terminal: Terminal, act: Act): Command {
  const program = new Command('kubectl oauthclient')
    .description('Shows and steers the OAuth clients that oauth-registrar keeps.')
    .version(VERSION, '--version', 'Print the version of the plugin.')
    .helpOption('-h, --help', 'Print this.')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void terminal.stdout.write(text),
      writeErr: (text) => void terminal.stderr.write(text),
    })
    .exitOverride()
    .addHelpText('afterAll', `\n${exitHelp()}`);
  for (const option of COMMON) {
    program.addOption(toOption(option));
  }
  for (const command of COMMANDS) {
    addCommand(program, command, terminal, act);
  }
  return program;
}

/** What every command accepts. */
export const COMMON: readonly CommandOption[] = [
  { usage: '-n, --namespace <NAMESPACE>', about: 'Namespace. Default: that of the context.' },
  { usage: '-A, --all-namespaces', about: 'All namespaces.' },
  { usage: '-l, --selector <SELECTOR>', about: 'Only objects with these labels, such as team=shop.' },
  { usage: '-o, --output <FORMAT>', about: 'json, yaml or name.' },
  {
    usage: '--operator-namespace <NAMESPACE>',
    about: 'Namespace of the operator. Default: as status names it.',
  },
  { usage: '--context <NAME>', about: 'Context of the kubeconfig. Default: its current one.' },
  { usage: '--kubeconfig <FILE>', about: 'Path of the kubeconfig. Default: KUBECONFIG, ~/.kube/config.' },
];

function toOption({ usage, about }: CommandOption): Option {
  const option = new Option(usage, about);
  return option.name() === 'output' ? option.choices(['json', 'yaml', 'name']) : option;
}

function addCommand(program: Command, words: CliCommand, terminal: Terminal, act: Act): void {
  const command = program
    .command(words.name)
    .description([words.summary, words.details].filter(Boolean).join('.\n\n'));
  command.summary(words.summary);
  for (const { usage, about } of words.operands ?? []) {
    command.argument(usage, about);
  }
  for (const { usage, about } of words.options ?? []) {
    command.option(usage, about);
  }
  command.action(async () => {
    const common = command.optsWithGlobals<CommonFlags>();
    const print = createPrinter(terminal.stdout, terminal.stderr, common.output);
    await act(words, { operands: command.args, flags: command.opts(), print, terminal }, common);
  });
}

async function runCommand(
  command: CliCommand,
  context: CommandContext,
  flags: CommonFlags,
): Promise<CommandResult> {
  if (command.hasNoOutput === true && flags.output !== undefined) {
    return { exit: 'usage', sentence: `${command.name} prints no objects: leave -o out.` };
  }
  if (command.isOffline === true) {
    return command.run(context);
  }
  const cluster = await openCluster(flags);
  if ('sentence' in cluster) {
    return cluster;
  }
  try {
    return await command.run({ ...context, cluster });
  } finally {
    await cluster.close();
  }
}

/** Time that a command has to remove what is half done. */
const GRACE_MS = 1_000;

/**
 * The command's result, or that of the signal, once the command has returned or its time is over. A command's own sentence
 * about its interruption takes the place of that of the signal.
 */
async function untilInterrupted(
  signal: AbortSignal,
  { endsByInterrupt }: CliCommand,
  running: Promise<CommandResult>,
): Promise<CommandResult> {
  const timeIsOver = new Promise<CommandResult>((resolve) => {
    signal.addEventListener('abort', () => setTimeout(resolve, GRACE_MS, 'interrupted').unref(), {
      once: true,
    });
  });
  const result = await Promise.race([running, timeIsOver]);
  if (!signal.aborted) {
    return result;
  }
  const reason = signal.reason as CommandFailure;
  if (endsByInterrupt === true && result === 'done' && reason.exit === 'interrupted') {
    return 'done';
  }
  return typeof result !== 'string' && result.exit === 'interrupted'
    ? { ...reason, sentence: result.sentence }
    : reason;
}

/** The exit codes, as the help prints them. */
function exitHelp(): string {
  const lines = Object.values(EXITS).map(({ code, means }) => `  ${String(code).padEnd(5)}${means}`);
  return ['Exit codes:', ...lines].join('\n');
}
