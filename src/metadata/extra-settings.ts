import { isPlainObject, kindOf } from './given.js';
import {
  DEFAULT_RANKING_RULES,
  EMBEDDER_SOURCES,
  type Embedder,
  fieldOfRule,
  type IndexSettings,
  RANKING_RULES,
} from './index-settings.js';
import {
  countFrom,
  flag,
  isText,
  isTexts,
  memberProblems,
  object,
  oneOf,
  orNull,
  type Shape,
  text,
  texts,
} from './shape.js';

/** Index settings that no decorator implies. What is absent is not managed: it keeps what the index has. */
export interface ExtraSettings
  extends Omit<
    IndexSettings,
    | 'searchableAttributes'
    | 'filterableAttributes'
    | 'sortableAttributes'
    | 'displayedAttributes'
    | 'rankingRules'
    | 'synonyms'
    | 'embedders'
  > {
  /**
   * How matches are ranked, most important first: the default rules, in any order, and `<field>:asc` or `<field>:desc`
   * anywhere between them. A list without one of the default rules is refused; `{ only: [...] }` means to do without.
   */
  readonly rankingRules?: readonly string[] | { readonly only: readonly string[] };
  /** Rules, or the engine's own form, where each word finds others and is not found by them. */
  readonly synonyms?: readonly SynonymRule[] | Readonly<Record<string, readonly string[]>>;
  readonly embedders?: Readonly<Record<string, Embedder>>;
}

/** Words that all find each other, or one that finds others without being found by them. */
export type SynonymRule =
  | { readonly mutual: readonly string[] }
  | { readonly from: string; readonly to: readonly string[] };

const SETTINGS: Readonly<Record<keyof ExtraSettings, Shape>> = {
  rankingRules: {
    is: 'a list of texts or { only: a list of texts }',
    holds: (value) => isTexts(value) || (isPlainObject(value) && isTexts(value.only)),
  },
  stopWords: texts,
  synonyms: {
    is: 'an object of lists of texts, or a list of { mutual } and { from, to }',
    holds: (value) =>
      (isPlainObject(value) && Object.values(value).every(isTexts)) ||
      (Array.isArray(value) && value.every(isPlainObject)),
  },
  distinctAttribute: orNull({ is: 'a field', holds: isText }),
  typoTolerance: object,
  faceting: object,
  pagination: object,
  proximityPrecision: oneOf(['byWord', 'byAttribute']),
  dictionary: texts,
  separatorTokens: texts,
  nonSeparatorTokens: texts,
  localizedAttributes: orNull({
    is: 'a list of { attributePatterns, locales }',
    holds: (value) => Array.isArray(value) && value.every(isPlainObject),
  }),
  embedders: {
    is: 'an object of embedders',
    holds: (value) => isPlainObject(value) && Object.values(value).every(isPlainObject),
  },
  searchCutoffMs: orNull(countFrom(1)),
  prefixSearch: oneOf(['indexingTime', 'disabled']),
  facetSearch: flag,
};
const size: Shape = {
  is: 'a whole number up to 255',
  holds: (value) => countFrom(0).holds(value) && (value as number) <= 255,
};
const PARTS: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  typoTolerance: {
    enabled: flag,
    minWordSizeForTypos: object,
    disableOnWords: texts,
    disableOnAttributes: texts,
    disableOnNumbers: flag,
  },
  'typoTolerance.minWordSizeForTypos': { oneTypo: size, twoTypos: size },
  faceting: {
    maxValuesPerFacet: countFrom(0),
    sortFacetValuesBy: {
      is: 'an object of "alpha" and "count"',
      holds: (value) => isPlainObject(value) && Object.values(value).every(oneOf(['alpha', 'count']).holds),
    },
  },
  pagination: { maxTotalHits: countFrom(1) },
};

/** What is wrong with declared settings, as far as it shows without the entity's fields. */
export function settingsProblems(settings: Readonly<Record<string, unknown>>): string[] {
  const problems = memberProblems(settings, SETTINGS, 'settings.');
  for (const [path, shapes] of Object.entries(PARTS)) {
    const part = path.split('.').reduce<unknown>((at, name) => (isPlainObject(at) ? at[name] : undefined), settings);
    if (isPlainObject(part)) problems.push(...memberProblems(part, shapes, `settings.${path}.`));
  }
  // What is no such thing at all cannot be looked into.
  if (problems.length > 0) return problems;
  const { rankingRules, synonyms, localizedAttributes, embedders, typoTolerance } = settings as ExtraSettings;
  return [
    ...(rankingRules === undefined ? [] : ruleProblems(rankingRules)),
    ...(Array.isArray(synonyms) ? synonyms.flatMap(synonymProblems) : []),
    ...(localizedAttributes ?? []).flatMap(localeProblems),
    ...Object.entries(embedders ?? {}).flatMap(embedderProblems),
    ...sizeProblems(typoTolerance?.minWordSizeForTypos ?? {}),
  ];
}

