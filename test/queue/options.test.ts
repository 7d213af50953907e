import { type BullmqOptions, bullmq } from '../../src/bullmq/index.js';
import { type PgBossOptions, pgBoss } from '../../src/pg-boss/index.js';

const problemsOf = (make: () => unknown): readonly string[] => {
  try {
    make();
  } catch (error) {
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(String(error)).not.toContain('secret');
    return (error as { problems: readonly string[] }).problems;
  }
  throw new Error('nothing was refused');
};

describe('pgBoss()', () => {
  it('refuses every option that it cannot work with, at once', () => {
    const options = {
      connectionString: 'mysql://root:secret@db/app',
      queue: 'a b',
      schema: 'x"; DROP',
      retry: { limit: -1 },
      heartbeatSeconds: 5,
      pollMs: 0,
      logger: {},
      colour: 'red',
    };
    expect(problemsOf(() => pgBoss(options as unknown as PgBossOptions))).toHaveLength(8);
  });

  it.each([{}, { boss: {}, connectionString: 'postgres://db/app' }, undefined])('refuses %j', (options) => {
    expect(problemsOf(() => pgBoss(options as unknown as PgBossOptions)).join()).toMatch(/boss/);
  });

  it('connects to nothing before it is used', async () => {
    const queue = pgBoss({ connectionString: 'postgres://nobody:secret@127.0.0.1:1/none' });
    expect({ name: queue.name, transactional: queue.transactional }).toEqual({ name: 'pg-boss', transactional: true });
    await queue.close();
  });

  it('says so where the server is away, and closes all the same', async () => {
    const queue = pgBoss({ connectionString: 'postgres://nobody@127.0.0.1:1/none' });
    await expect(queue.start()).rejects.toThrow('ECONNREFUSED');
    await queue.close();
  });
});

describe('bullmq()', () => {
  it('refuses every option that it cannot work with, at once', () => {
    const options = {
      connection: 'redis://:secret@db',
      queue: 'a:b',
      prefix: '',
      retry: { tries: 1 },
      lockSeconds: 0,
      logger: null,
      colour: 'red',
    };
    expect(problemsOf(() => bullmq(options as unknown as BullmqOptions))).toHaveLength(7);
  });

  it('connects to nothing before it is used', async () => {
    const queue = bullmq({ connection: { host: '127.0.0.1', port: 1 } });
    expect({ name: queue.name, transactional: queue.transactional }).toEqual({ name: 'bullmq', transactional: false });
    await queue.close();
  });

  it('says so where the server is away, and closes all the same', async () => {
    const logger = { warn: () => undefined, error: () => undefined };
    const queue = bullmq({ connection: { host: '127.0.0.1', port: 1 }, logger });
    await expect(queue.start()).rejects.toThrow();
    await expect(queue.enqueue([{ entity: 'Movie', recordKey: '1' }])).rejects.toThrow();
    await queue.close();
  });
});

it.each([0, 1.5, 100_001])('a batch of %d keys is refused', async (maxKeys) => {
  const queue = bullmq({ connection: { host: '127.0.0.1', port: 1 } });
  const refused = expect.objectContaining({ code: 'OPTION_INVALID' });
  expect(() => queue.consume(async () => undefined, { maxKeys })).toThrow(refused);
  await queue.close();
});
