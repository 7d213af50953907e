import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { LANES, Maker, Product, type ShopSize, Tag } from './shop';

/** What a writer has done. */
export interface Written {
  /** Writes that were committed, or rolled back on purpose. */
  saves: number;
  /** Statements, or saves of TypeORM, in them; those that were rolled back too. */
  writes: number;
  /** Writes that failed. */
  failed: number;
  /** Writes that were done once more: they and those of another writer were in each other's way. */
  repeated: number;
  errors: string[];
}

/** A source of numbers that gives the same ones for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class RolledBack extends Error {}

/** What a writer takes from chance. */
class Chance {
  readonly #random: () => number;
  #unique = 0;
  /** How many were made with it. */
  writes = 0;

  constructor(
    private readonly seed: number,
    private readonly lane: number,
    readonly size: ShopSize,
  ) {
    this.#random = randomFrom(seed);
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  name(): string {
    this.#unique += 1;
    return `n${this.seed}x${this.#unique}`;
  }

  /** Any product, whether or not it is there. */
  product(): number {
    return 1 + this.below(this.size.products);
  }

  /** A product that no other writer makes. */
  own(): number {
    return 1 + this.lane + LANES * this.below(this.size.products / LANES);
  }

  price(): number {
    return this.below(8) === 0 ? 0 : 1 + this.below(1_000);
  }

  shelf(): number {
    return this.below(this.size.shelves);
  }

  maker(): Maker | null {
    return this.below(4) === 0 ? null : Object.assign(new Maker(), { id: 1 + this.below(this.size.makers) });
  }

  tags(): Tag[] {
    const { tags } = this.size;
    const first = this.below(tags);
    return Array.from({ length: this.below(3) }, (_, i) => Object.assign(new Tag(), { id: 1 + ((first + i) % tags) }));
  }

  columns() {
    return { id: this.own(), name: this.name(), price: this.price(), shelf: this.shelf() };
  }

  aProduct(): Product {
    return Object.assign(new Product(), { ...this.columns(), maker: this.maker(), tags: this.tags() });
  }
}

type Write = (manager: EntityManager, chance: Chance) => Promise<unknown>;

/** The ways in which a program writes through TypeORM. */
const ROUTES: Readonly<Record<string, Write>> = {
  make: (manager, chance) => manager.save(chance.aProduct()),
  save: async (manager, chance) => {
    const product = await manager.findOne(Product, { where: { id: chance.product() }, relations: { tags: true } });
    if (product === null) return;
    const { name, price, maker, tags } = chance.aProduct();
    await manager.save(Object.assign(product, { name, price, maker, ...(chance.below(2) === 0 && { tags }) }));
  },
  update: (manager, chance) => manager.update(Product, chance.product(), { name: chance.name() }),
  updateMany: (manager, chance) => manager.update(Product, { shelf: chance.shelf() }, { price: chance.price() }),
  increment: (manager, chance) => manager.increment(Product, { id: chance.product() }, 'price', 1),
  hide: (manager, chance) => manager.update(Product, chance.product(), { price: 0 }),
  move: (manager, chance) => manager.update(Product, chance.product(), { maker: chance.maker() }),
  delete: (manager, chance) => manager.delete(Product, chance.product()),
  remove: async (manager, chance) => {
    const product = await manager.findOneBy(Product, { id: chance.product() });
    if (product !== null) await manager.remove(product);
  },
  softDelete: (manager, chance) => manager.softDelete(Product, chance.product()),
  restore: (manager, chance) => manager.restore(Product, chance.product()),
  recreate: async (manager, chance) => {
    const columns = chance.columns();
    await manager.transaction(async (inner) => {
      await inner.delete(Product, columns.id);
      await inner.insert(Product, columns);
    });
  },
  upsert: (manager, chance) => manager.upsert(Product, chance.columns(), ['id']),
  builder: (manager, chance) =>
    manager
      .createQueryBuilder()
      .update(Product)
      .set({ name: chance.name(), price: () => 'price + 2' })
      .where('id = :id', { id: chance.product() })
      .execute(),
  renameMaker: (manager, chance) =>
    manager.update(Maker, 1 + chance.below(chance.size.makers), { name: chance.name() }),
  renameTag: (manager, chance) => manager.update(Tag, 1 + chance.below(chance.size.tags), { name: chance.name() }),
};

const NAMES = Object.keys(ROUTES);
const write: Write = (manager, chance) => {
  chance.writes += 1;
  return ROUTES[NAMES[chance.below(NAMES.length)]!]!(manager, chance);
};

async function several(manager: EntityManager, chance: Chance): Promise<void> {
  for (let left = 1 + chance.below(3); left > 0; left -= 1) await write(manager, chance);
}

const expectRollback = (error: unknown): void => {
  if (!(error instanceof RolledBack)) throw error;
};

/** One write, alone or in a transaction that is committed, undone in part, or undone. */
async function writeOnce(dataSource: DataSource, chance: Chance): Promise<void> {
  const undone = async (manager: EntityManager) => {
    await several(manager, chance);
    throw new RolledBack();
  };
  switch (chance.below(10)) {
    case 0:
      return dataSource.transaction((manager) => several(manager, chance));
    case 1:
      return dataSource.transaction(undone).catch(expectRollback);
    case 2:
      return dataSource.transaction(async (manager) => {
        await several(manager, chance);
        await manager.transaction(undone).catch(expectRollback);
        await several(manager, chance);
      });
    default:
      await write(dataSource.manager, chance);
  }
}

/**
 * What a program is expected to repeat: the database has undone one of two transactions that waited for each other, or
 * another writer has removed the product that was about to get a tag.
 */
const isConflict = (error: unknown): boolean =>
  ['40P01', 'ER_LOCK_DEADLOCK', '23503', 'ER_NO_REFERENCED_ROW_2'].includes(String((error as { code?: unknown }).code));

export interface WriterOptions {
  readonly seed: number;
  /** 0 to 3, one for each writer that writes at the same time. */
  readonly lane: number;
  /** 0: only when it is told to. */
  readonly perSecond: number;
  /** Whether it begins with products, makers and tags, for itself and the others. */
  readonly seeds: boolean;
  readonly size: ShopSize;
}

/** Writes at a rate until it is told to stop. */
export class Writer {
  readonly written: Written = { saves: 0, writes: 0, failed: 0, repeated: 0, errors: [] };
  #stopping = false;
  #running: Promise<void> | null = null;
  readonly #chance: Chance;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: WriterOptions,
  ) {
    this.#chance = new Chance(options.seed, options.lane, options.size);
  }

