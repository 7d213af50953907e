import 'reflect-metadata';
import { Body, Controller, Inject, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { Backend } from 'scrypath';
import { embedded } from 'scrypath/embedded';
import { ScrypathModule } from 'scrypath/nestjs';
import type { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../../ormconfig';
import { Book } from './book';

/** How an application is to run, as its parent tells it. */
export interface Job {
  /** Address of the database, or the path of a SQLite file. */
  readonly database: string;
  /** The file of the engine; null: in memory. */
  readonly engine: string | null;
  readonly batchSize: number;
  readonly shutdownTimeoutMs: number;
  /** Whether the engine never answers once it was sent the first document. */
  readonly hangs: boolean;
  /** Whether it closes itself after its boot, and is then to end for want of anything to do. */
  readonly closes: boolean;
}

const tell = (message: object): Promise<void> =>
  new Promise((resolve) => {
    process.send!(message, () => resolve());
  });

/** Tells of the first upload, and goes on with it when the parent says so. */
function heldUp(backend: Backend, hangs: boolean): Backend {
  const upsert = backend.upsert.bind(backend);
  let first = true;
  return Object.assign(backend, {
    upsert: (async (index, documents, options) => {
      if (first && documents.length > 0) {
        first = false;
        await tell({ kind: 'sending', documents: documents.length });
        await new Promise<void>((resolve) => {
          if (!hangs) process.once('message', () => resolve());
        });
      }
      return upsert(index, documents, options);
    }) as Backend['upsert'],
  });
}

async function main({ database, engine, batchSize, shutdownTimeoutMs, hangs, closes }: Job): Promise<void> {
  @Controller()
  class BooksController {
    constructor(@Inject(getDataSourceToken()) private readonly dataSource: DataSource) {}
    @Post('books') async add(@Body() titles: readonly string[]) {
      const books = titles.map((title) => ({ title }));
      return { saved: (await this.dataSource.getRepository(Book).save(books)).length };
    }
  }
  const backend = embedded(engine === null ? {} : { file: engine });
  @Module({
    imports: [
      ScrypathModule.forRoot({
        backend: heldUp(backend, hangs),
        sync: { mode: 'queued' },
        capture: 'orm',
        worker: { batchSize },
        shutdownTimeoutMs,
      }),
      TypeOrmModule.forRoot(dataSourceOptions(database, { entities: [Book], synchronize: true })),
    ],
    controllers: [BooksController],
  })
  class AppModule {}
  // Before the application's own, which goes on until everything is drained.
  process.once('SIGTERM', () => void tell({ kind: 'terminating' }));
  // Nobody is left to end it where its parent was killed.
  const parentIsGone = () => process.exit(1);
  process.once('disconnect', parentIsGone);
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'], abortOnError: false });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as { port: number };
  await tell({ kind: 'listening', port });
  if (!closes) return;
  await app.close();
  process.off('disconnect', parentIsGone);
  process.disconnect();
}

main(JSON.parse(process.argv[2]!) as Job).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
