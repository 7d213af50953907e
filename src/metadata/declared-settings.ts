import { type ExtraSettings, rankingRulesOf, synonymsOf } from './extra-settings.js';
import { type FilterableAttribute, type FilterableRule, fieldOfRule, type IndexSettings } from './index-settings.js';
import { comparedName, type SearchField } from './search-metadata.js';

/** What is wrong with the fields that settings name, given those that are declared. */
export function settingsFieldProblems(
  settings: ExtraSettings,
  fields: readonly SearchField[],
  hooked: boolean,
): string[] {
  const { rankingRules, distinctAttribute, typoTolerance, faceting } = settings;
  const known = fields.map(({ path }) => path).join(', ') || 'none';
  const rules = rankingRules === undefined ? null : rankingRulesOf(rankingRules);
  const problems: string[] = [];
  if (rules !== null && !rules.includes('sort') && fields.some((field) => field.sortable))
    problems.push('rankingRules lacks "sort", so nothing can be sorted by; add it');
  for (const rule of rules ?? []) {
    const path = fieldOfRule(rule)?.field;
    const field = fields.find((candidate) => candidate.path === path);
    if (field?.kind === 'exact' && !field.filterable && !field.sortable)
      problems.push(`rankingRules names "${path}", whose documents have no order; declare it @Sortable`);
  }
  // A hook's documents may hold anything; others hold what is declared.
  if (hooked) return problems;
  const missing = (setting: string, path: string) =>
    `${setting} names "${path}", which no document has: it is no declared field; known: ${known}`;
  const isField = (path: string) => fields.some((field) => field.path === path);
  const hasField = (path: string) => fields.some((field) => field.path === path || field.path.startsWith(`${path}.`));
  return [
    ...problems,
    ...(rules ?? [])
      .flatMap((rule) => fieldOfRule(rule)?.field ?? [])
      .filter((path) => !isField(path))
      .map((path) => missing('rankingRules', path)),
    ...(distinctAttribute && !isField(distinctAttribute) ? [missing('distinctAttribute', distinctAttribute)] : []),
    ...(typoTolerance?.disableOnAttributes ?? [])
      .filter((path) => !hasField(path))
      .map((path) => missing('typoTolerance.disableOnAttributes', path)),
    ...Object.keys(faceting?.sortFacetValuesBy ?? {})
      .filter((path) => path !== '*' && !hasField(path))
      .map((path) => missing('faceting.sortFacetValuesBy', path)),
  ];
}

/** Everything that the index is told, in the names that documents have. */
export function declaredSettings(
  fields: readonly SearchField[],
  searchable: readonly SearchField[],
  hooked: boolean,
  extra: ExtraSettings | undefined,
): IndexSettings {
  // Only a hook's fields can be unknown here; then all of them are searched.
  const everything = searchable.length === 0 && hooked;
  return Object.freeze({
    ...(extra && inDocumentNames(extra, fields)),
    searchableAttributes: Object.freeze(everything ? ['*'] : searchable.map((field) => field.name)),
    filterableAttributes: filterableAttributes(fields),
    sortableAttributes: Object.freeze(
      fields
        .filter((field) => field.sortable)
        .map(comparedName)
        .sort(),
    ),
  });
}

function filterableAttributes(fields: readonly SearchField[]): readonly FilterableAttribute[] {
  const filterable = fields.filter((field) => field.filterable);
  const namesOf = (some: readonly SearchField[]) =>
    [...new Set(some.flatMap((field) => [field.name, comparedName(field)]))].sort();
  const rules = [true, false].flatMap((facet): FilterableRule[] => {
    const some = filterable.filter((field) => !field.comparable && field.facet === facet);
    if (some.length === 0) return [];
    // A name covers what is inside it; a pattern does not.
    const attributePatterns = namesOf(some).concat(some.filter(holdsFields).map(({ name }) => `${name}.*`));
    return [{ attributePatterns, features: { facetSearch: facet, filter: { equality: true, comparison: false } } }];
  });
  return Object.freeze([...namesOf(filterable.filter((field) => field.comparable)), ...rules]);
}

const holdsFields = ({ kind }: SearchField) => kind === 'json' || kind === 'open';

/** Settings name fields by path, as everything else of a declaration does; an index names them by place in the document. */
function inDocumentNames(
  { rankingRules, synonyms, distinctAttribute, typoTolerance, faceting, ...others }: ExtraSettings,
  fields: readonly SearchField[],
): IndexSettings {
  const at = (path: string) => fields.find((field) => field.path === path);
  const nameOf = (path: string) => at(path)?.name ?? path;
  const ruleOf = (rule: string) => {
    const field = at(fieldOfRule(rule)?.field ?? '');
    return field === undefined ? rule : `${comparedName(field)}${rule.slice(rule.lastIndexOf(':'))}`;
  };
  const { disableOnAttributes } = typoTolerance ?? {};
  const { sortFacetValuesBy } = faceting ?? {};
  return {
    ...others,
    ...(rankingRules && { rankingRules: rankingRulesOf(rankingRules).map(ruleOf) }),
    ...(synonyms && { synonyms: synonymsOf(synonyms) }),
    ...(distinctAttribute !== undefined && {
      distinctAttribute: distinctAttribute === null ? null : nameOf(distinctAttribute),
    }),
    ...(typoTolerance && {
      typoTolerance: {
        ...typoTolerance,
        ...(disableOnAttributes && { disableOnAttributes: disableOnAttributes.map(nameOf) }),
      },
    }),
    ...(faceting && {
      faceting: {
        ...faceting,
        ...(sortFacetValuesBy && {
          sortFacetValuesBy: Object.fromEntries(
            Object.entries(sortFacetValuesBy).map(([path, order]) => [nameOf(path), order]),
          ),
        }),
      },
    }),
  };
}