  async start(): Promise<void> {
    if (this.options.seeds) await this.#seed();
    if (this.options.perSecond > 0) this.#running = this.#run();
  }

  /** Makes one product, or changes it. */
  async writeOne(): Promise<void> {
    await this.dataSource.manager.save(this.#chance.aProduct());
  }

  async stop(): Promise<Written> {
    this.#stopping = true;
    await this.#running;
    this.written.writes = this.#chance.writes;
    return this.written;
  }

  async #seed(): Promise<void> {
    const { manager } = this.dataSource;
    const { makers, tags, products } = this.options.size;
    const named = () => ({ name: this.#chance.name() });
    await manager.save(Array.from({ length: makers }, () => Object.assign(new Maker(), named())));
    await manager.save(Array.from({ length: tags }, () => Object.assign(new Tag(), named())));
    await manager.save(
      Array.from({ length: products }, (_, at) => Object.assign(this.#chance.aProduct(), { id: at + 1 })),
    );
    this.written.saves += 3;
  }

  async #run(): Promise<void> {
    const pauseMs = 1_000 / this.options.perSecond;
    let next = performance.now();
    while (!this.#stopping) {
      await this.#writeRepeated();
      next = Math.max(next + pauseMs, performance.now() - 1_000);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
    }
  }

  async #writeRepeated(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await writeOnce(this.dataSource, this.#chance);
        this.written.saves += 1;
        return;
      } catch (error) {
        if (isConflict(error) && tries < 10) {
          this.written.repeated += 1;
          continue;
        }
        this.written.failed += 1;
        if (this.written.errors.length < 5) this.written.errors.push(String(error));
        return;
      }
    }
  }
}

/** Ends this process at a commit to come, right behind it: nothing that follows a commit is done any more. */
export function dieAfterCommit(dataSource: DataSource, commits: number): void {
  let left = commits;
  dataSource.subscribers.push({
    afterTransactionCommit: ({ queryRunner }: { queryRunner: QueryRunner }) => {
      if (!queryRunner.isTransactionActive && --left <= 0) process.kill(process.pid, 'SIGKILL');
    },
  });
}
