export type {
  Backend,
  CallOptions,
  DocumentReader,
  HitPage,
  IndexAdmin,
  IndexInfo,
  OutcomesOptions,
  RawHit,
  StoredDocument,
} from './backend/backend.js';
export type { TaskOutcome, TaskRef, TaskStatus } from './backend/task.js';
export { type Description, describe, type EntityFacts } from './decorators/describe.js';
export { Filterable, type FilterableOptions } from './decorators/filterable.js';
export {
  type DocumentHookDecorator,
  SearchDocument,
  type SearchDocumentOptions,
} from './decorators/search-document.js';
export { Searchable, type SearchableClassDecorator, type SearchableDecorator } from './decorators/searchable.js';
export { Sortable } from './decorators/sortable.js';
export type { JsonObject, JsonPrimitive, JsonValue } from './document/json.js';
export { type DocumentKey, KEY_ATTRIBUTE, type SearchDocument as IndexedDocument } from './document/search-document.js';
export { ERROR_CODES, type ErrorCode, type ErrorFacts, ScrypathError } from './errors/scrypath-error.js';
export type { Hydrate, HydrateOptions } from './hydration/hydrate.js';
export {
  type Declaration,
  declarationOf,
  type EntityClass,
  type ExtraSettings,
  type FieldFact,
  type FieldRoles,
  type ProjectionHook,
  type SearchableOptions,
} from './metadata/declaration.js';
export type { ElementOf, FieldPath, PathValue } from './metadata/field-path.js';
export type { IndexSettings, TypoTolerance } from './metadata/index-settings.js';
export type { RecordKey } from './metadata/record-key.js';
export type { HiddenColumn, PlainColumn, SearchField, SearchMetadata } from './metadata/search-metadata.js';
export { SYNC_MODES, type SyncMode } from './metadata/sync-mode.js';
export type { ValueKind } from './metadata/value-kind.js';
export type { PreparedIndex, SettingDifference } from './operator/prepare-indexes.js';
export { CAPTURES, type Capture, type ScrypathOptions } from './options/scrypath-options.js';
export type { Comparable, FieldCondition, FieldOperators, Filter, Sort } from './query/condition.js';
export type { HighlightOptions, PageOptions, QueryOptions } from './query/search-options.js';
export type { FilterNode, FilterValue, Highlight, SearchQuery, SortField } from './query/search-query.js';
export { type Preparation, Scrypath } from './scrypath.js';
export type { JsonOf } from './search/json-of.js';
export type {
  FacetCounts,
  Formatted,
  Hit,
  HitFacts,
  ResultPage,
  SearchOptions,
  SearchResult,
} from './search/search-result.js';
export { type PrimaryKey, type Searched, SearchService, type SyncOptions } from './search-service.js';
export { LIFECYCLE, type LifecycleState } from './sync/lifecycle.js';
export type { SyncResult, SyncStatus } from './sync/sync-result.js';
export type { Logger } from './telemetry/logger.js';
export { SPAN_NAMES, type SpanContext, type SpanName } from './telemetry/span.js';
