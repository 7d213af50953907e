export { type ErrorBody, ScrypathExceptionFilter } from './exception-filter.js';
export { type HealthOptions, ScrypathHealthIndicator, type SearchHealth } from './health-indicator.js';
export { HTTP_STATUS } from './http-status.js';
export { InjectScrypath, InjectSearch } from './inject.js';
export type {
  RunOptions,
  ScrypathModuleAsyncOptions,
  ScrypathModuleOptions,
  ScrypathOptionsFactory,
  ScrypathRootOptions,
} from './module-options.js';
export { ScrypathModule } from './scrypath-module.js';
export { getTestScrypathToken, ScrypathTestingModule, type ScrypathTestingOptions } from './testing-module.js';
export { getBackendToken, getScrypathToken, getSearchToken, type SearchedEntity } from './tokens.js';
