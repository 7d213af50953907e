import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { specifyBoot } from './boot';
import { specifyDataSources } from './data-sources';
import { specifyFilter } from './filter';
import { specifyHealth } from './health';
import { specifyProcesses } from './processes';
import { specifyTesting } from './testing-module';

/** One suite for both versions: a test file says which one `@nestjs/*` is. */
export function specifyNestModule(version: 11 | 12): void {
  describe(`ScrypathModule on NestJS ${version}`, () => {
    it('is tested on the version that it says', () => {
      const folder =
        version === 11 ? join(__dirname, '../nest-11/node_modules') : join(__dirname, '../../../node_modules');
      const { version: installed } = JSON.parse(readFileSync(join(folder, '@nestjs/core/package.json'), 'utf8')) as {
        version: string;
      };
      expect(installed.split('.')[0]).toBe(String(version));
      const { NestFactory: expected } = jest.requireActual(join(folder, '@nestjs/core')) as { NestFactory: unknown };
      expect(NestFactory).toBe(expected);
    });
    specifyBoot();
    specifyDataSources();
    specifyHealth();
    specifyFilter();
    specifyTesting();
    specifyProcesses(version);
  });
}
