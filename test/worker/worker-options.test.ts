import { Scrypath } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import type { WorkerOptions } from '../../src/worker/worker';
import { openDatabase } from '../stacks/stack';
import { Film, Note } from './entities';

describe('options of a worker', () => {
  let scrypath: Scrypath;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const opened = await openDatabase('sqlite', [Film, Note]);
    drop = opened.drop;
    scrypath = new Scrypath({ dataSource: opened.dataSource, backend: embedded(), outbox: true });
    await scrypath.start();
  });

  afterAll(async () => {
    await scrypath.close();
    await drop();
  });

  it.each([
    ['batchSize', 0],
    ['batchSize', 1.5],
    ['batchSize', Number.NaN],
    ['coalesceMs', -1],
    ['coalesceMs', 2 ** 31],
    ['pollMs', 0],
    ['pollMs', '100'],
    ['pollMs', Number.POSITIVE_INFINITY],
    ['maxEngineTasks', 0],
    ['maxEngineTasks', null],
    ['batchsize', 10],
  ])('%s is not %p', (name, value) => {
    const make = () => scrypath.worker({ [name]: value } as WorkerOptions);
    expect(make).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', problems: [expect.stringContaining(name)] }),
    );
  });

  it('every one that does not hold is named', () => {
    const make = () => scrypath.worker({ batchSize: -1, pollMs: -1 });
    expect(make).toThrow(expect.objectContaining({ problems: [expect.anything(), expect.anything()] }));
    expect(() => scrypath.worker(5 as WorkerOptions)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  it('one that is undefined has its default, and those that hold are taken', async () => {
    const worker = scrypath.worker({ pollMs: undefined, coalesceMs: 0, batchSize: 1 } as unknown as WorkerOptions);
    await worker.start();
    await worker.stop();
    expect(worker.isRunning).toBe(false);
  });
});
