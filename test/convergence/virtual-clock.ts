import type { DataSource } from 'typeorm';
import { dialectOf } from '../../src/outbox/dialect';

const START = 1_700_000_000_000;
const STAMP = /\(\d{13}\+0\)/g;

/**
 * One clock for the program and its database, which goes on only when told to. What is a second's grace passes at once,
 * and a machine under load changes nothing.
 */
export class VirtualClock {
  now = START;
  readonly #restore: () => void;

  constructor(dataSource: DataSource) {
    const { performance } = globalThis;
    const { now } = performance;
    const dialect = dialectOf(dataSource);
    const { nowMs } = dialect;
    performance.now = () => this.now;
    Object.defineProperty(dialect, 'nowMs', { get: () => `(${this.now}+0)`, configurable: true, enumerable: true });
    this.#restore = () => {
      performance.now = now;
      Object.defineProperty(dialect, 'nowMs', { value: nowMs, configurable: true, enumerable: true, writable: true });
    };
  }

  /** The statement with the time at which it is carried out, not that at which its text was made. */
  stamp(sql: string): string {
    return sql.replace(STAMP, `(${this.now}+0)`);
  }

  stop(): void {
    this.#restore();
  }
}
