import type { Dataset } from './dataset.js';
import { filmSettings } from './datasets/film-settings.js';
import { films } from './datasets/films.js';
import { places, placesLocal } from './datasets/places.js';
import { products } from './datasets/products.js';
import { ranking, rankingBodyFirst, rankingByRule, rankingFewRules, rankingSortFirst } from './datasets/ranking.js';
import { values } from './datasets/values.js';

/** All that is searched in a run. */
export const DATASETS: readonly Dataset[] = [
  films,
  ...filmSettings,
  places,
  placesLocal,
  products,
  values,
  ranking,
  rankingBodyFirst,
  rankingSortFirst,
  rankingByRule,
  rankingFewRules,
];
