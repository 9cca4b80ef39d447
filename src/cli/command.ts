import type { ClusterAccess } from './cluster.ts';
import type { CommandFailure, EXITS } from './failure.ts';
import type { Output, Printer } from './print.ts';

/** What every command is given. */
export interface CommandContext {
  /** Arguments without a flag, in order. */
  readonly operands: readonly string[];
  /** Flags of the command itself, by camelCase name, as commander reads them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly print: Printer;
  readonly terminal: Terminal;
}

export interface ClusterContext extends CommandContext {
  readonly cluster: ClusterAccess;
}

export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * Aborts at Ctrl-C, SIGTERM and when the terminal closes, with a {@link CommandFailure} as reason: a command then removes
   * what is half done, and returns.
   */
  readonly signal: AbortSignal;
}

/** How a command ends: its exit code by name, or a failure with a sentence. */
export type CommandResult = keyof typeof EXITS | CommandFailure;

interface CommandWords {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Further lines of its help. */
  readonly details?: string;
  readonly operands?: readonly CommandOperand[];
  readonly options?: readonly CommandOption[];
  /** It prints no objects, so -o is refused. */
  readonly hasNoOutput?: true;
  /** Ctrl-C is how it ends: then its exit code is that of `done`. */
  readonly endsByInterrupt?: true;
}

interface CommandOperand {
  /** As commander writes it: `<NAME>` is required, `[NAME]` is not, `[NAME...]` are several. */
  readonly usage: string;
  readonly about: string;
  /** What completion proposes; `ByKind`: server objects as `coas/NAME` and `oas/NAME`. */
  readonly completes?: 'clients' | 'clientsAndServers' | 'clientsAndServersByKind';
}

export interface CommandOption {
  /** As commander writes it: `-f, --filename <FILE>`. */
  readonly usage: string;
  readonly about: string;
}

/** One command of the plugin; `program.ts` lists all. */
export type CliCommand =
  | (CommandWords & {
      readonly isOffline?: never;
      readonly run: (context: ClusterContext) => Promise<CommandResult>;
    })
  | (CommandWords & {
      /** It needs no cluster. */
      readonly isOffline: true;
      readonly run: (context: CommandContext) => Promise<CommandResult>;
    });
