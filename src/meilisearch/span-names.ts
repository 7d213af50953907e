/** What this backend publishes on, beside the names of the core: `<name>:start`, `<name>:end`, `<name>:error`. */
export const MEILISEARCH_SPAN_NAMES = ['scrypath:meilisearch:request', 'scrypath:meilisearch:task_wait'] as const;
