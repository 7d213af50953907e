export type { RequestSpan } from './connection.js';
export { EngineAnswerError } from './engine-failure.js';
export { meilisearch } from './meilisearch.js';
export { MeilisearchBackend, type WaitTaskOptions } from './meilisearch-backend.js';
export type { MeilisearchOptions, PollIntervals } from './meilisearch-options.js';
export { MEILISEARCH_SPAN_NAMES } from './span-names.js';
