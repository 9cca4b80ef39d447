import { join } from 'node:path';
import { parseSync, type Statement } from 'oxc-parser';

/** What a file declares at its top level, and what it takes from others by name. */
export interface Module {
  readonly path: string;
  readonly declared: readonly { readonly name: string; readonly isExported: boolean }[];
  /** `path#name`, also of what it passes on. */
  readonly imported: readonly string[];
}

export function moduleOf(path: string, text: string): Module {
  const { body } = parseSync(path, text).program;
  return {
    path,
    declared: body.flatMap<Module['declared'][number]>((statement) =>
      statement.type === 'ExportNamedDeclaration'
        ? namesOf(statement.declaration).map((name) => ({ name, isExported: true }))
        : namesOf(statement).map((name) => ({ name, isExported: false })),
    ),
    imported: body.flatMap((statement) => importedBy(statement, path)),
  };
}

function namesOf(statement: Statement | null): readonly string[] {
  switch (statement?.type) {
    case 'VariableDeclaration':
      return statement.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? [id.name] : []));
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return statement.id === null ? [] : [statement.id.name];
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return [statement.id.name];
    default:
      return [];
  }
}

function importedBy(statement: Statement, path: string): readonly string[] {
  const of = (source: string, name: string) => `${join(path, '..', source)}#${name}`;
  if (statement.type === 'ImportDeclaration') {
    const { source, specifiers } = statement;
    return specifiers.flatMap((one) =>
      one.type === 'ImportSpecifier' && one.imported.type === 'Identifier'
        ? [of(source.value, one.imported.name)]
        : [],
    );
  }
  if (statement.type === 'ExportNamedDeclaration' && statement.source !== null) {
    const { source, specifiers } = statement;
    return specifiers.flatMap(({ local }) =>
      local.type === 'Identifier' ? [of(source.value, local.name)] : [],
    );
  }
  return [];
}

/** Names that one file exports and another declares, too: each with its files. */
export function ambiguousNames(modules: readonly Module[]): readonly string[] {
  const all = modules.flatMap(({ path, declared }) => declared.map((one) => ({ ...one, path })));
  return [...Map.groupBy(all, ({ name }) => name)]
    .filter(([, those]) => those.some(({ isExported }) => isExported))
    .map(([name, those]) => [name, [...new Set(those.map(({ path }) => path))]] as const)
    .filter(([, files]) => files.length > 1)
    .map(([name, files]) => `${name}: ${files.join(', ')}`);
}

/** `path#name` of what is exported, and imported by none of `importers`. */
export function unusedExports(modules: readonly Module[], importers: readonly Module[]): readonly string[] {
  const imported = new Set(importers.flatMap((importer) => importer.imported));
  return modules
    .flatMap(({ path, declared }) =>
      declared.filter(({ isExported }) => isExported).map(({ name }) => `${path}#${name}`),
    )
    .filter((name) => !imported.has(name));
}
