import { toTaskError } from '../../src/meilisearch/task-error.js';

const failure = (code: string, message: string, type = 'invalid_request') => toTaskError({ code, message, type });

describe('the error of a task', () => {
  // The sentences of Meilisearch 1.50 (milli/src/error.rs, prompt/error.rs, update/new/extract/vectors).
  it.each([
    [
      'invalid_document_geo_field',
      'The `_geo` field in the document with the id: `"k-1"` is not an object. Was expecting an object with the `_geo.lat` and `_geo.lng` fields but instead got `"x"`.',
    ],
    [
      'invalid_document_geo_field',
      'The `_geo` field in the document with the id: `"k-1"` contains the following unexpected fields: `{"a":1}`.',
    ],
    [
      'invalid_document_geo_field',
      'Could not find latitude nor longitude in the document with the id: `"k-1"`. Was expecting `_geo.lat` and `_geo.lng` fields.',
    ],
    [
      'invalid_document_geo_field',
      'Could not find latitude in the document with the id: `"k-1"`. Was expecting a `_geo.lat` field.',
    ],
    [
      'invalid_document_geo_field',
      'Could not parse latitude nor longitude in the document with the id: `"k-1"`. Was expecting finite numbers but instead got `"a"` and `"b"`.',
    ],
    [
      'invalid_document_geo_field',
      'Could not parse longitude in the document with the id: `"k-1"`. Was expecting a finite number but instead got `"x"`.',
    ],
    [
      'invalid_vector_dimensions',
      'Invalid vector dimensions in document with id `k-1` in `._vectors.e`.\n  - note: embedding #0 has dimensions 2\n  - note: embedder `e` requires 3',
    ],
    [
      'invalid_vectors_type',
      'The `_vectors` field in the document with id: `k-1` is not an object. Was expecting an object with a key for each embedder with manually provided vectors, but instead got `1`',
    ],
    ['invalid_vectors_type', 'Bad embedder configuration in the document with id: `k-1`. Invalid value'],
    ['too_many_vectors', 'Too many vectors for document with id k-1: found 300, but limited to 256.'],
    [
      'vector_embedding_error',
      'While embedding documents for embedder `e`: no vectors provided for document `k-1` and at least 3 other document(s)\n- Note: `e` has `source: userProvided`',
    ],
    ['invalid_document_fields', 'user error: missing field in document `k-1`: liquid: Unknown index'],
  ])('%s names its document: %s', (code, message) => {
    for (const said of [message, `Index \`movies-2\`: ${message}`]) {
      expect(failure(code, said)).toEqual({ code, message: said, document: 'k-1', kind: 'document' });
    }
  });

  it.each([
    [
      'missing_document_id',
      'Document doesn\'t have a `_key` attribute: `{"a":"in the document with the id: `k-1`."}`.',
    ],
    [
      'invalid_document_id',
      'Document identifier `"a b"` is invalid. A document identifier can be of type integer or string',
    ],
    [
      'invalid_document_geo_field',
      'The `_geo` field in the document with the id: `"a b"` is not an object. Was expecting an object but got `Index `x`: The `_geo` field in the document with the id: `"k-1"` is not an object`.',
    ],
    ['max_fields_limit_exceeded', 'A document cannot contain more than 65,535 fields.'],
    ['invalid_document_geojson_field', 'Malformed geojson: x'],
  ])('%s lies in the documents and names none: %s', (code, message) => {
    expect(failure(code, message)).toMatchObject({ document: null, kind: 'document' });
  });

  it.each([
    ['internal', 'internal'],
    ['no_space_left_on_device', 'system'],
    ['io_error', 'system'],
    ['too_many_open_files', 'system'],
    ['database_size_limit_reached', 'internal'],
    ['invalid_store_file', 'internal'],
    ['index_not_found', 'invalid_request'],
    ['index_already_exists', 'invalid_request'],
    ['index_primary_key_already_exists', 'invalid_request'],
    ['index_creation_failed', 'internal'],
    ['invalid_settings_embedders', 'invalid_request'],
    ['invalid_document_filter', 'invalid_request'],
    ['remote_timeout', 'system'],
    ['feature_not_enabled', 'invalid_request'],
    // Of a document by its name, and not by its type.
    ['invalid_document_fields', 'internal'],
  ])('%s of type %s does not lie in the documents', (code, type) => {
    expect(failure(code, 'It failed.', type)).toMatchObject({ document: null, kind: 'engine' });
  });

  it('that vectors could not be computed lies in the engine where it names no document', () => {
    const message =
      'Index `m`: While embedding documents for embedder `e`: runtime error: could not reach embedding server:\n  - no vectors provided for document `k-1`';
    expect(failure('vector_embedding_error', message)).toMatchObject({ document: null, kind: 'engine' });
  });
});
