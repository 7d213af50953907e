import { NullBackend } from '../../bench/null-backend.js';

const document = (key: string) => ({ key, data: {}, source: 'fields' as const });

it('the null backend takes everything, and counts it', async () => {
  const backend = new NullBackend();
  const told: number[] = [];
  const onAccepted = ({ id }: { readonly id: number }) => void told.push(id);
  const tasks = [
    ...(await backend.upsert('movies', [document('1'), document('2')], { batch: 'b', onAccepted })),
    ...(await backend.remove('movies', ['1'])),
    ...(await backend.upsert('movies', [])),
    await backend.indexes.create('movies'),
  ];
  expect(tasks).toEqual([
    { id: 0, index: 'movies', batch: 'b', count: 2 },
    { id: 1, index: 'movies', count: 1 },
    { id: 2, index: 'movies' },
  ]);
  expect(told).toEqual([0]);
  expect(await backend.outcomes([...tasks, { id: 9, index: 'movies' }])).toEqual([
    ...tasks.map((task) => ({ ...task, status: 'succeeded', error: null })),
    { id: 9, index: 'movies', status: 'unknown', error: null },
  ]);
  const { documentsWritten, keysRemoved, requests } = backend;
  expect({ documentsWritten, keysRemoved, requests }).toEqual({ documentsWritten: 2, keysRemoved: 1, requests: 2 });
  expect(await backend.backlog()).toBe(0);
});
