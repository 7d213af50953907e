import { EmbeddedBackend, type EmbeddedOptions } from './embedded-backend.js';

export { EmbeddedBackend, type EmbeddedOptions } from './embedded-backend.js';
export { EMBEDDED_SPAN_NAMES, type EmbeddedOperation, type EmbeddedRequestSpan } from './span-names.js';
export {
  type LibsqlDatabase,
  type LibsqlDriver,
  type LibsqlDriverOptions,
  type LibsqlStatement,
  libsqlDriver,
} from './sqlite-driver.js';

/**
 * A search engine inside the process, in memory or in a file, that needs no server: the package `libsql` must be installed.
 * @param options.file path of a file to keep indexes and accepted tasks in; without it they are in memory
 * @throws ScrypathError `PEER_MISSING`, `OPTION_INVALID`, `BACKEND_BUSY`, `BACKEND_UNREACHABLE`
 * @example const scrypath = new Scrypath({ dataSource, backend: embedded() });
 */
export function embedded(options?: EmbeddedOptions): EmbeddedBackend {
  return new EmbeddedBackend(options);
}
