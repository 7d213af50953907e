/** What a client may write of a film; `directorId` null takes the director away. */
export interface FilmInput {
  readonly title?: string;
  readonly released?: string | null;
  readonly genre?: string | null;
  readonly rating?: number | null;
  readonly votes?: number | null;
  readonly director?: { readonly id: number } | null;
}

/** What a client sent is not what it may send. */
export class InvalidInput extends Error {}

type Kind = (value: unknown) => boolean;
// PostgreSQL stores no NUL, and SQLite ends a text at it.
const text: Kind = (value) => typeof value === 'string' && value.trim() !== '' && !value.includes('\0');
const rating: Kind = (value) => typeof value === 'number' && value >= 1 && value <= 10;
const orNull =
  (kind: Kind): Kind =>
  (value) =>
    value === null || kind(value);

const FIELDS: Readonly<Record<string, Kind>> = {
  title: text,
  released: orNull(isDay),
  genre: orNull(text),
  rating: orNull(rating),
  votes: orNull((value) => isId(value) || value === 0),
  directorId: orNull(isId),
};

/** @throws InvalidInput, naming the field */
export function filmInput(body: unknown): FilmInput {
  const { directorId, ...film } = fieldsOf(body, FIELDS);
  return directorId === undefined
    ? film
    : { ...film, director: directorId === null ? null : { id: directorId as number } };
}

/** @throws InvalidInput */
export function newFilm(body: unknown): FilmInput & { readonly title: string } {
  const film = filmInput(body);
  if (film.title === undefined) throw new InvalidInput('title is missing');
  return { ...film, title: film.title };
}

/** @throws InvalidInput */
export function directorInput(body: unknown): { readonly name: string } {
  const { name } = fieldsOf(body, { name: text });
  if (name === undefined) throw new InvalidInput('name is missing');
  return { name: name as string };
}

/** The id in a path, or null where none can have it. */
export function idOf(text: string): number | null {
  const id = /^\d+$/.test(text) ? Number(text) : null;
  return isId(id) ? id : null;
}

/** Whether it is a day of the calendar that a database takes too, as `1972-03-15`. */
export function isDay(value: unknown): value is string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value) || value.startsWith('0000')) return false;
  const day = new Date(value);
  // JavaScript reads February 31st as a day of March.
  return !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(value);
}

// The largest that a column of a generated key takes.
function isId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 2 ** 31;
}

function fieldsOf(body: unknown, fields: Readonly<Record<string, Kind>>): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new InvalidInput('send a JSON object');
  for (const [name, value] of Object.entries(body)) {
    // A name such as "constructor" is no field, although every object has it.
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind === undefined)
      throw new InvalidInput(`${name} is not a field; there are ${Object.keys(fields).join(', ')}`);
    if (!kind(value)) throw new InvalidInput(`${name} cannot have this value`);
  }
  return body as Record<string, unknown>;
}
