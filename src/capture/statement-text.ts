import type { DataSource } from 'typeorm';
import { dialectOf, placeholders } from '../outbox/dialect.js';
import type { WriteBuilder } from './write-builder.js';

/** SQL as a driver takes it. */
export interface Sql {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** A piece of a statement: of the builder, with named parameters; or ours, whose parameters are given in their order. */
export type Piece = { readonly named: string } | { readonly own: string; readonly parameters?: readonly unknown[] };

/** Stands in our own pieces for the next of their parameters. */
export const PARAMETER = '\u0001';

export const own = (sql: string, parameters: readonly unknown[] = []): Piece => ({ own: sql, parameters });

/** The pieces that a builder makes its statement of. */
export interface StatementText {
  /** `WITH a AS (…)` without its blank, or nothing. */
  readonly ctes: string;
  /** ` WHERE …`, or nothing. */
  readonly where: string;
  /** What stands before the WHERE, between it and RETURNING, and behind that. */
  readonly head: string;
  readonly middle: string;
  readonly tail: string;
  /** What the builder returns itself, or nothing. */
  readonly returning: string;
}

const WHERE_SLOT = '__scrypath_where__';
const RETURNING_SLOT = '__scrypath_returning__';

/** Takes a builder's statement apart. The builder makes it once, so that a statement with side effects stays one. */
export function statementTextOf(builder: WriteBuilder): StatementText {
  const parts = { ctes: '', where: '', returning: '' };
  const prototype = Object.getPrototypeOf(builder) as WriteBuilder;
  builder.createCteExpression = () => {
    parts.ctes = prototype.createCteExpression.call(builder).trim();
    return '';
  };
  builder.createWhereExpression = () => {
    parts.where = prototype.createWhereExpression.call(builder);
    return ` ${WHERE_SLOT}`;
  };
  builder.createReturningExpression = (type) => {
    parts.returning = prototype.createReturningExpression.call(builder, type);
    return RETURNING_SLOT;
  };
  try {
    const [beforeReturning = '', tail = ''] = builder.getQuery().split(` RETURNING ${RETURNING_SLOT}`);
    const [head = '', middle = ''] = beforeReturning.split(` ${WHERE_SLOT}`);
    const where = builder.replacePropertyNamesForTheWholeQuery(parts.where);
    const ctes = builder.replacePropertyNamesForTheWholeQuery(parts.ctes);
    const returning = builder.replacePropertyNamesForTheWholeQuery(parts.returning);
    return { ctes, where, returning, head, middle, tail };
  } finally {
    for (const name of ['createCteExpression', 'createWhereExpression', 'createReturningExpression'] as const)
      Reflect.deleteProperty(builder, name);
  }
}

/** Puts pieces together, with the parameters that the driver wants for them. */
export function render(builder: WriteBuilder, pieces: readonly Piece[]): Sql {
  const { dataSource } = builder;
  return dialectOf(dataSource).family === 'postgres' ? numbered(builder, pieces) : positional(builder, pieces);
}

const BORDER = '\u0002';

/** One numbering for all named pieces: a parameter that is named twice is sent once. */
function numbered(builder: WriteBuilder, pieces: readonly Piece[]): Sql {
  const named = pieces.map((piece) => ('named' in piece ? piece.named : '')).join(BORDER);
  const [text, parameters] = escaped(builder, named);
  const all = [...parameters];
  const sql = text.split(BORDER).map((part, at) => {
    const piece = pieces[at]!;
    if ('named' in piece) return part;
    const own = filled(builder.dataSource, piece.own, all.length);
    all.push(...(piece.parameters ?? []));
    return own;
  });
  return { sql: sql.join(''), parameters: all };
}

function positional(builder: WriteBuilder, pieces: readonly Piece[]): Sql {
  const parameters: unknown[] = [];
  const sql = pieces.map((piece) => {
    const [text, own] =
      'named' in piece
        ? escaped(builder, piece.named)
        : ([filled(builder.dataSource, piece.own, parameters.length), piece.parameters ?? []] as const);
    parameters.push(...own);
    return text;
  });
  return { sql: sql.join(''), parameters };
}

const escaped = (builder: WriteBuilder, sql: string): [string, unknown[]] =>
  builder.dataSource.driver.escapeQueryWithParameters(sql, builder.getParameters());

/** Our own SQL with the driver's placeholders, numbered from `from` where it numbers them. */
export function filled(dataSource: DataSource, sql: string, from = 0): string {
  let at = from;
  return sql.replaceAll(PARAMETER, () => placeholders(dataSource, 1, at++));
}
