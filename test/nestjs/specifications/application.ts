import { type DynamicModule, Module, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { libsqlDriver } from 'scrypath/embedded';
import { MOVIE_ENTITIES } from '../../model/movie';

/** A DataSource of `@nestjs/typeorm` in memory, with the movies. */
export const database = (name?: string): DynamicModule =>
  TypeOrmModule.forRoot({
    ...(name !== undefined && { name }),
    type: 'better-sqlite3',
    driver: libsqlDriver(),
    database: ':memory:',
    entities: MOVIE_ENTITIES,
    synchronize: true,
    retryAttempts: 1,
  });

const opened: TestingModule[] = [];

/** Boots a module; `closeAll` closes it. */
export async function boot(metadata: ModuleMetadata): Promise<TestingModule> {
  @Module(metadata)
  class AppModule {}
  const application = await Test.createTestingModule({ imports: [AppModule] }).compile();
  opened.push(application);
  return application.init();
}

/** What a boot that is refused throws. */
export const refusal = (metadata: ModuleMetadata): Promise<unknown> =>
  boot(metadata).then(
    () => {
      throw new Error('It boots.');
    },
    (error: unknown) => error,
  );

export async function closeAll(): Promise<void> {
  for (const application of opened.splice(0)) await application.close();
}
