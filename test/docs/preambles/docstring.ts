// What the `@example`s of docstrings leave out.

import type { INestApplicationContext } from '@nestjs/common';
import type { HealthCheckService } from '@nestjs/terminus';
import type { Backend, Scrypath, SearchResult, SearchService } from 'scrypath';
import type { MeilisearchBackend } from 'scrypath/meilisearch';
import type { ScrypathHealthIndicator } from 'scrypath/nestjs';
import type { Faults } from 'scrypath/testing';
import type { DataSource, EntitySchema, Repository } from 'typeorm';
import type { WorkQueue } from '../../../src/queue/work-queue.js';
import type { QueueUnderTest } from '../../../src/testing/queue-conformance/queue-under-test.js';
import type { Director, Movie } from './movie.js';

export { Module } from '@nestjs/common';
export { APP_FILTER } from '@nestjs/core';
export { Test } from '@nestjs/testing';
export { TypeOrmModule } from '@nestjs/typeorm';
export {
  aroundSpans,
  declarationOf,
  describe,
  type Filter,
  Filterable,
  Scrypath,
  ScrypathError,
  Searchable,
  SearchDocument,
  SearchService,
  Sortable,
} from 'scrypath';
export { embedded, libsqlDriver } from 'scrypath/embedded';
export { meilisearch } from 'scrypath/meilisearch';
export { ScrypathModule } from 'scrypath/nestjs';
export { instrument } from 'scrypath/opentelemetry';
export { createTestScrypath, describeBackend, type TestScrypath } from 'scrypath/testing';
export { Column, DataSource, Entity, ManyToOne, PrimaryGeneratedColumn, type Relation } from 'typeorm';
export { Director, Movie } from './movie.js';
export { AppModule, MoviesService, Settings } from './nestjs.js';

/** The class around an example that is part of one. */
export declare class Members {
  title: string;
  year: number;
}

interface MovieRow {
  id: number;
  title: string;
  year: number;
  director: { name: string };
}
export declare const MovieSchema: EntitySchema<MovieRow>;
export declare const dataSource: DataSource;
export declare const repository: Repository<Movie>;
export declare const scrypath: Scrypath;
export declare const movies: SearchService<Movie>;
export declare const movie: Movie;
export declare const director: Director;
export declare const result: SearchResult<Movie, unknown, never, true>;
export declare const apiKey: string;
export declare const backend: MeilisearchBackend;
export declare const taskUid: number;
export declare const somethingIsWrong: boolean;
export declare const faults: Faults;

export declare class MyEngine {
  url: string;
}
export declare const startMyEngine: () => Promise<MyEngine>;
export declare const MyBackend: new (engine: MyEngine) => Backend & { close(): Promise<void> };
export declare const openMyQueue: (name: string) => WorkQueue;
export declare const startMyQueue: () => Promise<QueueUnderTest>;
export declare const app: INestApplicationContext;
export declare const health: HealthCheckService;
export declare const indicator: ScrypathHealthIndicator;
