export type {
  Backend,
  CallOptions,
  DocumentReader,
  EngineExamination,
  HitPage,
  IndexAdmin,
  IndexInfo,
  OutcomesOptions,
  RawHit,
  StoredDocument,
  WriteOptions,
} from './backend/backend.js';
export type { FailedTask, TaskError, TaskOutcome, TaskRef, TaskStatus } from './backend/task.js';
export type { TaskWaitSpan } from './backend/task-wait.js';
export {
  type BackfillFailure,
  type BackfillProgress,
  type BackfillReport,
  backfillReportOf,
  type FailedPage as FailedBackfillPage,
} from './backfill/report.js';
export type { DirtyRows } from './capture/mark-dirty.js';
export { UNRESOLVED_STATEMENTS, type UnresolvedStatement, type UnresolvedWrite } from './capture/unresolved.js';
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
export type { BackfillOptions, FilledIndex } from './fill-index.js';
export type { Hydrate, HydrateOptions } from './hydration/hydrate.js';
export { CONTRACT_PARTS, type ContractPart } from './metadata/contract.js';
export {
  type Declaration,
  declarationOf,
  type EntityClass,
  type FieldFact,
  type FieldRoles,
  type ProjectionHook,
  type SearchableOptions,
} from './metadata/declaration.js';
export type { ExtraSettings, SynonymRule } from './metadata/extra-settings.js';
export type { FanOutHook, FanOutKeys, FanOutOptions } from './metadata/fan-out-hook.js';
export type { ElementOf, FieldPath, PathValue } from './metadata/field-path.js';
export type {
  Embedder,
  Faceting,
  FilterableAttribute,
  FilterableRule,
  IndexSettings,
  LocalizedAttributes,
  TypoTolerance,
} from './metadata/index-settings.js';
export type { PrimaryKey } from './metadata/primary-key.js';
export type { RecordKey } from './metadata/record-key.js';
export type { HiddenColumn, PlainColumn, SearchField, SearchMetadata } from './metadata/search-metadata.js';
export { SYNC_MODES, type SyncMode } from './metadata/sync-mode.js';
export type { ValueKind } from './metadata/value-kind.js';
export type { Applied } from './operator/apply-action.js';
export type { DoctorReport } from './operator/doctor.js';
export type { DriftOptions } from './operator/drift.js';
export {
  type ContentDrift,
  type ContractDrift,
  type CountDrift,
  DRIFT_KINDS,
  type DriftKind,
  type DriftReport,
  type DriftSignal,
} from './operator/drift-report.js';
export type { EngineFailure } from './operator/engine-failures.js';
export { CHECKS, type Check, type Finding } from './operator/finding.js';
export type { Observed } from './operator/observed.js';
export type { PreparedIndex } from './operator/prepare-indexes.js';
export type { RebuildVisibility } from './operator/rebuild-visibility.js';
export { ACTION_KINDS, type ActionKind, type RecommendedAction } from './operator/recommended-actions.js';
export type { ReconcileOptions, Reconciliation } from './operator/reconcile.js';
export type { Repairable, RepairOptions, RepairReport } from './operator/repair.js';
export type {
  EntityStatus,
  InstanceStatus,
  LookOptions,
  ServiceStatus,
  Status,
  StatusOptions,
} from './operator/status.js';
export type { Backlog, BacklogState, WorkerSeen } from './operator/work-facts.js';
export type { InstanceOutboxOptions } from './options/outbox-options.js';
export { CAPTURES, type Capture, type ScrypathOptions } from './options/scrypath-options.js';
export { attachOutbox, type OutboxOptions } from './outbox/attach.js';
export { ensureOutbox, outboxMigration } from './outbox/install.js';
export type { Cause, DirtyKey } from './outbox/outbox-row.js';
export type { Comparable, FieldCondition, FieldOperators, Filter, Sort } from './query/condition.js';
export type { HighlightOptions, PageOptions, QueryOptions } from './query/search-options.js';
export type { FilterNode, FilterValue, Highlight, SearchQuery, SortField } from './query/search-query.js';
export type { RetryOptions } from './queue/retry-policy.js';
export type {
  ConsumeOptions,
  Consumer,
  EnqueueOptions,
  FailedJob,
  FailedJobs,
  FailedPage,
  KeyHandler,
  QueueStats,
  StopOptions,
  WorkQueue,
} from './queue/work-queue.js';
export { REBUILD_STEPS, type RebuildAudit, type RebuildProgress, type RebuildStep } from './reindex/audit.js';
export { Rebuild } from './reindex/rebuild.js';
export type { ReindexOptions, RunOptions as RebuildRunOptions } from './reindex/reindex-options.js';
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
export {
  type Marked,
  type MarkOptions,
  type Searched,
  SearchService,
  type ServiceVerifyOptions,
  type SyncOptions,
  type WaitOptions,
} from './search-service.js';
export type {
  AppliedSettings,
  ApplySettingsOptions,
  PlannedChange,
  SettingDifference,
  SettingsPlan,
  SettingsPlanOptions,
} from './settings/index-settings-plan.js';
export type { Cost as SettingCost } from './settings/setting-cost.js';
export type { SettingName } from './settings/setting-values.js';
export type { SpanFacts } from './span-facts.js';
export { LIFECYCLE, type LifecycleState } from './sync/lifecycle.js';
export type { SyncResult, SyncStatus } from './sync/sync-result.js';
export {
  APPLIED_BY,
  type AppliedBy,
  type DocumentsApplied,
  EVENT_NAMES,
  type EventName,
  type WorkFailed,
} from './telemetry/event.js';
export type { Logger } from './telemetry/logger.js';
export { type AroundSpan, aroundSpans, SPAN_NAMES, type SpanContext, type SpanName } from './telemetry/span.js';
export type { GenerateOptions } from './triggers/generate.js';
export type { TriggersMigrationOptions } from './triggers/install.js';
export type { TriggerReport } from './triggers/verify.js';
export type { VerifyOptions } from './verify/verify-index.js';
export type {
  Difference,
  DifferenceCounts,
  DifferenceKind,
  VerifyProgress,
  VerifyReport,
  VerifySummary,
} from './verify/verify-report.js';
export type { FailedWork, FailedWorkOptions, FailedWorkReport } from './worker/failed-work.js';
export { REASONS, type Reason } from './worker/failure.js';
export { REBUILD_STATES, type RebuildState } from './worker/rebuilds.js';
export type { Worker, WorkerOptions } from './worker/worker.js';
