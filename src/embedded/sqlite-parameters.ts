import { types } from 'node:util';

/** What SQLite stores, as `libsql` takes it. */
export type SqliteValue = number | string | bigint | Uint8Array | null;

/** The parameters of a statement in the order of their numbers: their names, or null for `?` and `?1`. */
export type ParameterNames = readonly (string | null)[];

/** Every token that could be mistaken for a parameter, the parameters themselves, and the end of the statement. */
const TOKEN =
  /'[^']*'|"[^"]*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[\w\u0080-\uffff][\w$\u0080-\uffff]*|\?(\d*)|([:@$#](?:[\w$\u0080-\uffff]|::)+(?:\([^)\s]*\))?)|;/g;

/** The parameters of the first statement of `sql`, by the rules of https://sqlite.org/lang_expr.html#parameters. */
export function parametersOf(sql: string): ParameterNames {
  const names: (string | null)[] = [];
  let begun = false;
  for (const [token, digits, name] of sql.matchAll(TOKEN)) {
    if (token === ';' && begun) break;
    begun ||= /^\w/.test(token);
    if (digits === '') names.push(null);
    else if (digits !== undefined) while (names.length < Number(digits)) names.push(null);
    else if (name !== undefined && !names.includes(name)) names.push(name);
  }
  return names;
}

/**
 * The values to bind, one for each parameter. They are given one by one, as arrays, or by name as the properties of one
 * object. Every other number of values is refused: SQLite would bind what the statement was last run with.
 */
export function boundValues(parameters: ParameterNames, given: readonly unknown[]): SqliteValue[] {
  const named = given.length === 1 && parameters.every((name) => name !== null) ? bagOf(given[0]) : null;
  const values = named === null ? given.flat() : parameters.map((name) => named[name!.slice(1)]);
  if (values.length !== parameters.length)
    throw new RangeError(`The statement has ${parameters.length} parameters; ${values.length} values were given.`);
  return values.map((value, at) => bindable(value, parameters[at] ?? `${at + 1}`));
}

/** An object whose properties are the named parameters; null where the value is one to bind. */
function bagOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (types.isDate(value) || types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return null;
  return value as Readonly<Record<string, unknown>>;
}

/** Nothing that `libsql` cannot bind may reach it: its answer to a boolean, and to much else, is to abort the process. */
function bindable(value: unknown, parameter: string): SqliteValue {
  switch (typeof value) {
    case 'number':
    case 'string':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'undefined':
      return null;
    default:
      if (value === null) return null;
      if (types.isDate(value)) return dateText(value, parameter);
      if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      throw refused(`${typeof value}${typeof value === 'object' ? ` (${kindOf(value)})` : ''}`, parameter);
  }
}

/** The text that TypeORM stores for a date in UTC: `2024-02-29 23:59:59.000`. */
function dateText(date: Date, parameter: string): string {
  if (Number.isNaN(date.getTime())) throw refused('date that is not valid', parameter);
  return date.toISOString().replace('T', ' ').replace('Z', '');
}

const kindOf = (value: object): string => Object.prototype.toString.call(value).slice('[object '.length, -1);

const refused = (what: string, parameter: string): TypeError =>
  new TypeError(
    `Parameter ${parameter} is a value that SQLite cannot store: ${what}. ` +
      'Give a number, string, bigint, boolean, date, Buffer or null.',
  );
