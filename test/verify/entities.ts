import { Filterable, Searchable } from 'scrypath';
import { AfterLoad, Column, Entity, PrimaryColumn } from 'typeorm';
import type { DatabaseName } from '../stacks/reachable';

@Entity()
@Searchable({ index: 'seats' })
export class Seat {
  @PrimaryColumn({ length: 20 }) hall!: string;
  @PrimaryColumn() row!: number;
  @PrimaryColumn() place!: number;
  @Searchable() @Filterable() @Column() name!: string;
}

@Entity()
@Searchable({ index: 'accounts' })
export class Account {
  @PrimaryColumn('bigint') id!: string;
  @Searchable() @Column() name!: string;
}

@Entity()
@Searchable({ index: 'sessions' })
export class Session {
  @PrimaryColumn('uuid') id!: string;
  @Searchable() @Column() name!: string;
}

/** What the application's own code does with records of these names. */
export const whims = { failsToLoad: '', failsToProject: '' };

@Entity()
@Searchable<Whimsical>({
  index: 'whimsical',
  when: ({ name }) => {
    if (name === whims.failsToProject) throw new Error('The application cannot project it.');
    return true;
  },
})
export class Whimsical {
  @PrimaryColumn() id!: number;
  @Searchable() @Column() name!: string;

  @AfterLoad()
  loaded(): void {
    if (this.name === whims.failsToLoad) throw new Error('The application cannot load it.');
  }
}

/** An entity whose keys are the same in any case. */
export function foldedOn(database: DatabaseName) {
  const collation = { sqlite: 'NOCASE', mariadb: 'utf8mb4_general_ci', postgres: 'folded' }[database];
  @Entity()
  @Searchable({ index: 'folded' })
  class Folded {
    @PrimaryColumn('varchar', { length: 40, ...(database === 'postgres' ? {} : { collation }) }) code!: string;
    @Searchable() @Column() name!: string;
  }
  return Folded;
}

const NUMBERS = [0, 1, 2, 3, 4, 5, 6];

/** Keys that share their first columns, and whose order is not that of their texts. */
export const seats = (): object[] =>
  ['a_-b/ü', "it's", 'z'].flatMap((hall) =>
    [9, 10, 2].flatMap((row) => [1, 11].map((place) => ({ hall, row, place, name: `${hall} ${row} ${place}` }))),
  );
/** Numbers that are one double. */
export const accounts = (): object[] =>
  NUMBERS.map((at) => ({ id: `900719925474099${at + 2}`, name: `Account ${at}` }));
export const smallAccounts = (): object[] => NUMBERS.map((at) => ({ id: String(8 + at), name: `Account ${at}` }));
export const sessions = (): object[] =>
  NUMBERS.map((at) => ({ id: `${9 - at}b2c3d4e-0000-4000-8000-00000000000${at}`, name: `Session ${at}` }));
