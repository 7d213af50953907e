import { Filterable, Searchable } from 'scrypath';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { onEveryDatabase } from '../stacks/stack';

/** A Date as a process in another time zone has it; the zone of this one cannot be changed while it runs. */
class ZonedDate extends Date {
  constructor(
    time: number,
    readonly offsetHours: number,
  ) {
    super(time);
  }
  get #local() {
    return new Date(this.getTime() + this.offsetHours * 3_600_000);
  }
  override getFullYear() {
    return this.#local.getUTCFullYear();
  }
  override getMonth() {
    return this.#local.getUTCMonth();
  }
  override getDate() {
    return this.#local.getUTCDate();
  }
}

onEveryDatabase('a column of days', (stack) => {
  @Entity()
  @Searchable()
  class Show {
    @PrimaryColumn() id!: number;
    @Filterable() @Column('date') day!: string | Date;
    @Filterable() @Column({ type: 'date', utc: true }) utcDay!: string | Date;
  }
  const opened = stack.use([Show]);

  it.each([
    ['Tokyo', 9, '2019-12-31'],
    ['London', 0, '2020-01-01'],
    ['Los Angeles', -8, '2020-01-01'],
  ])('is found by the Date that was saved in %s, before and after it is read back', async (_city, offset, utcDay) => {
    const day = new ZonedDate(Date.UTC(2020, 0, 1) - offset * 3_600_000, offset);
    const shows = opened.for(Show);
    const saved = await opened.dataSource
      .getRepository(Show)
      .save(Object.assign(new Show(), { id: 1, day, utcDay: day }));
    const found = async () =>
      (await shows.search('', { filter: { day, utcDay: { gte: day, lte: day } } })).hits.map(({ id }) => id);
    await shows.syncRecord(saved);
    expect(await found()).toEqual([1]);
    await shows.syncKeys([1]);
    expect(await found()).toEqual([1]);
    expect((await shows.search('', { filter: { day: '2020-01-01', utcDay } })).hits).toHaveLength(1);
  });

  it('is not compared with a year or an invalid Date', async () => {
    for (const day of [2020, new Date('x')])
      await expect(opened.for(Show).search('', { filter: { day: day as never } })).rejects.toMatchObject({
        code: 'QUERY_INVALID',
        message: expect.stringContaining('1999-12-31'),
      });
  });
});
