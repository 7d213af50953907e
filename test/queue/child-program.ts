import { join } from 'node:path';

/** What starts `consumer-child.ts`. */
export const childProgram = (...parameters: readonly string[]): { command: string; args: string[] } => ({
  command: process.execPath,
  args: ['-r', join(__dirname, '../typescript.cjs'), join(__dirname, 'consumer-child.ts'), ...parameters],
});
