import films from './recorded/films.json';
import filmsDefaults from './recorded/films-defaults.json';
import filmsDisplayed from './recorded/films-displayed.json';
import filmsDistinct from './recorded/films-distinct.json';
import filmsDistinctList from './recorded/films-distinct-list.json';
import filmsExactFields from './recorded/films-exact-fields.json';
import filmsExactWords from './recorded/films-exact-words.json';
import filmsLooseTypos from './recorded/films-loose-typos.json';
import filmsMaxTotal from './recorded/films-max-total.json';
import filmsNoTypos from './recorded/films-no-typos.json';
import filmsParentSearchable from './recorded/films-parent-searchable.json';
import filmsStopWords from './recorded/films-stop-words.json';
import filmsSynonyms from './recorded/films-synonyms.json';
import filmsWordSizes from './recorded/films-word-sizes.json';
import places from './recorded/places.json';
import placesLocal from './recorded/places-local.json';
import products from './recorded/products.json';
import ranking from './recorded/ranking.json';
import rankingBodyFirst from './recorded/ranking-body-first.json';
import rankingByRule from './recorded/ranking-by-rule.json';
import rankingFewRules from './recorded/ranking-few-rules.json';
import rankingSortFirst from './recorded/ranking-sort-first.json';
import values from './recorded/values.json';
import type { Recording } from './recording.js';

/** The recorded answers by the name of their dataset. */
export const RECORDINGS: Readonly<Record<string, Recording>> = {
  films,
  'films-defaults': filmsDefaults,
  'films-displayed': filmsDisplayed,
  'films-distinct': filmsDistinct,
  'films-distinct-list': filmsDistinctList,
  'films-exact-fields': filmsExactFields,
  'films-exact-words': filmsExactWords,
  'films-loose-typos': filmsLooseTypos,
  'films-max-total': filmsMaxTotal,
  'films-no-typos': filmsNoTypos,
  'films-parent-searchable': filmsParentSearchable,
  'films-stop-words': filmsStopWords,
  'films-synonyms': filmsSynonyms,
  'films-word-sizes': filmsWordSizes,
  places,
  'places-local': placesLocal,
  products,
  ranking,
  'ranking-body-first': rankingBodyFirst,
  'ranking-by-rule': rankingByRule,
  'ranking-few-rules': rankingFewRules,
  'ranking-sort-first': rankingSortFirst,
  values,
} as unknown as Record<string, Recording>;
