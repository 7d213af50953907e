import { declare } from './declaration.js';

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
 * \@SearchDocument() toSearchDocument() { return { title: this.title, decade: Math.floor(this.year / 10) * 10 }; }
 */
export function SearchDocument(): DocumentHookDecorator {
  return (target, property) => {
    const owner = typeof target === 'function' ? target : target.constructor;
    declare(owner, (facts) => {
      if (typeof property !== 'string' || typeof target === 'function') {
        facts.misuses.push(`@SearchDocument stands on ${String(property)}: put it on an instance method.`);
      } else facts.hooks.push(property);
    });
  };
}
