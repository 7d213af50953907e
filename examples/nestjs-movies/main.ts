import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ApplicationModule } from './application.module.js';

/** Serves until it is told to end; then requests, batch and connections come to their end, in this order. */
async function start(): Promise<void> {
  const application = await NestFactory.create<NestExpressApplication>(ApplicationModule, {
    logger: ['warn', 'error'],
  });
  // With it a signal ends the process with 0, after everything was drained.
  application.enableShutdownHooks([], { useProcessExit: true });
  await application.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
  const { port } = application.getHttpServer().address() as AddressInfo;
  console.log(`http://127.0.0.1:${port}/movies?q=godfahter`);
}

void start();
