// Saves one note and dies at the commit: started by killed-process.test.ts, which compiles nothing for it.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { transformSync } = require('@swc/core');

require('reflect-metadata');

const resolve = Module._resolveFilename;
Module._resolveFilename = function resolveSource(request, ...rest) {
  if (request.startsWith('scrypath/')) return resolve.call(this, `${__dirname}/../../src/${request.slice(9)}/index.ts`);
  try {
    return resolve.call(this, request, ...rest);
  } catch (error) {
    if (!request.startsWith('.')) throw error;
    return resolve.call(this, request.replace(/\.js$/, '.ts'), ...rest);
  }
};
Module._extensions['.ts'] = (module, filename) => {
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'commonjs' },
  });
  module._compile(code, filename);
};

const { DataSource } = require('typeorm');
const { dataSourceOptions } = require('../../ormconfig.ts');
const { attachOutbox } = require('../../src/outbox/attach.ts');
const { outboxCapture } = require('../../src/outbox/outbox-capture.ts');
const { Note } = require('./entities.ts');

async function main(url, moment) {
  const dataSource = new DataSource(dataSourceOptions(url, { entities: [Note] }));
  await attachOutbox(dataSource);
  await dataSource.initialize();
  outboxCapture(dataSource, { keysOf: ({ entity }) => [{ entity: 'Note', recordKey: String(entity.id) }] });
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
