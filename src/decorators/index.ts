export {
  type Declaration,
  declarationOf,
  type ExtraSettings,
  type FieldFact,
  type SearchableOptions,
} from './declaration.js';
export { Filterable, type FilterableOptions } from './filterable.js';
export { type DocumentHookDecorator, SearchDocument } from './search-document.js';
export { Searchable, type SearchableClassDecorator, type SearchableDecorator } from './searchable.js';
export { Sortable } from './sortable.js';
