import { declare, type FieldFact } from '../metadata/declaration.js';

/** A property decorator that records one role of the property, or of each path below it. */
export function fieldDecorator(
  role: FieldFact['role'],
  paths: readonly string[],
  {
    facet = false,
    comparison = true,
    problems = [],
  }: { readonly facet?: boolean; readonly comparison?: boolean; readonly problems?: readonly string[] } = {},
): (target: object, property?: PropertyKey) => void {
  return (target, property) =>
    declare(target, (facts) => {
      if (typeof property !== 'string' || typeof target === 'function') {
        facts.misuses.push(`@${decoratorOf(role)} stands on ${String(property ?? 'the class')}: it is for a property.`);
        return;
      }
      facts.misuses.push(...problems.map((problem) => `@${decoratorOf(role)} on ${property}: ${problem}.`));
      const below = paths.length === 0 ? [property] : paths.map((path) => `${property}.${path}`);
      facts.fields.push(...below.map((path) => ({ role, path, facet, comparison, ofHook: false })));
    });
}

const decoratorOf = (role: FieldFact['role']) => role[0]!.toUpperCase() + role.slice(1);
