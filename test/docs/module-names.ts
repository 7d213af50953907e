import { type ModuleItem, type Pattern, parseSync } from '@swc/core';

/** The names that a module declares or imports at its top level, and those that it exports. */
export interface ModuleNames {
  readonly declared: ReadonlySet<string>;
  /** Whether the name is a type and nothing else, by name. */
  readonly exported: ReadonlyMap<string, boolean>;
}

/** Reads names only. What does not parse has none: the compiler says what is wrong with it. */
export function namesOf(source: string): ModuleNames {
  const declared = new Set<string>();
  const exported = new Map<string, boolean>();
  for (const item of itemsOf(source)) {
    if (item.type === 'ImportDeclaration') for (const { local } of item.specifiers) declared.add(local.value);
    else if (item.type === 'ExportDeclaration') {
      for (const name of declaredBy(item.declaration)) {
        declared.add(name);
        exported.set(name, isType(item.declaration));
      }
    } else if (item.type === 'ExportNamedDeclaration') {
      for (const specifier of item.specifiers)
        if (specifier.type === 'ExportSpecifier')
          exported.set((specifier.exported ?? specifier.orig).value, item.typeOnly || specifier.isTypeOnly);
    } else for (const name of declaredBy(item)) declared.add(name);
  }
  return { declared, exported };
}

function itemsOf(source: string): readonly ModuleItem[] {
  try {
    return parseSync(source, { syntax: 'typescript', decorators: true, target: 'es2022' }).body;
  } catch {
    return [];
  }
}

const isType = ({ type }: ModuleItem): boolean =>
  type === 'TsInterfaceDeclaration' || type === 'TsTypeAliasDeclaration';

function declaredBy(item: ModuleItem): string[] {
  switch (item.type) {
    case 'ClassDeclaration':
    case 'FunctionDeclaration':
      return [item.identifier.value];
    case 'VariableDeclaration':
      return item.declarations.flatMap(({ id }) => boundBy(id));
    case 'TsInterfaceDeclaration':
    case 'TsTypeAliasDeclaration':
    case 'TsEnumDeclaration':
      return [item.id.value];
    default:
      return [];
  }
}

function boundBy(pattern: Pattern): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern.value];
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element ? boundBy(element) : []));
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) => {
        if (property.type === 'AssignmentPatternProperty') return [property.key.value];
        return boundBy(property.type === 'RestElement' ? property.argument : property.value);
      });
    case 'AssignmentPattern':
      return boundBy(pattern.left);
    case 'RestElement':
      return boundBy(pattern.argument);
    default:
      return [];
  }
}
