import { declare, type FieldRoles, factsOf } from '../metadata/declaration.js';
import { isPlainObject, kindOf } from '../metadata/given.js';

export interface SearchDocumentOptions {
  /** Fields of the document that are no properties of the entity, and what they are for. */
  readonly fields?: Readonly<Record<string, FieldRoles>>;
}

/** A decorator for a method that returns a document. */
export type DocumentHookDecorator = <M extends () => object>(
  target: object,
  property: PropertyKey,
  descriptor: TypedPropertyDescriptor<M>,
) => void;

/**
 * The method is the entity's projection: what it returns, a plain object, is the document, instead of the declared
 * fields. It is synchronous and reads only what is loaded: name the relations it reads in `@Searchable({ relations })`.
 * It cannot change the document's key.
 * @example
 * \@SearchDocument({ fields: { decade: { filterable: { facet: true } } } })
 * toSearchDocument() { return { title: this.title, decade: Math.floor(this.year / 10) * 10 }; }
 */
export function SearchDocument(options: SearchDocumentOptions = {}): DocumentHookDecorator {
  return (target, property) =>
    declare(target, (facts) => {
      if (typeof property !== 'string' || typeof target === 'function') {
        facts.misuses.push(`@SearchDocument stands on ${String(property)}: it is for an instance method.`);
        return;
      }
      facts.hook = property;
      const problems: string[] = [];
      if (isPlainObject(options)) {
        const { fields = {}, ...unknown } = options as SearchDocumentOptions;
        facts.fields.push(...factsOf(fields, true, 'fields', problems));
        problems.push(...Object.keys(unknown).map((name) => `${name} is no option; known: fields`));
      } else problems.push(`it was given ${kindOf(options)}; it takes { fields }`);
      facts.misuses.push(...problems.map((problem) => `@SearchDocument on ${property}: ${problem}.`));
    });
}
