import { describe as describeEntity } from 'scrypath';
import { Column, type DataSource, Entity, type EntityManager, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import { type FanOut, fanOutOf } from '../../src/fan-out/fan-out';
import type { FanOutOptions } from '../../src/metadata/fan-out-hook';
import { MetadataRegistry } from '../../src/metadata/metadata-registry';
import { openDatabase } from '../stacks/stack';

@Entity()
class Rate {
  @PrimaryColumn() bank!: string;
  @PrimaryColumn() currency!: string;
  @Column() factor!: number;
}
@Entity()
class Price {
  @PrimaryGeneratedColumn() id!: number;
  @Column() currency!: string;
}

describe('the owners that a hook names', () => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  beforeAll(async () => {
    ({ dataSource, drop } = await openDatabase('sqlite', [Rate, Price]));
  });
  afterAll(() => drop());

  const fanOutWith = (keys: FanOutOptions<Price>['keys']): FanOut => {
    const declared = describeEntity(Price, {
      fields: { currency: { searchable: true } },
      fanOut: [{ from: () => Rate, keys }],
    });
    return fanOutOf(dataSource, new MetadataRegistry(dataSource, [declared], { prefix: null }).all());
  };
  const pages = async (fanOut: FanOut, limit: number) => {
    const dependency = fanOut.dependencies.get('Price>fanOut:0')!;
    const found: (readonly string[])[] = [];
    let after: string | null = null;
    do {
      const page = await dependency.page(dataSource.manager, '["north","eur"]', after, limit);
      found.push(page.recordKeys);
      after = page.after;
    } while (after !== null);
    return found;
  };

  it('are asked for with keys, never with records, and on the manager of the worker', async () => {
    const asked: [readonly object[], EntityManager][] = [];
    const fanOut = fanOutWith(async (changed, manager) => {
      asked.push([changed, manager]);
      return [];
    });
    expect(await pages(fanOut, 10)).toEqual([[]]);
    expect(asked).toEqual([[[{ bank: 'north', currency: 'eur' }], dataSource.manager]]);
  });

  it('come in pages from one list, in whatever order and form it has them', async () => {
    const keys = [5, 3, { id: 1 }, 4, 2, 3, 1n];
    let turn = 0;
    const fanOut = fanOutWith(async () => (turn++ % 2 === 0 ? keys : [...keys].reverse()) as number[]);
    expect(await pages(fanOut, 2)).toEqual([['1', '2'], ['3', '4'], ['5']]);
    expect(await pages(fanOut, 5)).toEqual([['1', '2', '3', '4', '5']]);
  });

  it('come from pages of its own, of which no two are held at once', async () => {
    const fanOut = fanOutWith(async function* () {
      for (let start = 999; start > 0; start -= 37) yield Array.from({ length: 37 }, (_, at) => start - at);
    });
    const found = await pages(fanOut, 100);
    expect(found).toHaveLength(10);
    expect(found.flat()).toEqual(Array.from({ length: 999 }, (_, at) => String(at + 1)).sort());
  });

  it('fail with what the hook throws, and with a key that is none', async () => {
    await expect(
      pages(
        fanOutWith(() => Promise.reject(new Error('asleep'))),
        2,
      ),
    ).rejects.toThrow('asleep');
    await expect(
      pages(
        fanOutWith(async () => [{}]),
        2,
      ),
    ).rejects.toMatchObject({ code: 'KEY_MISSING' });
  });
});
