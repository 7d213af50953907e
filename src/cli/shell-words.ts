/** Words as a shell takes them. */
export const shellWords = (words: readonly string[]): string =>
  words.map((word) => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
