// Saves one note and dies at the commit: started by killed-process.test.ts, which compiles nothing for it.
require('../typescript.cjs');
const { DataSource } = require('typeorm');
const { dataSourceOptions } = require('../../ormconfig.ts');
const { attachOutbox } = require('../../src/outbox/attach.ts');
const { captureIntoOutbox } = require('../../src/capture/outbox-capture.ts');
const { fanOutOf } = require('../../src/fan-out/fan-out.ts');
const { MetadataRegistry } = require('../../src/metadata/metadata-registry.ts');
const { Note } = require('./note.ts');

async function main(url, moment) {
  const dataSource = new DataSource(dataSourceOptions(url, { entities: [Note] }));
  await attachOutbox(dataSource);
  await dataSource.initialize();
  const fanOut = fanOutOf(dataSource, new MetadataRegistry(dataSource, [], { prefix: null }).all());
  captureIntoOutbox(dataSource, { fanOut, logger: console });
  const die = () => process.kill(process.pid, 'SIGKILL');
  if (moment === 'after') dataSource.subscribers.push({ afterTransactionCommit: die });
  else
    dataSource.subscribers.push({
      beforeTransactionCommit: async ({ queryRunner }) => {
        // Behind the append, on the same connection.
        const [{ n }] = await queryRunner.query('SELECT COUNT(*) AS n FROM scrypath_outbox');
        if (Number(n) === 1) die();
      },
    });
  await dataSource.getRepository(Note).save({ text: 'last words' });
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
