import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { type Backend, ScrypathError, type ScrypathOptions, type WorkerOptions } from '../index.js';

/** How the module runs an instance, beside what the instance itself is told. */
export interface RunOptions {
  /**
   * Whether a worker runs in this process, and how. It starts when the application has been bootstrapped, and is drained
   * before the DataSource closes. Default: true where the instance has an outbox. False in a process that only serves requests.
   */
  readonly worker?: boolean | WorkerOptions;
  /**
   * Longest time that a shutdown waits for the worker's batch, for what the engine has accepted, and for what else is under
   * way, in milliseconds; default 10 000. What has not ended by then stays in the outbox.
   */
  readonly shutdownTimeoutMs?: number;
}

/** Options of a `Scrypath`, without the DataSource, and how the module runs it. */
export interface ScrypathModuleOptions extends Omit<ScrypathOptions, 'backend' | 'dataSource'>, RunOptions {
  /**
   * The engine, or a function that makes it, which is called at every boot. A backend is closed with the application: one that
   * stands here by itself serves one boot of the process.
   */
  readonly backend: Backend | (() => Backend);
}

/** What `ScrypathModule.forRoot` takes. */
export interface ScrypathRootOptions extends ScrypathModuleOptions {
  /** The name of the DataSource in `@nestjs/typeorm`, which is the instance's too; default `default`. */
  readonly name?: string;
  /** A DataSource that `@nestjs/typeorm` does not know. It is initialized before, and closed after the application. */
  readonly dataSource?: DataSource;
}

/** A provider that makes the options, for `useClass` and `useExisting`. */
export interface ScrypathOptionsFactory {
  createScrypathOptions(name?: string): Promise<ScrypathModuleOptions> | ScrypathModuleOptions;
}

/** What `ScrypathModule.forRootAsync` takes: one of `useFactory`, `useClass` and `useExisting`. */
export interface ScrypathModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** The name of the DataSource in `@nestjs/typeorm`, which is the instance's too; default `default`. */
  readonly name?: string;
  /** The token of a DataSource that `@nestjs/typeorm` does not provide. */
  readonly dataSource?: InjectionToken;
  readonly inject?: (InjectionToken | OptionalFactoryDependency)[];
  // biome-ignore lint/suspicious/noExplicitAny: what is injected has any type, as in every factory of NestJS
  readonly useFactory?: (...injected: any[]) => Promise<ScrypathModuleOptions> | ScrypathModuleOptions;
  readonly useClass?: Type<ScrypathOptionsFactory>;
  readonly useExisting?: Type<ScrypathOptionsFactory>;
}

export interface ResolvedRun {
  /** Null: as the instance has an outbox or not. */
  readonly worker: boolean | WorkerOptions | null;
  readonly shutdownTimeoutMs: number;
}

const SHUTDOWN_MS = 10_000;
/** The longest that a timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Parts what the module is told from what the instance is told.
 * @throws ScrypathError `OPTION_INVALID`, naming every option of the module that does not hold
 */
export function partOptions(given: ScrypathModuleOptions): {
  readonly run: ResolvedRun;
  readonly rest: Omit<ScrypathOptions, 'backend' | 'dataSource'>;
} {
  if (typeof given !== 'object' || given === null) throw invalidModule([`they are ${given}; they are an object`]);
  const { worker, shutdownTimeoutMs = SHUTDOWN_MS, backend: _, ...rest } = given;
  const problems: string[] = [];
  if (worker !== undefined && typeof worker !== 'boolean' && (typeof worker !== 'object' || worker === null))
    problems.push('worker must be a boolean, or the options of a worker');
  if (!(typeof shutdownTimeoutMs === 'number' && shutdownTimeoutMs > 0 && shutdownTimeoutMs <= LONGEST_MS))
    problems.push(`shutdownTimeoutMs must be milliseconds above 0, at most ${LONGEST_MS}`);
  if (problems.length > 0) throw invalidModule(problems);
  return { run: Object.freeze({ worker: worker ?? null, shutdownTimeoutMs }), rest };
}

export const invalidModule = (problems: readonly string[], remedy?: string): ScrypathError =>
  new ScrypathError({
    code: 'OPTION_INVALID',
    happened: `The options of ScrypathModule are not valid: ${problems.join('; ')}.`,
    ...(remedy !== undefined && { remedy }),
    problems,
  });
