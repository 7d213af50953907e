const INDEX_NAME = /^[A-Za-z0-9_-]{1,400}$/;

/** The full name of an index: `<prefix>_<index>`, or the index alone. */
export const indexNameOf = (prefix: string | null | undefined, index: string): string =>
  prefix ? `${prefix}_${index}` : index;

export const isIndexName = (name: string): boolean => INDEX_NAME.test(name);

/** `MovieRating` → `movie_rating`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