function ruleProblems(given: NonNullable<ExtraSettings['rankingRules']>): string[] {
  const at = 'settings.rankingRules';
  const rules = rankingRulesOf(given);
  const unknown = rules.filter(
    (rule) => fieldOfRule(rule) === null && !(RANKING_RULES as readonly string[]).includes(rule),
  );
  const twice = rules.filter((rule, place) => rules.indexOf(rule) !== place);
  const problems = [
    ...unknown.map(
      (rule) => `${at} has "${rule}", which is no rule; known: ${RANKING_RULES.join(', ')}, <field>:asc, <field>:desc`,
    ),
    ...[...new Set(twice)].map((rule) => `${at} has "${rule}" twice`),
  ];
  if (!isTexts(given)) return [...problems, ...memberProblems(given, { only: texts }, `${at}.`)];
  const has = (rule: string) =>
    rules.includes(rule) || (['attributeRank', 'wordPosition'].includes(rule) && rules.includes('attribute'));
  const missing = DEFAULT_RANKING_RULES.filter((rule) => !has(rule));
  if (missing.length > 0)
    problems.push(
      `${at} leaves out ${missing.map((rule) => `"${rule}"`).join(', ')}; add what is missing, or write { only: [...] } to do without it`,
    );
  return problems;
}

function synonymProblems(rule: Readonly<Record<string, unknown>>, place: number): string[] {
  const at = `settings.synonyms[${place}]`;
  if ('mutual' in rule) {
    const problems = memberProblems(rule, { mutual: texts }, `${at}.`);
    if (problems.length > 0) return problems;
    const words = rule.mutual as readonly string[];
    if (words.some(isBlank)) return [`${at}.mutual has an empty word`];
    return new Set(words).size < 2 ? [`${at}.mutual needs two different words at least`] : [];
  }
  if (!('from' in rule && 'to' in rule))
    return [`${at} has ${Object.keys(rule).join(', ') || 'no member'}; it takes { mutual } or { from, to }`];
  const problems = memberProblems(rule, { from: text, to: texts }, `${at}.`);
  if (problems.length > 0) return problems;
  const { from, to } = rule as { readonly from: string; readonly to: readonly string[] };
  if (isBlank(from) || to.some(isBlank)) return [`${at} has an empty word`];
  if (to.length === 0) return [`${at}.to is empty; name the words that "${from}" finds`];
  return to.includes(from) ? [`${at}: "${from}" finds itself anyway; leave it out of "to"`] : [];
}

const isBlank = (word: string) => word.trim() === '';

function localeProblems(rule: object, place: number): string[] {
  const at = `settings.localizedAttributes[${place}]`;
  const { attributePatterns, locales, ...unknown } = rule as Record<string, unknown>;
  const problems = Object.keys(unknown).map((name) => `${at}.${name} is no option; known: attributePatterns, locales`);
  for (const [name, value] of Object.entries({ attributePatterns, locales }))
    if (!isTexts(value)) problems.push(`${at}.${name} is ${kindOf(value)}; it takes ${texts.is}`);
  // The engine takes codes of two letters too, and gives back those of three.
  if (isTexts(locales))
    problems.push(
      ...locales
        .filter((locale) => !/^[a-z]{3}$/.test(locale))
        .map((locale) => `${at}.locales has "${locale}"; it takes ISO 639-3 codes, of three letters: "eng", "jpn"`),
    );
  return problems;
}

const embedderProblems = ([name, { source }]: readonly [string, Readonly<Record<string, unknown>>]): string[] =>
  oneOf(EMBEDDER_SOURCES).holds(source)
    ? []
    : [`settings.embedders.${name}.source is ${kindOf(source)}; it takes ${oneOf(EMBEDDER_SOURCES).is}`];

const sizeProblems = ({
  oneTypo = 5,
  twoTypos = 9,
}: {
  readonly oneTypo?: number;
  readonly twoTypos?: number;
}): string[] =>
  oneTypo > twoTypos
    ? [`settings.typoTolerance.minWordSizeForTypos has oneTypo ${oneTypo} above twoTypos ${twoTypos}`]
    : [];

export const rankingRulesOf = (given: NonNullable<ExtraSettings['rankingRules']>): readonly string[] =>
  'only' in given ? given.only : given;

/** Synonyms as an engine takes them: what each word finds besides itself. */
export function synonymsOf(given: NonNullable<ExtraSettings['synonyms']>): Readonly<Record<string, readonly string[]>> {
  if (!isRules(given)) return given;
  const found = new Map<string, Set<string>>();
  const add = (word: string, others: readonly string[]) => {
    const known = found.get(word) ?? new Set();
    for (const other of others) if (other !== word) known.add(other);
    found.set(word, known);
  };
  for (const rule of given) {
    if ('mutual' in rule) for (const word of rule.mutual) add(word, rule.mutual);
    else add(rule.from, rule.to);
  }
  return Object.fromEntries([...found].map(([word, others]) => [word, [...others]]));
}

const isRules = (given: NonNullable<ExtraSettings['synonyms']>): given is readonly SynonymRule[] =>
  Array.isArray(given);
