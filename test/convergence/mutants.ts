import type { DatabaseName } from '../stacks/reachable';
import { IS_WHOLE_RUN } from '../stacks/whole-run';

/** One place of the source, changed. The text must be there exactly once, so that no refactoring makes the change none. */
export interface Change {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The sending with one of its rules switched off, and the scenario that must go wrong then. */
export interface Mutant {
  readonly rule: string;
  readonly changes: readonly Change[];
  readonly scenario: string;
  readonly databases: readonly DatabaseName[];
}

/** Where the mutant at a place of the list is played: in a whole run on all of its databases, else on one, in turn. */
export const playedOn = ({ databases }: Mutant, at: number): readonly DatabaseName[] =>
  IS_WHOLE_RUN ? databases : [databases[at % databases.length]!];

const SERVERS: readonly DatabaseName[] = ['postgres', 'mariadb'];
/** Where the rule is the same code on both servers. */
const ON_TWO: readonly DatabaseName[] = ['sqlite', 'postgres'];

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'a shard is locked',
    changes: [
      {
        file: 'src/worker/locked-shards.ts',
        find: `AND \${noFence(s)}\${s.dialect.skipLocked}\``,
        replace: `AND \${noFence(s)}\``,
      },
    ],
    scenario: 'two claim one key at the same time, and the slower one has read first',
    databases: SERVERS,
  },
  {
    rule: 'of two who lease a shard one succeeds',
    changes: [
      {
        file: 'src/worker/leased-shards.ts',
        find: `WHERE shard = \${s.value(shard)} AND holder IS \${s.value(holder)} AND unknown_until = \${s.value(until)}\n           AND \${noFence(s)} RETURNING`,
        replace: `WHERE shard = \${s.value(shard)} AND \${noFence(s)} RETURNING`,
      },
    ],
    scenario: 'two claim one key at the same time, and the slower one has read first',
    databases: ['sqlite'],
  },
  {
    rule: 'grace: what a dead sender has sent is waited for',
    changes: [
      {
        file: 'src/worker/claim.ts',
        find: '[Number(row.shard), Number(row.unknown_until)]',
        replace: '[Number(row.shard), 0]',
      },
    ],
    scenario: 'a sender dies while its request is on its way',
    databases: SERVERS,
  },
  {
    rule: 'grace: what a dead sender has sent is waited for',
    changes: [
      {
        file: 'src/worker/leased-shards.ts',
        find: 'if (prior.get(shard)! > now)',
        replace: 'if (prior.get(shard)! < 0)',
      },
    ],
    scenario: 'a sender dies while its request is on its way',
    databases: ['sqlite'],
  },
  {
    rule: 'grace: a request without an answer is not sent again at once',
    changes: [
      {
        file: 'src/worker/send-changes.ts',
        find: 'dueAt: unknownUntil,\n      unknownUntil,',
        replace: 'dueAt: 0,\n      unknownUntil: 0,',
      },
    ],
    scenario: 'an answer does not come, and the request arrives behind a newer one',
    databases: ON_TWO,
  },
  {
    rule: 'grace is carried to every row that waits in the shard',
    changes: [
      {
        file: 'src/worker/claim.ts',
        find: `UPDATE \${s.tables.outbox} SET unknown_until = \${s.value(until)}
       WHERE`,
        replace: `UPDATE \${s.tables.outbox} SET unknown_until = \${s.value(until)}
       WHERE 1 = 0 AND`,
      },
    ],
    scenario: 'a sender dies, and the next one takes another key of the shard first',
    databases: ON_TWO,
  },
  {
    rule: 'a record is read again at each try',
    changes: [
      {
        file: 'src/worker/read-changes.ts',
        find: 'const document = record !== undefined && projection.eligible(record) ? projection.stored(record) : null;',
        replace: `const seen = ((globalThis as any).scrypathSeen ??= new Map());
      const fresh = record !== undefined && projection.eligible(record) ? projection.stored(record) : null;
      if (!seen.has(rowsOfKey[0]!.id)) seen.set(rowsOfKey[0]!.id, fresh);
      const document = seen.get(rowsOfKey[0]!.id);`,
      },
    ],
    scenario: 'an older row is tried again behind a newer one',
    databases: ON_TWO,
  },
  {
    rule: 'rows are taken in whatever order they were committed',
    changes: [
      {
        file: 'src/worker/claim.ts',
        find: ` LIMIT \${of.limit}) AS \${name}\``,
        replace: ` AND id > '\${(globalThis as any).scrypathCursor ?? ""}' LIMIT \${of.limit}) AS \${name}\``,
      },
      {
        file: 'src/worker/claim.ts',
        find: 'const rows = records.map(dirtyRowOf);',
        replace: `const rows = records.map(dirtyRowOf);
  for (const { id } of rows) if (id > ((globalThis as any).scrypathCursor ?? '')) (globalThis as any).scrypathCursor = id;`,
      },
    ],
    scenario: 'a row with a smaller id is committed behind one with a greater id',
    databases: ON_TWO,
  },
  {
    rule: 'who has lost his shards marks again what he has sent',
    changes: [{ file: 'src/worker/drain.ts', find: 'site.owed.push(sent);', replace: '' }],
    scenario: 'a frozen sender loses its shards, and sends what it has read',
    databases: ON_TWO,
  },
  {
    rule: 'what he marks again waits for what hangs on its way',
    changes: [{ file: 'src/worker/drain.ts', find: 'if (uncertain)', replace: 'if (uncertain && marks.length < 0)' }],
    scenario: 'a frozen sender loses its shards, and what it sends hangs on its way',
    databases: ON_TWO,
  },
  {
    rule: 'a row is done when all of its tasks have succeeded',
    changes: [
      {
        file: 'src/worker/settler.ts',
        find: 'const ended = outcomes.slice(at, at + batch.tasks.length);',
        replace: 'const ended = outcomes.slice(at, at + 1);',
      },
    ],
    scenario: 'a batch becomes two tasks, and the second fails',
    databases: ON_TWO,
  },
  {
    rule: 'a failed batch is sent again in pieces',
    changes: [
      {
        file: 'src/worker/drain.ts',
        find: 'const isolated = state?.isolating === true;',
        replace: 'const isolated = state?.isolating === true && changes.length < 0;',
      },
    ],
    scenario: 'what waits in the engine fails together, and nobody is told for whose sake',
    databases: ON_TWO,
  },
  {
    rule: 'while isolating one task is in flight',
    changes: [
      {
        file: 'src/worker/index-state.ts',
        find: 'if (!(await isOver(backend, [...inFlight, ...accepted], signal))) return false;',
        replace: '',
      },
    ],
    scenario: 'what waits in the engine fails together, and nobody is told for whose sake',
    databases: ON_TWO,
  },
  {
    rule: 'a record under another spelling of its key is dirtied under its own',
    changes: [{ file: 'src/worker/drain.ts', find: 'dirtied.push(...respelled(entity, read));', replace: '' }],
    scenario: 'a key is marked under another spelling',
    databases: ['mariadb'],
  },
  {
    rule: 'background work on SQLite waits for the transaction of the application',
    changes: [
      {
        file: 'src/worker/background-runner.ts',
        find: 'while (connectionOf(dataSource).inTransaction) {',
        replace: 'while (connectionOf(dataSource).inTransaction && waitMs < 0) {',
      },
    ],
    scenario: 'work begins inside of a transaction of the application that is then rolled back',
    databases: ['sqlite'],
  },
  {
    rule: 'a sender leaves rows of a newer projection alone',
    changes: [
      {
        file: 'src/worker/drain.ts',
        find: 'const newer = new Set(hold.rows.map(({ entity }) => entity).filter(isNewer));',
        replace: 'const newer = new Set(hold.rows.map(({ entity }) => entity).filter((e) => isNewer(e) && e === ""));',
      },
    ],
    scenario: 'a sender of an older deployment is still there',
    databases: ON_TWO,
  },
  {
    rule: 'replay: what was sent beside a fill is sent again behind it',
    changes: [
      {
        file: 'src/worker/touched-keys.ts',
        find: `record_key, 'replay', \${s.dialect.nowMs}\n         FROM \${s.tables.touched} WHERE`,
        replace: `record_key, 'replay', \${s.dialect.nowMs}\n         FROM \${s.tables.touched} WHERE 1 = 0 AND`,
      },
    ],
    scenario: 'a page of a rebuild is older than what was sent beside it',
    databases: ON_TWO,
  },
  {
    rule: 'live: a backfill of the live index is registered',
    changes: [
      {
        file: 'src/fill-index.ts',
        find: 'source && isLive ? await registerBackfill(source, metadata.entity) : null',
        replace: 'source && isLive && metadata.entity === "" ? await registerBackfill(source, metadata.entity) : null',
      },
    ],
    scenario: 'a page of a backfill is older than what was sent beside it',
    databases: ON_TWO,
  },
  {
    rule: 'range: whoever fills one asks before each upload whether it is still his',
    changes: [
      {
        file: 'src/backfill/shared-fill.ts',
        find: '          await part.beat();',
        replace: '',
      },
    ],
    scenario: 'whoever has a range of a backfill is silent, and goes on when somebody else has filled it',
    databases: ON_TWO,
  },
  {
    rule: 'touched: a key is remembered before it is sent',
    changes: [
      {
        file: 'src/worker/drain.ts',
        find: "if (registrations.length > 0) await touch(await site.source.aside('send'), registrations, rows);",
        replace: '',
      },
      {
        file: 'src/worker/drain.ts',
        find: 'for (const outcome of outcomes) for (const [id, error] of outcome.errors) errors.set(id, error);',
        replace: `for (const outcome of outcomes) for (const [id, error] of outcome.errors) errors.set(id, error);
  if (registrations.length > 0) await touch(await site.source.aside('send'), registrations, rows);`,
      },
    ],
    scenario: 'a page of a rebuild is older than what is being sent beside it',
    databases: ON_TWO,
  },
  {
    rule: 'fence: names are swapped while every shard is held',
    changes: [
      {
        file: 'src/worker/swap.ts',
        find: "const held = await source.fence('swap', async (queryRunner, lateUntil) => {",
        replace:
          "const held = await (async (act) => act(await source.aside('look'), 0))(async (queryRunner, lateUntil) => {",
      },
    ],
    scenario: 'the names are swapped while a batch has gone to one of them',
    databases: ON_TWO,
  },
  {
    rule: 'both: a row is done when its tasks on both indexes have succeeded',
    changes: [
      {
        file: 'src/worker/settler.ts',
        find: 'const ended = outcomes.slice(at, at + batch.tasks.length);',
        replace: 'const ended = outcomes.slice(at, at + 1);',
      },
    ],
    scenario: 'the task of the old index fails, and that is made the live one again',
    databases: ON_TWO,
  },
  {
    rule: 'swapping: nothing is sent while names are swapped',
    changes: [
      {
        file: 'src/worker/drain.ts',
        find: 'return entities.length === 0 ? rows : rows.filter(({ entity }) => !entities.includes(entity));',
        replace: 'return rows;',
      },
    ],
    scenario: 'somebody writes while the names are swapped',
    databases: ON_TWO,
  },
  {
    rule: 'whether names were swapped is read, and not taken for granted',
    changes: [
      {
        file: 'src/worker/swap.ts',
        find: 'return write(site, rebuild, over, await outcomeOf(backend, rebuild));',
        replace: "return write(site, rebuild, over, 'swapped');",
      },
    ],
    scenario: 'the request that swaps the names is lost',
    databases: ON_TWO,
  },
];
