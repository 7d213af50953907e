import type { QueryRunner } from 'typeorm';
import { tokenOf } from '../outbox/mark-id.js';
import { run, type Statement } from '../outbox/statement.js';

/** How far the rows of some tokens have got. Rows that are completed are gone. */
export interface Progress {
  /** Whether there may be more rows than those read. */
  readonly isPart: boolean;
  /** Ids of rows that no engine has accepted yet; a part of them where they are many. */
  readonly waiting: readonly string[];
  /** Rows that an engine has accepted; a part of them where they are many. */
  readonly accepted: readonly { readonly id: string; readonly entity: string; readonly tasks: string }[];
  readonly discarded: readonly { readonly id: string; readonly errorClass: string | null }[];
}

/** Rows in one answer. */
const ROWS = 5_000;

/**
 * A condition: the row has one of the tokens. Ids are hexadecimal digits and hyphens, so that a `z` stands behind every
 * id with the token in any collation, one that ignores hyphens too.
 */
const hasToken = (s: Statement, token: string): string => `id >= ${s.value(token)} AND id < ${s.value(`${token}z`)}`;

/** Tokens in one question. */
const TOKENS = 50;

interface Asked {
  readonly token: string;
  readonly resolve: (progress: Progress) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads how far tokens have got; questions that come while one is under way go together in the next. */
export class ProgressReader {
  readonly #connection: () => Promise<QueryRunner>;
  #asked: Asked[] = [];
  #reading = false;

  constructor(connection: () => Promise<QueryRunner>) {
    this.#connection = connection;
  }

  read(token: string): Promise<Progress> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ token, resolve, reject });
      void this.#run();
    });
  }

  /** What of the token no engine has accepted yet: behind a part of its rows that was, more may wait. */
  async unaccepted(token: string): Promise<Progress> {
    const { records } = await run<RawProgress>(
      await this.#connection(),
      (s) =>
        `SELECT id, entity, state, tasks, error_class FROM ${s.tables.outbox}
         WHERE ${hasToken(s, token)} AND state <> 'backend_accepted' LIMIT ${ROWS}`,
    );
    return progressOf(records);
  }

  async #run(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    while (this.#asked.length > 0) {
      const asked = this.#asked.splice(0, TOKENS);
      try {
        const tokens = [...new Set(asked.map(({ token }) => token))];
        const progress = await readProgress(await this.#connection(), tokens);
        for (const { token, resolve } of asked) resolve(progress.get(token)!);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.#reading = false;
  }
}

interface RawProgress {
  readonly id: string;
  readonly entity: string;
  readonly state: string;
  readonly tasks: string | null;
  readonly error_class: string | null;
}

async function readProgress(
  queryRunner: QueryRunner,
  tokens: readonly string[],
): Promise<ReadonlyMap<string, Progress>> {
  const { records } = await run<RawProgress>(queryRunner, (s) =>
    tokens
      .map(
        (token) =>
          `SELECT * FROM (SELECT id, entity, state, tasks, error_class FROM ${s.tables.outbox}
           WHERE ${hasToken(s, token)} LIMIT ${ROWS}) AS rows_of_token`,
      )
      .join(' UNION ALL '),
  );
  const byToken = new Map<string, RawProgress[]>(tokens.map((token) => [token, []]));
  for (const row of records) byToken.get(tokenOf(row.id))?.push(row);
  return new Map([...byToken].map(([token, rows]) => [token, progressOf(rows)]));
}

function progressOf(rows: readonly RawProgress[]): Progress {
  const waiting = rows.filter(({ state }) => state === 'enqueued' || state === 'retrying');
  return {
    isPart: rows.length >= ROWS,
    waiting: waiting.map(({ id }) => id),
    accepted: rows
      .filter(({ state }) => state === 'backend_accepted')
      .map(({ id, entity, tasks }) => ({ id, entity, tasks: tasks! })),
    discarded: rows
      .filter(({ state }) => state === 'discarded')
      .map(({ id, error_class }) => ({ id, errorClass: error_class })),
  };
}
