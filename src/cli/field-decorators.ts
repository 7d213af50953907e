/** As much of Babel as the plugin needs. */
interface Babel {
  readonly types: {
    arrayExpression(elements: readonly unknown[]): unknown;
    staticBlock(body: readonly unknown[]): unknown;
    stringLiteral(value: string): unknown;
  };
  readonly template: { statement(code: string): (parts: Readonly<Record<string, unknown>>) => unknown };
}

interface Field {
  readonly type: string;
  readonly computed?: boolean;
  readonly static?: boolean;
  readonly key: { readonly name?: string; readonly value?: string };
  definite?: boolean | null;
  decorators?: readonly { readonly expression: unknown }[] | null;
}

interface ClassPath {
  readonly node: { readonly body: { readonly body: unknown[] } };
}

/**
 * A Babel plugin that runs the decorators of fields in a static block of their class, as TypeScript does: with the prototype
 * and the name, before those of the class. Babel's own plugin needs another one for that, which is not among those that jiti
 * brings: without it the first instance of an entity throws. It also refuses `title!: string`.
 */
export function fieldDecorators({ types, template }: Babel) {
  const ofInstance = template.statement(
    'for (const decorate of DECORATORS.reverse()) decorate(this.prototype, KEY, void 0);',
  );
  const ofClass = template.statement('for (const decorate of DECORATORS.reverse()) decorate(this, KEY, void 0);');
  const decorated = (field: Field) =>
    (field.static ? ofClass : ofInstance)({
      DECORATORS: types.arrayExpression(field.decorators!.map(({ expression }) => expression)),
      KEY: types.stringLiteral(field.key.name ?? String(field.key.value)),
    });
  return {
    visitor: {
      // On entering the program, behind the plugin that adds `design:type`, and before any class is looked at.
      Program(program: { traverse(visitor: { Class(path: ClassPath): void }): void }) {
        program.traverse({
          Class({ node: { body } }) {
            const fields = (body.body as Field[]).filter(
              ({ type, computed, decorators }) =>
                type === 'ClassProperty' && !computed && (decorators?.length ?? 0) > 0,
            );
            if (fields.length === 0) return;
            body.body.push(types.staticBlock(fields.map(decorated)));
            for (const field of fields) {
              field.decorators = null;
              field.definite = null;
            }
          },
        });
      },
    },
  };
}
