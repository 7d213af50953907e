import { ScrypathError } from '../errors/scrypath-error.js';

/**
 * What an engine may keep of an error: class and code. The messages of databases and drivers quote values and addresses,
 * those of {@link ScrypathError} do not.
 */
export function failureReason(error: unknown): string {
  if (ScrypathError.is(error)) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'an error that is no Error';
  const code = 'code' in error && /^(?:string|number)$/.test(typeof error.code) ? ` ${String(error.code)}` : '';
  return `${error.name}${code}`;
}
