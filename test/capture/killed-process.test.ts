import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../ormconfig';
import { attachOutbox } from '../../src/outbox/attach';
import { ensureOutbox } from '../../src/outbox/install';
import { onEveryDatabase, openDatabase } from '../stacks/stack';
import { Note } from './note';

onEveryDatabase('a process that is killed', ({ database }) => {
  let dataSource: DataSource;
  let drop: () => Promise<void>;
  let url: string;
  beforeEach(async () => {
    if (database === 'sqlite') {
      const directory = mkdtempSync(join(tmpdir(), 'scrypath-outbox-'));
      url = join(directory, 'notes.sqlite');
      dataSource = await new DataSource(dataSourceOptions(url, { entities: [Note], synchronize: true })).initialize();
      drop = async () => {
        await dataSource.destroy();
        rmSync(directory, { recursive: true });
      };
    } else {
      ({ dataSource, drop } = await openDatabase(database, [Note]));
      url = (dataSource.options as unknown as { url: string }).url;
    }
    await attachOutbox(dataSource);
    await ensureOutbox(dataSource);
  });
  afterEach(() => drop());

  const dies = (moment: 'before' | 'after'): Promise<{ signal: NodeJS.Signals | null; said: string }> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [join(__dirname, 'killed-child.cjs'), url, moment]);
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      child.once('close', (_, signal) => resolve({ signal, said }));
    });

  it('right after its COMMIT leaves the record and its mark', async () => {
    const { signal, said } = await dies('after');
    expect({ signal, said }).toMatchObject({ signal: 'SIGKILL' });
    const [note] = await dataSource.getRepository(Note).find();
    const marks = await dataSource.query('SELECT entity, record_key, cause, state FROM scrypath_outbox');
    expect(marks).toEqual([{ entity: 'Note', record_key: String(note!.id), cause: 'write', state: 'enqueued' }]);
  });

  it('right before its COMMIT, the mark already written, leaves neither', async () => {
    const { signal, said } = await dies('before');
    expect({ signal, said }).toMatchObject({ signal: 'SIGKILL' });
    expect(await dataSource.getRepository(Note).count()).toBe(0);
    expect(await dataSource.query('SELECT * FROM scrypath_outbox')).toEqual([]);
  });
});
