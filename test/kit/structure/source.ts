import { join } from 'node:path';
import { type Node, parseSync, visitorKeys } from 'oxc-parser';

/** A TypeScript file, parsed. */
export interface Source {
  /** From src, like `core/plan.ts`. */
  readonly path: string;
  /** What it imports or exports from, as written; types and dynamic imports included. */
  readonly imports: readonly string[];
  /** Every node, but for names of members and properties: they name nothing of this file. */
  readonly nodes: readonly Node[];
}

export function sourceOf(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) {
    throw new Error(`${path}: ${errors[0]?.message}`);
  }
  const nodes = [...nodesOf(program)];
  return { path, imports: nodes.flatMap(importedBy), nodes };
}

/** Of its imports, the files of src; a path from src each. */
export const importedFiles = ({ path, imports }: Source): readonly string[] =>
  imports.filter((specifier) => specifier.startsWith('.')).map((specifier) => join(path, '..', specifier));

function importedBy(node: Node): readonly string[] {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
      return [node.source.value];
    case 'ExportNamedDeclaration':
      return node.source === null ? [] : [node.source.value];
    case 'ImportExpression':
    case 'TSImportType':
      return node.source.type === 'Literal' ? [String(node.source.value)] : [];
    default:
      return [];
  }
}

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const key of visitorKeys[node.type] ?? []) {
    if (!isMemberName(node, key)) {
      const children: unknown = node[key as keyof Node];
      for (const child of Array.isArray(children) ? children : [children]) {
        if (isNode(child)) {
          yield* nodesOf(child);
        }
      }
    }
  }
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const isMemberName = (node: Node, key: string): boolean =>
  (key === 'property' || key === 'key') && 'computed' in node && !node.computed;

/** The name that is called or read: `Date.now`, `process.env`, `fetch`. */
export function nameOf(node: Node): string {
  switch (node.type) {
    case 'Identifier':
      return node.name;
    case 'MemberExpression':
      return `${nameOf(node.object)}.${memberOf(node)}`;
    default:
      return '';
  }
}

function memberOf(node: Extract<Node, { type: 'MemberExpression' }>): string {
  const { property } = node;
  if (property.type === 'Literal') {
    return String(property.value);
  }
  return property.type === 'Identifier' && !node.computed ? property.name : '';
}
