import { CONDITION_TYPES } from '../../../src/api/condition-types.ts';
import { ANNOTATIONS, FINALIZER, LABELS } from '../../../src/api/names.ts';
import { hasField, KINDS, type Kind, unknownIn } from './api-schemas.ts';

/**
 * What a kubectl command of a page names, and which of these names do not exist. kubectl itself prints an empty
 * column for a label that nothing has.
 */

/** Of the guard in `deploy/base`, on what may be deleted. */
const ALLOW_DELETION = 'oauth-registrar.dev/allow-deletion';

const LABEL_KEYS: readonly string[] = Object.values(LABELS);
const ANNOTATION_KEYS: readonly string[] = [...Object.values(ANNOTATIONS), ALLOW_DELETION];

/** Every key of ours that an object may have as a label, annotation or finalizer. */
export const KNOWN_KEYS: readonly string[] = [
  ...LABEL_KEYS,
  ...ANNOTATION_KEYS,
  FINALIZER,
  'oauth-registrar.dev/guard',
];

/** Flags of kubectl whose value is the next word. */
const WITH_VALUE = ['-n', '--namespace', '-l', '-L', '-o', '-p', '-f', '-k', '-c'];

/** Verbs that have a second word, like `rollout restart`. */
const TWO_WORDS = ['rollout', 'auth'];

const KEY = /oauth-registrar\.dev\/[a-z-]+/g;

const keysIn = (text: string): readonly string[] => text.match(KEY) ?? [];

/** Words of a command, with the value of a flag beside its name. */
interface Parsed {
  readonly operands: readonly string[];
  readonly flags: readonly { readonly name: string; readonly value: string }[];
}

function parse(words: readonly string[]): Parsed {
  const operands: string[] = [];
  const flags: { name: string; value: string }[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (WITH_VALUE.includes(word)) {
      flags.push({ name: word, value: words[at + 1] ?? '' });
      at += 1;
    } else if (word.startsWith('-')) {
      const [name = '', ...value] = word.split('=');
      flags.push({ name, value: value.join('=') });
    } else {
      operands.push(word);
    }
  }
  return { operands, flags };
}

/** Our kind that a command is about, whichever of its names it uses. */
function kindOf(operands: readonly string[]): Kind | undefined {
  const words = operands.flatMap((operand) => operand.split(/[/,.](?!registrar)/));
  return KINDS.find(({ names }) => words.some((word) => names.includes(word)));
}

function misnamedKeys({ operands: [verb, ...rest], flags }: Parsed): readonly string[] {
  const keysOf = (...names: readonly string[]) =>
    flags.flatMap(({ name, value }) => (names.includes(name) ? keysIn(value) : []));
  const set = rest.flatMap(keysIn);
  const output = keysOf('-o').length > 0 || flags.some(({ name }) => name === '-o');
  const labels = [...keysOf('-l', '--selector', '-L', '--label-columns'), ...(verb === 'label' ? set : [])];
  const printed = output ? flags.map(({ value }) => value.replaceAll('\\.', '.')).join(' ') : '';
  const printedAs = (part: string) =>
    [...printed.matchAll(new RegExp(`\\.metadata\\.${part}\\.(oauth-registrar\\.dev/[a-z-]+)`, 'g'))].map(
      ([, key = '']) => key,
    );
  return [
    ...[...labels, ...printedAs('labels')]
      .filter((key) => !LABEL_KEYS.includes(key))
      .map((key) => `${key} is no label`),
    ...[...(verb === 'annotate' ? set : []), ...printedAs('annotations')]
      .filter((key) => !ANNOTATION_KEYS.includes(key))
      .map((key) => `${key} is no annotation`),
  ];
}

function missingFields({ operands, flags }: Parsed): readonly string[] {
  const kind = kindOf(operands);
  if (kind === undefined) {
    return [];
  }
  return flags.flatMap(({ name, value }) => {
    if (name === '-p') {
      const { metadata: _, ...patch } = JSON.parse(value) as Record<string, unknown>;
      return unknownIn(kind.schema, patch).map((path) => `${kind.kind} has no ${path}`);
    }
    return [...value.matchAll(/\.((?:spec|status)(?:\.[A-Za-z]+|\[[^\]]*\])*)/g)]
      .map(([, path = '']) => path.replace(/\[[^\]]*\]/g, ''))
      .filter((path) => !hasField(kind.schema, path.split('.')))
      .map((path) => `${kind.kind} has no ${path}`);
  });
}

const missingConditions = ({ flags }: Parsed): readonly string[] =>
  flags
    .filter(({ name }) => name === '--for')
    .flatMap(({ value }) => /^condition=(\w+)/.exec(value)?.slice(1) ?? [])
    .filter((type) => !Object.hasOwn(CONDITION_TYPES, type))
    .map((type) => `${type} is no condition`);

/**
 * What a command names that does not exist: labels and annotations of ours (one in place of the other, too), fields,
 * conditions. Empty for a command of another program.
 *
 * @param words of the command, as `commandsIn` gives them
 */
export function problemsOf(words: readonly string[]): readonly string[] {
  const [program, ...rest] = words;
  if (program !== 'kubectl') {
    return [];
  }
  const parsed = parse(rest);
  return [...misnamedKeys(parsed), ...missingFields(parsed), ...missingConditions(parsed)];
}

/** Verb and first operand of a command; `undefined` if the text only mentions `kubectl` or one of its verbs. */
export function verbOf(
  words: readonly string[],
): { readonly verb: string; readonly hasObject: boolean } | undefined {
  const { operands, flags } = parse(words.slice(1));
  const [verb, ...others] = operands;
  const rest = TWO_WORDS.includes(verb ?? '') ? others.slice(1) : others;
  const isWhole = rest.length > 0 || flags.some(({ name }) => ['-f', '-k'].includes(name));
  return words[0] === 'kubectl' && verb !== undefined ? { verb, hasObject: isWhole } : undefined;
}
