import { MAX_FIELDS } from '../../src/embedded/document-fields.js';
import { embedded } from '../../src/embedded/index.js';
import { ended, film, films } from './films.js';

it('the task of a document with too many fields names the document', async () => {
  const backend = embedded();
  const fields = Object.fromEntries(Array.from({ length: MAX_FIELDS + 1 }, (_, n) => [`f${n}`, 1]));
  const [task] = await backend.upsert('films', [...films(2), film('wide', fields)]);
  const [outcome] = await ended(backend, task!);
  expect(outcome!.error).toMatchObject({ code: 'max_fields_limit_exceeded', document: 'wide', kind: 'document' });
  await backend.close();
});
