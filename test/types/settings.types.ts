import { expectTypeOf } from 'expect-type';
import {
  type AppliedSettings,
  type ExtraSettings,
  Filterable,
  Searchable,
  type SearchService,
  type SettingCost,
  type SettingName,
  type SettingsPlan,
} from 'scrypath';
import type { Movie } from '../model/movie';

declare const movies: SearchService<Movie>;

expectTypeOf(movies.settingsPlan()).resolves.toEqualTypeOf<SettingsPlan>();
expectTypeOf(movies.applySettings()).resolves.toEqualTypeOf<AppliedSettings>();
expectTypeOf<SettingsPlan['cost']>().toEqualTypeOf<SettingCost | 'nothing'>();
expectTypeOf<'typoTolerance.minWordSizeForTypos.oneTypo'>().toExtend<SettingName>();
expectTypeOf<'embedders.default'>().toExtend<SettingName>();
// @ts-expect-error a family is no setting
expectTypeOf<'typoTolerance'>().toExtend<SettingName>();

Searchable<Movie>({ settings: { synonyms: [{ mutual: ['film', 'movie'] }, { from: 'tv', to: ['television'] }] } });
Searchable<Movie>({ settings: { synonyms: { film: ['movie'] }, rankingRules: { only: ['words', 'sort'] } } });
Filterable('name', { facet: true, comparison: false });

const refused: readonly ExtraSettings[] = [
  // @ts-expect-error a one-way rule says what it finds
  { synonyms: [{ from: 'tv' }] },
  // @ts-expect-error decorators say it
  { searchableAttributes: ['title'] },
  // @ts-expect-error the engine knows two
  { proximityPrecision: 'byLetter' },
  // @ts-expect-error null removes an embedder from an index; a declaration leaves it out
  { embedders: { default: null } },
];
void refused;
