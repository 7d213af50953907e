import { onStack } from '../stacks/stack';
import { Film, Note } from './entities';
import { aPrefix, rowsOf, STEADY } from './senders';

onStack('an engine that never answers', 'sqlite', 'embedded', ({ use }) => {
  const stack = use([Film, Note], {
    sync: { mode: 'queued' },
    outbox: { ...STEADY, requestMs: 100 },
    prefix: aPrefix(),
  });
  afterEach(() => jest.restoreAllMocks());

  /** As a request that hangs until whoever sent it gives it up. */
  const silence = (signal: AbortSignal | undefined) =>
    new Promise<never>((_resolve, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason));
    });

  it('asked which index it has: an inline verb ends with BACKEND_TIMEOUT, and its work is kept', async () => {
    jest.spyOn(stack.backend.indexes, 'get').mockImplementation((_index, options) => silence(options?.signal));
    await specify('Never asked');
  });

  it('given a document: an inline verb ends with BACKEND_TIMEOUT, and its work is kept', async () => {
    jest.spyOn(stack.backend, 'upsert').mockImplementation((_index, _documents, options) => silence(options?.signal));
    await specify('Never sent');
  });

  async function specify(title: string) {
    const film = await stack.dataSource.getRepository(Film).save({ title });
    await expect(stack.for(Film).syncRecord(film, { mode: 'inline' })).rejects.toMatchObject({
      name: 'ScrypathError',
      code: 'BACKEND_TIMEOUT',
    });
    expect(await rowsOf(stack.dataSource)).toHaveLength(1);
    await stack.dataSource.query('DELETE FROM scrypath_outbox');
  }
});
