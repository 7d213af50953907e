import type { JsonObject, JsonValue } from '../document/json.js';
import { KEY_ATTRIBUTE } from '../document/search-document.js';
import { ScrypathError } from '../errors/scrypath-error.js';
import type { ProjectionHook } from '../metadata/declaration.js';
import { isPlainObject, isThenable, kindOf } from '../metadata/given.js';
import type { SearchMetadata } from '../metadata/search-metadata.js';
import { toJson } from './json-value.js';
import { wrapThrown } from './wrap-thrown.js';

/** Makes a record's data with the entity's own hook, and holds it to what a document must be. */
export function compileHook(
  metadata: SearchMetadata,
  hook: ProjectionHook,
): (record: object, key: string) => JsonObject {
  const { entity, fields } = metadata;
  const failed = (happened: string, remedy: string, cause?: unknown) =>
    new ScrypathError({ code: 'PROJECTION_FAILED', entity, happened, remedy, cause });
  const ways = fields.map((field) => ({ path: field.path, names: field.name.split('.') }));

  return (record, key) => {
    const made = wrapThrown(entity, `The document of a ${entity}, by its projection hook,`, () =>
      callHook(metadata, hook, record),
    );
    if (isThenable(made)) made.then(undefined, () => undefined);
    if (!isPlainObject(made))
      throw failed(
        `The projection hook of ${entity} returned ${kindOf(made)}; a document is a plain object.`,
        'Return an object literal, and nothing that must be awaited.',
      );
    let json: JsonObject;
    try {
      json = toJson(made) as JsonObject;
    } catch (cause) {
      throw failed(
        `What the projection hook of ${entity} returned has no JSON form.`,
        'Return plain values only.',
        cause,
      );
    }
    const { [KEY_ATTRIBUTE]: ownKey, ...data } = json;
    if ((ownKey !== undefined && ownKey !== key) || changesKeyField(metadata, record, data))
      throw failed(
        `The projection hook of ${entity} gives the document another key than the record has.`,
        `Leave ${[KEY_ATTRIBUTE, ...metadata.keyFields].join(', ')} out, or as the record has them.`,
      );
    const missing = ways.find(({ names }) => !has(data, names));
    if (missing)
      throw failed(
        `The projection hook of ${entity} returns no field ${missing.path}, which is declared.`,
        'Return it, as null where a record has no value, or take its declaration away.',
      );
    return Object.freeze(data);
  };
}

function callHook({ target }: SearchMetadata, hook: ProjectionHook, record: object): unknown {
  if (typeof hook === 'function') return hook(record);
  const own = (record as Record<string, unknown>)[hook];
  const inherited = (target as { prototype?: Record<string, unknown> }).prototype?.[hook];
  const method = typeof own === 'function' ? own : inherited;
  return (method as () => unknown).call(record);
}

function changesKeyField({ keyFields, key }: SearchMetadata, record: object, data: JsonObject): boolean {
  const given = keyFields.filter((field) => data[field] !== undefined);
  if (given.length === 0) return false;
  const own = key.idMap(key.of(record));
  return given.some((field) => String(data[field]) !== String(toJson(own[field])));
}

/** Whether the document has the path, or something on the way has no value. */
function has(data: JsonValue, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined || data === null) return true;
  if (Array.isArray(data)) return data.every((element: JsonValue) => has(element, [name, ...rest]));
  return typeof data === 'object' && name in data && has((data as JsonObject)[name]!, rest);
}
