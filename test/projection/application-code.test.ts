import { Transform } from 'class-transformer';
import { Filterable, Scrypath, Searchable, SearchDocument, type SearchService } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { openDatabase } from '../stacks/stack';

const thrown = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error as { code: string; message: string; cause?: unknown };
  }
  throw new Error('nothing was thrown');
};

describe('what an application wrote, when it fails inside a projection,', () => {
  const cause = new TypeError('of the application');
  const fails = () => {
    throw cause;
  };
  let got: unknown;
  let made: () => unknown = () => ({});
  @Entity()
  @Searchable()
  class WithGetter {
    @PrimaryColumn() id!: number;
    @Searchable() get text(): unknown {
      return typeof got === 'function' ? got() : got;
    }
  }
  @Entity()
  @Searchable()
  class Transformed {
    @PrimaryColumn() id!: number;
    @Transform(fails) @Searchable() @Column() title!: string;
  }
  @Entity()
  @Searchable()
  class Hooked {
    @PrimaryColumn() id!: number;
    @SearchDocument() toDocument(): object {
      return made() as object;
    }
  }
  @Entity()
  @Searchable()
  class Priced {
    @PrimaryColumn() id!: number;
    @Searchable() @Column() title!: string;
    @Filterable() @Column('decimal') price!: string | null;
  }
  let scrypath: Scrypath;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const { dataSource, drop } = await openDatabase('sqlite', [WithGetter, Transformed, Hooked, Priced]);
    scrypath = new Scrypath({ dataSource, backend: embedded() });
    await scrypath.start();
    close = () => scrypath.close().then(drop);
  });
  afterAll(() => close());
  const failureOf = <E extends object>(entity: new () => E, given: object = {}) => {
    const service: SearchService<E> = scrypath.for(entity);
    return thrown(() => service.document(Object.assign(new entity(), { id: 1, title: 'x' }, given) as E));
  };

  it('is named with its field, and is the cause: a getter', () => {
    got = fails;
    expect(failureOf(WithGetter)).toMatchObject({
      code: 'PROJECTION_FAILED',
      entity: 'WithGetter',
      message: expect.stringContaining('text'),
      cause,
    });
  });

  it('is named with its field, and is the cause: a transform', () => {
    expect(failureOf(Transformed)).toMatchObject({
      code: 'PROJECTION_FAILED',
      entity: 'Transformed',
      message: expect.stringContaining('title'),
      cause,
    });
  });

  it('is named, and is the cause: a hook', () => {
    made = fails;
    expect(failureOf(Hooked)).toMatchObject({
      code: 'PROJECTION_FAILED',
      entity: 'Hooked',
      message: expect.stringContaining('hook'),
      cause,
    });
  });

  it('is refused where a value is a promise, or leads in circles', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const value of [Promise.resolve('x'), [Promise.reject(new Error('late'))], circle]) {
      got = value;
      expect(failureOf(WithGetter)).toMatchObject({
        code: 'PROJECTION_FAILED',
        message: expect.stringContaining('text'),
        cause: expect.any(Error),
      });
      made = () => ({ nested: { value } });
      expect(failureOf(Hooked)).toMatchObject({ code: 'PROJECTION_FAILED', cause: expect.any(Error) });
    }
  });

  it('is refused where an exact number cannot be compared', async () => {
    for (const price of ['NaN', '1e5', '9'.repeat(451), '0'.repeat(2 ** 20)]) {
      const priced = Object.assign(new Priced(), { id: 1, title: 'x', price });
      await expect(scrypath.for(Priced).syncRecord(priced)).rejects.toMatchObject({
        code: 'PROJECTION_FAILED',
        message: expect.stringMatching(/price.*450 digits/),
      });
    }
    await scrypath.for(Priced).syncRecord(Object.assign(new Priced(), { id: 1, title: 'x', price: null }));
  });
});
