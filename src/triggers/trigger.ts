/** One trigger of a table, as SQL for its database. */
export interface Trigger {
  /** Begins with `scrypath_`; at most 63 characters. */
  readonly name: string;
  /** The path of its table, as TypeORM names it. */
  readonly table: string;
  /** What the database keeps of it: of another text it is another trigger. */
  readonly definition: string;
  /** Makes it, and replaces one of that name. */
  readonly up: readonly string[];
  /** Drops it, where it is there. */
  readonly down: readonly string[];
}

/** The triggers that a DataSource's database should have. */
export interface TriggerPlan {
  readonly triggers: readonly Trigger[];
  /** What this database changes without telling a trigger, one sentence each. */
  readonly warnings: readonly string[];
}

/** How reports name a trigger. */
export const nameOf = ({ name, table }: Pick<Trigger, 'name' | 'table'>): string => `${name} on ${table}`;

/** Two texts of one trigger: a dump and its restore may break its lines elsewhere. */
export const sameDefinition = (one: string, other: string): boolean => collapsed(one) === collapsed(other);

const collapsed = (text: string) => text.replace(/\s+/g, ' ').trim();
