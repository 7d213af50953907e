import { completeFilterable, DEFAULT_SETTINGS, type FilterableAttribute } from '../metadata/index-settings.js';
import { type SettingName, settingValues } from './setting-values.js';

type Texts = readonly string[];
type Table<V> = Readonly<Record<string, V>>;

const setOf = (texts: Texts): Texts => [...new Set(texts)].sort();
const set = (value: unknown): unknown => (Array.isArray(value) ? setOf(value) : value);
/** A list that names `*` means everything, and is kept as that. */
const withStar = (names: Texts): Texts => (names.includes('*') ? ['*'] : [...new Set(names)]);

/** The value of a setting in a form that two values of the same meaning share; those not listed are compared as they are. */
const FORMS: Readonly<Partial<Record<SettingName, (value: never) => unknown>>> = {
  searchableAttributes: withStar,
  displayedAttributes: (names: Texts) => setOf(withStar(names)),
  filterableAttributes: filterableForm,
  sortableAttributes: set,
  stopWords: set,
  dictionary: set,
  separatorTokens: set,
  nonSeparatorTokens: set,
  'typoTolerance.disableOnAttributes': set,
  'typoTolerance.disableOnWords': (words: Texts) => setOf(words.map(folded)),
  synonyms: (synonyms: Table<Texts>) =>
    Object.fromEntries(
      Object.entries(synonyms).flatMap(([word, others]) => (others.length ? [[word, set(others)]] : [])),
    ),
  'faceting.sortFacetValuesBy': (orders: Table<string>) => ({ '*': 'alpha', ...orders }),
  localizedAttributes: (rules: Texts | null) => rules ?? [],
};

/** Which features each name has. Where names hold patterns the first that fits counts, so their order does. */
function filterableForm(attributes: readonly FilterableAttribute[]): unknown {
  const features = new Map<string, unknown>();
  for (const attribute of attributes.flatMap(completeFilterable)) {
    if (typeof attribute === 'string') features.set(attribute, features.get(attribute) ?? 'all');
    else for (const name of attribute.attributePatterns) features.set(name, features.get(name) ?? attribute.features);
  }
  const entries = [...features];
  return entries.some(([name]) => name.includes('*')) ? entries : Object.fromEntries(entries);
}

/** The engine keeps these words as it compares words: without case and accents. */
const folded = (word: string) => word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

const formOf = (setting: SettingName, value: unknown): unknown => {
  const form = FORMS[setting];
  return form === undefined || (value ?? null) === null ? value : form(value as never);
};

/** Whether an index that has the one has the other as well. */
export function sameSetting(setting: SettingName, wanted: unknown, live: unknown): boolean {
  return setting.startsWith('embedders.') && wanted !== null
    ? holdsEmbedder(live, wanted)
    : textOf(formOf(setting, wanted)) === textOf(formOf(setting, live));
}

/** Whether two lists name the same, in whatever order. */
export const sameSet = (left: Texts = [], right: Texts = []): boolean =>
  textOf(setOf(withStar(left))) === textOf(setOf(withStar(right)));

/** Whether a live embedder has every member of the wanted one; the engine fills in the others. */
function holdsEmbedder(live: unknown, wanted: unknown): boolean {
  if (!isTable(wanted)) return textOf(live) === textOf(wanted);
  if (!isTable(live)) return false;
  return Object.entries(wanted).every(
    ([name, value]) =>
      value === undefined || (name === 'apiKey' ? mayBeKey(live[name], value) : holdsEmbedder(live[name], value)),
  );
}

/** The engine shows the beginning of a key, and covers the rest. */
const mayBeKey = (shown: unknown, key: unknown) =>
  typeof shown === 'string' && typeof key === 'string' && key.startsWith(shown.replace(/X+\.\.\.$/, ''));

const isTable = (value: unknown): value is Table<unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON in which the order of members does not show. */
const textOf = (value: unknown): string =>
  JSON.stringify(value ?? null, (_name, member: unknown) =>
    isTable(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  );

const DEFAULTS = settingValues(DEFAULT_SETTINGS);
/** The default before engines knew `attributeRank` and `wordPosition`. */
const OLDER_RULES: Texts = ['words', 'typo', 'proximity', 'attribute', 'sort', 'exactness'];

/** What an index has of a setting that nobody made; null for an embedder, and for settings that this package does not know. */
export const defaultOf = (setting: SettingName): unknown => DEFAULTS.get(setting) ?? null;

/** Whether the value is what an index has by itself. An empty value of an unknown setting counts as that. */
export function isDefault(setting: SettingName, value: unknown): boolean {
  if (setting === 'rankingRules' && textOf(value) === textOf(OLDER_RULES)) return true;
  if (!DEFAULTS.has(setting)) return (value ?? null) === null || textOf(value) === '[]' || textOf(value) === '{}';
  return sameSetting(setting, defaultOf(setting), value);
}

/** The value as a report may show it: without keys, and without what headers say. */
export function shown(setting: SettingName, value: unknown): unknown {
  return setting.startsWith('embedders.') ? withoutSecrets(value) : value;
}

const HIDDEN = '(hidden)';

function withoutSecrets(value: unknown): unknown {
  if (!isTable(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name === 'apiKey') return [name, HIDDEN];
      if (name === 'headers' && isTable(member))
        return [name, Object.fromEntries(Object.keys(member).map((header) => [header, HIDDEN]))];
      return [name, withoutSecrets(member)];
    }),
  );
}

/** Whether a value read from an engine is not the whole value, so that it cannot be given to another index. */
export const isCovered = (setting: SettingName, value: unknown): boolean =>
  setting.startsWith('embedders.') && hasKey(value);

const hasKey = (value: unknown): boolean =>
  isTable(value) && (('apiKey' in value && (value.apiKey ?? null) !== null) || Object.values(value).some(hasKey));
