import type { ServerName } from './database';
import type { EngineProcess } from './engine-process';
import type { Differences } from './oracle';
import { Scene } from './scene';
import type { Trouble } from './troubles';
import { randomFrom } from './writer';

/** Load, and what goes wrong meanwhile. */
export interface Scenario {
  readonly name: string;
  readonly server: ServerName;
  readonly engine: EngineProcess;
  readonly seed: number;
  /** What goes wrong, one after the other, and how often. */
  readonly troubles: readonly (readonly [Trouble, number])[];
  /** When no more trouble is begun, by `Date.now()`. */
  readonly until: number;
}

/** What became of a scenario: a row of the table. */
export interface ScenarioResult extends Differences {
  readonly name: string;
  readonly server: ServerName;
  readonly seed: number;
  readonly saves: number;
  readonly failed: number;
  /** Processes that ended by an error of their own. */
  readonly crashes: number;
  /** Transactions that were done once more, as they met another. */
  readonly repeated: number;
  /** How often something was killed, frozen, cut or spoiled. */
  readonly faults: number;
  readonly seconds: number;
  readonly errors: readonly string[];
}

const WORKERS = 3;

/** Two writers and three workers, each a process of its own; trouble; then the index is held against the database. */
export async function play({ name, server, engine, seed, troubles, until }: Scenario): Promise<ScenarioResult> {
  const startedAt = performance.now();
  const scene = await Scene.open(server, engine);
  try {
    const writers = [await scene.writer(seed, { seeds: true }), await scene.writer(seed + 1, { lane: 1 })];
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => scene.worker()));
    const place = { scene, random: randomFrom(seed), workers, seed, until };
    let faults = 0;
    for (const [trouble, times] of troubles) faults += await trouble(place, times);
    await scene.finish(...writers);
    await scene.drained();
    const { crashes, written } = scene;
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    return { name, server, seed, ...written, crashes, faults, seconds, ...(await scene.compare()) };
  } finally {
    await scene.close();
  }
}

/** What a scenario that went well has to say. */
export const NOTHING_AMISS = { failed: 0, crashes: 0, lost: 0, stale: 0, ghosts: 0, errors: [], examples: [] };
