import { basename } from 'node:path';
import type { Node } from 'oxc-parser';
import { importedFiles, nameOf, type Source } from './source.ts';

/**
 * Imports point inward: a file may import files of its own room and of rooms with a lower number.
 *
 * ```
 * oauth ◀── dialects, formats ◀── api ◀── core ◀── controller ◀── adapters ◀── main, config
 *                                          core ◀── inventory ◀──────────── cli
 *
 * in controller:  ports ◀── queue, state ◀── durable ◀── context ◀── calls ◀── server, client ◀── wake-ups, gauges ◀── controller
 * in adapters:    process ◀── kubernetes, authorization-server ◀── measured
 * ```
 * The API lists the names of dialects and formats; beside that oauth's neighbours know nothing of each other.
 */
const ROOMS: readonly (readonly [prefix: string, rank: number])[] = [
  ['oauth/', 0],
  ['dialects/', 1],
  ['formats/', 1],
  ['api/', 2],
  ['core/', 3],
  ['inventory/', 9],
  ['controller/ports.ts', 10],
  ['controller/queue/', 11],
  ['controller/state/', 11],
  ['controller/durable/', 12],
  ['controller/context.ts', 13],
  ['controller/calls/', 14],
  ['controller/server/', 15],
  ['controller/client/', 15],
  ['controller/gauges.ts', 16],
  ['controller/wake-ups.ts', 16],
  ['controller/controller.ts', 17],
  ['adapters/process/', 20],
  ['adapters/kubernetes/', 21],
  ['adapters/authorization-server/', 21],
  ['adapters/measured.ts', 22],
  // The second composition root: the kubectl plugin. Neither root knows the other.
  ['cli/', 30],
];
/** Files directly in src: the composition root of the operator and its configuration. */
const ROOT_RANK = 30;

/** No effects here: decisions, shapes and the protocol. */
const PURE = ['oauth/', 'api/', 'dialects/', 'formats/', 'core/', 'inventory/'];
/** Packages that the pure rooms may use. */
const PURE_PACKAGES = ['zod', 'node:crypto'];
/** Packages that the inventory may use, too: they make HTML of a tree of elements. */
const PAGE_PACKAGES = ['preact', 'preact-render-to-string'];

/** Everything that a file does against the rules, one sentence each. */
export function breaches(source: Source): readonly string[] {
  const isPure = PURE.some((room) => source.path.startsWith(room));
  return [
    ...new Set([...importBreaches(source), ...(isPure ? impurities(source) : []), ...styleBreaches(source)]),
  ];
}

function importBreaches(source: Source): readonly string[] {
  const own = roomOf(source.path);
  if (own === undefined) {
    return [`${source.path} has no place among the rooms`];
  }
  return importedFiles(source).flatMap((path) => {
    const other = roomOf(path);
    const isInward = other !== undefined && (other.name === own.name || other.rank < own.rank);
    return isInward ? [] : [`imports ${other?.name ?? path}`];
  });
}

function roomOf(path: string): { readonly name: string; readonly rank: number } | undefined {
  if (!path.includes('/')) {
    return { name: 'src', rank: ROOT_RANK };
  }
  const room = ROOMS.find(([prefix]) => path.startsWith(prefix));
  return room && { name: room[0].replace(/\/$/, ''), rank: room[1] };
}

function impurities({ path, imports, nodes }: Source): readonly string[] {
  const permitted = path.startsWith('inventory/') ? [...PURE_PACKAGES, ...PAGE_PACKAGES] : PURE_PACKAGES;
  const packages = imports
    .filter((name) => !name.startsWith('.') && !permitted.includes(name))
    .map((name) => `imports ${name}`);
  return [...packages, ...nodes.flatMap(effectOf)];
}

const EFFECTS: Readonly<Record<string, RegExp>> = {
  Promise: /^Promise\b/,
  'Date.now': /^Date\.now$/,
  'Math.random': /^Math\.random$/,
  'performance.now': /^performance\b/,
  'random values of crypto': /^(?:random(?:UUID|Bytes|Int)|getRandomValues)$/,
  process: /^process\b/,
  console: /^console\b/,
  'a timer': /^set(?:Timeout|Interval|Immediate)$/,
  fetch: /^fetch$/,
};

function effectOf(node: Node): readonly string[] {
  switch (node.type) {
    case 'AwaitExpression':
      return ['uses await'];
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node.async ? ['uses async'] : [];
    case 'NewExpression':
      return nameOf(node.callee) === 'Date' && node.arguments.length === 0 ? ['uses new Date()'] : [];
    case 'CallExpression':
      return nameOf(node.callee) === 'Date' ? ['uses Date()'] : [];
    default: {
      const name = nameOf(node);
      return Object.keys(EFFECTS)
        .filter((effect) => EFFECTS[effect]?.test(name))
        .map((effect) => `uses ${effect}`);
    }
  }
}

function styleBreaches({ path, nodes }: Source): readonly string[] {
  const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*\.ts$/.test(basename(path));
  return [
    ...(isKebab ? [] : ['is not named in kebab-case']),
    ...nodes.flatMap((node) => styleOf(node, path)),
  ];
}

function styleOf(node: Node, path: string): readonly string[] {
  switch (node.type) {
    case 'TSEnumDeclaration':
      return ['declares an enum'];
    case 'TSAnyKeyword':
      return ['uses any'];
    case 'ExportDefaultDeclaration':
      return ['exports a default'];
    case 'ExportSpecifier':
      return node.exported.type === 'Identifier' && node.exported.name === 'default'
        ? ['exports a default']
        : [];
    case 'MemberExpression':
      return nameOf(node) === 'process.env' && path !== 'config.ts'
        ? ["reads process.env, which is config.ts's business"]
        : [];
    default:
      return [];
  }
}

/** Whether the file unwraps a secret. */
export const reveals = ({ nodes }: Source): boolean =>
  nodes.some((node) => node.type === 'MemberExpression' && nameOf(node).endsWith('.reveal'));
