import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Instances } from './instances.js';

/** The name of the instance that a module stands for; each module has its own. */
export const INSTANCE_NAME = 'SCRYPATH_INSTANCE_NAME';

/**
 * Runs an instance with the application. It belongs to a module that is not global: NestJS ends those before the global
 * ones, and so the instance is closed before the core of `TypeOrmModule` closes its DataSource, in whatever order they are
 * imported.
 */
@Injectable()
export class Lifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    @Inject(Instances) private readonly instances: Instances,
    @Inject(INSTANCE_NAME) private readonly name: string,
  ) {}

  onApplicationBootstrap(): Promise<void> {
    return this.instances.startWorker(this.name);
  }

  /** Requests are served still: what they write now is captured, and waits in the outbox. */
  beforeApplicationShutdown(): Promise<void> {
    return this.instances.drain();
  }

  onApplicationShutdown(): Promise<void> {
    return this.instances.close(this.name);
  }
}
