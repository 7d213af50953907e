import { ScrypathError } from '../errors/scrypath-error.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';

type About = Pick<SearchMetadata, 'entity' | 'indexName'>;

export const queryInvalid = ({ entity, indexName: index }: About, happened: string, remedy = '') =>
  new ScrypathError({ code: 'QUERY_INVALID', entity, index, happened, remedy });

export const fieldNotDeclared = (
  { entity, indexName: index }: About,
  use: string,
  path: string,
  declared: readonly string[],
  decorator: string,
) =>
  new ScrypathError({
    code: 'FIELD_NOT_DECLARED',
    entity,
    index,
    happened: `${entity} cannot be ${use} "${path}".`,
    remedy:
      declared.length === 0
        ? `No field of ${entity} can; put ${decorator} on those that should.`
        : `Declared: ${declared.join(', ')}. Put ${decorator} on further fields.`,
  });
