export type { IndexSettings, TypoTolerance } from '../metadata/index-settings.js';
