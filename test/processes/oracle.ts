import type { OwnDatabase } from './database';
import type { EngineProcess } from './engine-process';

/** How an index differs from the database. */
export interface Differences {
  readonly documents: number;
  /** Documents that should be there and are not. */
  readonly lost: number;
  /** Documents that say something else than the database. */
  readonly stale: number;
  /** Documents that should not be there. */
  readonly ghosts: number;
  /** A few of them, for people. */
  readonly examples: readonly string[];
}

/** What each product's document has to say, by SQL written by hand. Nothing of Scrypath has a part in it. */
export async function expectedProducts({ server, query }: OwnDatabase): Promise<ReadonlyMap<string, string>> {
  const [maker, deleted, product, tag] =
    server === 'postgres'
      ? ['"makerId"', '"deletedAt"', '"productId"', '"tagId"']
      : ['makerId', 'deletedAt', 'productId', 'tagId'];
  const products = await query<{ id: number; name: string; price: number; shelf: number; maker: string | null }>(
    `SELECT p.id, p.name, p.price, p.shelf, m.name AS maker FROM product p LEFT JOIN maker m ON m.id = p.${maker}
     WHERE p.${deleted} IS NULL AND p.price > 0`,
  );
  const tags = await query<{ product: number; name: string }>(
    `SELECT x.${product} AS product, t.name FROM product_tags_tag x JOIN tag t ON t.id = x.${tag}`,
  );
  const tagsOf = new Map<number, string[]>();
  for (const { product: id, name } of tags) tagsOf.set(id, [...(tagsOf.get(id) ?? []), name]);
  return new Map(
    products.map((row) => [String(row.id), said(row.name, row.price, row.shelf, row.maker, tagsOf.get(row.id) ?? [])]),
  );
}

interface StoredProduct {
  readonly _key: string;
  readonly name: string;
  readonly price: number;
  readonly shelf: number;
  readonly maker: { readonly name: string } | null;
  readonly tags: readonly { readonly name: string }[];
}

/** What the documents of an index say, asked by plain HTTP. */
export async function storedProducts(engine: EngineProcess, index: string): Promise<ReadonlyMap<string, string>> {
  const stored = await storedDocuments<StoredProduct>(engine, index);
  return new Map(
    stored.map(({ _key, name, price, shelf, maker, tags }) => [
      _key,
      said(
        name,
        price,
        shelf,
        maker?.name ?? null,
        tags.map((tag) => tag.name),
      ),
    ]),
  );
}

const PAGE = 5_000;

export async function storedDocuments<T>(engine: EngineProcess, index: string): Promise<readonly T[]> {
  const documents: T[] = [];
  for (;;) {
    const { results, total } = await engine.ask<{ results: T[]; total: number }>(
      'POST',
      `/indexes/${index}/documents/fetch`,
      { limit: PAGE, offset: documents.length },
    );
    documents.push(...results);
    if (results.length === 0 || documents.length >= total) return documents;
  }
}

const said = (name: string, price: number, shelf: number, maker: string | null, tags: readonly string[]): string =>
  JSON.stringify({ name, price, shelf, maker, tags: [...tags].sort() });

export function differences(expected: ReadonlyMap<string, string>, stored: ReadonlyMap<string, string>): Differences {
  const lost = [...expected.keys()].filter((key) => !stored.has(key));
  const ghosts = [...stored.keys()].filter((key) => !expected.has(key));
  const stale = [...expected].filter(([key, text]) => stored.has(key) && stored.get(key) !== text);
  return {
    documents: expected.size,
    lost: lost.length,
    stale: stale.length,
    ghosts: ghosts.length,
    examples: [
      ...lost.map((key) => `lost ${key}`),
      ...ghosts.map((key) => `ghost ${key}: ${stored.get(key)}`),
      ...stale.map(([key, text]) => `stale ${key}: ${stored.get(key)} is ${text}`),
    ].slice(0, 5),
  };
}
