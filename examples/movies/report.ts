import type { FacetCounts, Hit, JsonOf } from 'scrypath';
import type { Movie } from './entities/movie.js';

/** Lines of a table, each column as wide as its widest cell. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  for (const row of rows) console.log(`   ${row.map((cell, at) => cell.padEnd(widths[at]!)).join('   ')}`.trimEnd());
}

export function printHits(hits: readonly Hit<JsonOf<Movie>>[]): void {
  printTable(
    hits.map(({ title, released, rating, votes, director }) => [
      title,
      released,
      rating?.toFixed(1) ?? '',
      `${grouped(votes ?? 0)} votes`,
      director?.name ?? '',
    ]),
  );
}

/** The values of a facet, the most frequent first. */
export function printFacet(name: string, counts: FacetCounts): void {
  const values = Object.entries(counts).sort(([, left], [, right]) => right - left);
  console.log(`   ${name}: ${values.map(([value, films]) => `${value} ${films}`).join(', ')}`);
}

/** 3200 as `3,200`. */
export const grouped = (number: number | bigint): string => number.toLocaleString('en-US');

/** What a piece of work gives, and the time that it takes. */
export async function timed<T>(work: () => Promise<T>): Promise<[T, string]> {
  const start = performance.now();
  const result = await work();
  return [result, `${Math.round(performance.now() - start)} ms`];
}
