import { parseArgs } from 'node:util';

/**
 * The command line of a script of package.json. Every script answers `--help`. If it does not know an argument, it
 * says so in one sentence and exits with code 2 before it starts anything.
 */
export interface Script<Name extends string = string> {
  /** Name in package.json, such as `test:chaos`. */
  readonly name: string;
  /** What it does, what it needs, and how long it takes. Lines of at most 110 characters. */
  readonly about: string;
  readonly flags?: Readonly<Record<Name, Flag>>;
  /** Arguments without a flag. Absent: there are none. */
  readonly operands?: Operands;
  /** Environment variable → what it does. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The program that does the work: it gets everything after a further `--`, unchecked. */
  readonly program?: string;
}

export interface Flag {
  /** Name of the value in the usage. Absent: the flag takes none. */
  readonly value?: string;
  /** Whether the value must be a whole number, 0 or more. */
  readonly isCount?: true;
  /** One letter that stands for the flag. */
  readonly short?: string;
  readonly about: string;
  /** Whether the flag goes to `program` as it is. */
  readonly isPassedOn?: true;
}

export interface Operands {
  readonly called: string;
  readonly about: string;
}

export interface Arguments<Name extends string = string> {
  /** Flag → its value; `true` for a flag that takes none. If a flag is repeated, the last one counts. */
  readonly values: Readonly<Partial<Record<Name, string | true>>>;
  /**
   * For `program`: operands, everything after a further `--`, then flags. Flags come last, so that no operand becomes
   * a value.
   */
  readonly passedOn: readonly string[];
}

export type Problem = { readonly problem: string };

const HELP: Flag = { about: 'Print this.' };
const INDENT = 2;
const WIDTH = 118;

/** Pure. Returns `help` if the arguments ask for it, or one sentence that says what is wrong. */
export function readArguments<Name extends string>(
  script: Script<Name>,
  args: readonly string[],
): Arguments<Name> | 'help' | Problem {
  const flags: Readonly<Record<string, Flag>> = { ...script.flags, help: HELP };
  const end = args.indexOf('--');
  const [own, further] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
  const { tokens } = parseArgs({ args: [...own], options: toOptions(flags), strict: false, tokens: true });
  const values: Record<string, string | true> = {};
  const operands: string[] = [];
  const passedOn: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (script.operands === undefined) {
        return { problem: `There is no argument "${token.value}".` };
      }
      operands.push(token.value);
    }
    if (token.kind !== 'option') {
      continue;
    }
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (flag === undefined) {
      return { problem: `There is no flag ${token.rawName}.` };
    }
    const problem = problemOf(flag, token);
    if (problem !== undefined) {
      return { problem: `${token.rawName} ${problem}.` };
    }
    values[token.name] = token.value ?? true;
    if (flag.isPassedOn) {
      passedOn.push(`--${token.name}${token.value === undefined ? '' : `=${token.value}`}`);
    }
  }
  if (values['help'] === true) {
    return 'help';
  }
  if (further.length > 0 && script.program === undefined) {
    return { problem: `There is no argument "${further[0]}".` };
  }
  return { values: values as Arguments<Name>['values'], passedOn: [...operands, ...further, ...passedOn] };
}

/** What `--help` prints. */
export function usageOf({ name, about, flags, operands, environment, program }: Script): string {
  const call = name === 'test' ? 'npm test' : `npm run ${name}`;
  const parts = [
    '[flags]',
    ...(operands ? [`[${operands.called} ...]`] : []),
    ...(program ? ['[-- more]'] : []),
  ];
  const rows = Object.entries({ ...flags, help: HELP }).map(([flag, { value, short, about: text }]) => [
    `${short === undefined ? '' : `-${short}, `}--${flag}${value === undefined ? '' : ` ${value}`}`,
    text,
  ]);
  if (operands !== undefined) {
    rows.push([operands.called, operands.about]);
  }
  if (program !== undefined) {
    rows.push(['-- more', `What follows a further -- goes to ${program} as it is.`]);
  }
  const variables = Object.entries(environment ?? {});
  return [
    `Usage: ${call} -- ${parts.join(' ')}`,
    about,
    toTable(rows),
    ...(variables.length === 0 ? [] : [`Environment:\n${toTable(variables)}`]),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

/** Reads this process's arguments. Ends the process after `--help` (0) or a sentence about what is wrong (2). */
export function argumentsOf<Name extends string>(script: Script<Name>): Arguments<Name> {
  const given = readArguments(script, process.argv.slice(2));
  if (given === 'help') {
    process.stdout.write(usageOf(script));
    process.exit(0);
  }
  return 'problem' in given ? refuse(script, given) : given;
}

/** Prints the sentence and ends the process with 2. */
export function refuse({ name }: Script, { problem }: Problem): never {
  process.stderr.write(`${problem} See npm run ${name} -- --help\n`);
  process.exit(2);
}

/** A flag's value as a number, if the flag is given. `readArguments` has checked it. */
export const countOf = (value: string | true | undefined): number | undefined =>
  typeof value === 'string' ? Number(value) : undefined;

interface OptionToken {
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function problemOf(flag: Flag, { value, inlineValue }: OptionToken): string | undefined {
  if (flag.value === undefined) {
    return value === undefined ? undefined : 'takes no value';
  }
  // Otherwise a forgotten value would take the next flag.
  if (value === undefined || (!inlineValue && value.startsWith('-'))) {
    return `needs ${flag.value}`;
  }
  return flag.isCount && !/^\d{1,15}$/.test(value) ? `needs a whole number, not "${value}"` : undefined;
}

const toOptions = (flags: Readonly<Record<string, Flag>>) =>
  Object.fromEntries(
    Object.entries(flags).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? 'boolean' : 'string',
        ...(short === undefined ? {} : { short }),
      } as const,
    ]),
  );

/** Two columns; the second is wrapped. */
function toTable(rows: readonly (readonly string[])[]): string {
  const left = Math.max(...rows.map(([first = '']) => first.length)) + INDENT;
  const room = WIDTH - INDENT - left;
  return rows
    .flatMap(([first = '', second = '']) =>
      wrap(second, room).map((line, index) => {
        const start = index === 0 ? first : '';
        return `${' '.repeat(INDENT)}${start.padEnd(left)}${line}`;
      }),
    )
    .join('\n');
}

function wrap(text: string, width: number): readonly string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
  }
  return lines;
}
