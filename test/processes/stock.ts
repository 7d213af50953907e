import type { OwnDatabase } from './database';
import type { ShopSize } from './shop';

/** Products, makers and tags that are there before anybody writes: some without a maker, some with a tag. On PostgreSQL. */
export async function stock({ server, query }: OwnDatabase, size: ShopSize): Promise<void> {
  if (server !== 'postgres') throw new Error('Only PostgreSQL is stocked.');
  const { products, makers, tags, shelves } = size;
  const numbers = (count: number) => `generate_series(1, ${count}) AS n`;
  await query(`INSERT INTO maker (name) SELECT 'maker ' || n FROM ${numbers(makers)}`);
  await query(`INSERT INTO tag (name) SELECT 'tag ' || n FROM ${numbers(tags)}`);
  await query(
    `INSERT INTO product (id, name, price, shelf, "makerId")
     SELECT n, 'product ' || n, 1 + n % 997, n % ${shelves}, CASE WHEN n % 4 > 0 THEN 1 + n % ${makers} END FROM ${numbers(products)}`,
  );
  await query(
    `INSERT INTO product_tags_tag ("productId", "tagId") SELECT n, 1 + n % ${tags} FROM ${numbers(products)} WHERE n % 3 = 0`,
  );
  await query('ANALYZE');
}
