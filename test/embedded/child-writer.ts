import { embedded } from '../../src/embedded/index.js';

/**
 * The program of a child process: queues writes in the file that it is given, says so once all are accepted and some are
 * done, and goes on working until somebody ends it. With `rebuild` the writes are done by then, and what is queued makes the
 * words and the facets of all documents anew.
 */
async function main(file: string, batches: number, batchSize: number, rebuild: boolean): Promise<void> {
  const backend = embedded({ file });
  await backend.indexes.create('films');
  await backend.indexes.apply('films', { searchableAttributes: ['title'], filterableAttributes: ['year'] });
  const tasks = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const documents = Array.from({ length: batchSize }, (_, i) => {
      const number = batch * batchSize + i;
      return {
        key: `f${number}`,
        data: { title: `film number ${number}`, year: 1900 + (number % 100) },
        source: 'fields' as const,
      };
    });
    tasks.push(...(await backend.upsert('films', documents)));
  }
  tasks.push(...(await backend.remove('films', ['f1'])));
  await backend.outcomes(rebuild ? tasks : tasks.slice(0, 1), { waitMs: 60_000 });
  if (rebuild) {
    const settings = { searchableAttributes: ['title', 'year'], filterableAttributes: ['year', 'title'] };
    tasks.push(await backend.indexes.apply('films', settings));
  }
  process.send?.({ tasks });
  // Stay until killed, whether or not work is left.
  setInterval(() => {}, 1000);
}

const [file, batches, batchSize, last] = process.argv.slice(2);
void main(file!, Number(batches), Number(batchSize), last === 'rebuild');
