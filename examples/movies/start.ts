import { connect, type Example } from './connect.js';
import { search } from './search.js';
import { takeTour } from './tour.js';

/** `npm start` takes the tour; `npm start -- "a text"` searches. */
async function start(text: string): Promise<number> {
  let example: Example | null = null;
  try {
    example = await connect();
    if (text === '') return await takeTour(example);
    await search(example, text);
    return 0;
  } finally {
    await example?.close();
  }
}

start(process.argv.slice(2).join(' ')).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
