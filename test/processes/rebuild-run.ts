import type { Child, RebuildVerb } from './children';
import type { Mishap } from './engine-link';
import { OUTBOX, type Scene } from './scene';
import { Searcher } from './searcher';
import { randomFrom } from './writer';

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What goes wrong while an index is rebuilt. */
export interface RebuildTroubles {
  /** How often whoever rebuilds is killed at most. */
  readonly kills: number;
  /** Milliseconds between deaths of workers, for each of whom another takes the place; 0: they live. */
  readonly workersLiveMs: number;
  /** The share of requests that are spoiled. */
  readonly spoiled: number;
  /** Whether the engine is killed once, and comes back. */
  readonly stopsEngine: boolean;
}

/** What becomes of the old index. */
export type RebuildEnd = 'keep' | 'rollback' | 'finish' | 'abandon';

export interface RebuildRunGiven {
  readonly scene: Scene;
  readonly seed: number;
  readonly troubles: RebuildTroubles;
  readonly end: RebuildEnd;
  /** Longest time for one step after it was begun, in milliseconds. */
  readonly patienceMs: number;
  readonly perSecond: number;
  /** Whether workers fill ranges too; default: as chance has it. */
  readonly distribute?: boolean;
}

export interface RebuildRun {
  readonly seed: number;
  readonly end: RebuildEnd;
  readonly saves: number;
  readonly writes: number;
  /** For each second in which there were writers. */
  readonly writesASecond: number;
  /** Saves that failed, processes that ended by an error, searches that found nothing or failed. */
  readonly failed: number;
  readonly kills: number;
  readonly faults: number;
  readonly searches: number;
  readonly repaired: number;
  readonly replayed: number;
  readonly documents: number;
  readonly lost: number;
  readonly stale: number;
  readonly ghosts: number;
  readonly seconds: number;
  readonly errors: readonly string[];
  readonly examples: readonly string[];
}

const WORKERS = 2;
const WORKING = { batchSize: 500 };
/**
 * Reasons for which whoever rebuilds stops, and is to be started again. With short times on a machine that is busy, a process
 * may not get its turn before the database ends its transaction: `HOLD_LOST`, and 25P03 where it was not held under.
 */
const PASSING = /^(BACKEND_|REBUILD_RUNNING|BACKFILL_RUNNING|TASK_|WORK_TIMEOUT|HOLD_LOST$|25P03$|undefined$)/;

/** Where whoever rebuilds is killed, and for how many milliseconds at most he is in that step then, of 100,000 rows. */
const DEATHS: readonly (readonly [string, number])[] = [
  ['create', 300],
  ['fill', 4_000],
  ['fill', 1_000],
  ['replay', 500],
  ['verify', 2_000],
  ['swap', 100],
  ['swap', 400],
];

/** One rebuild under load and trouble; then both indexes are held against the database. */
export async function playRebuild(given: RebuildRunGiven): Promise<RebuildRun> {
  const startedAt = performance.now();
  const { scene, seed, end, perSecond } = given;
  const running = new Running(given);
  const before = { ...scene.written };
  const crashes = scene.crashes;
  const searcher = new Searcher(scene.engine, scene.index, Math.floor((scene.given.size?.products ?? 0) / 5));
  const writers = [
    await scene.writer(seed, { perSecond: perSecond / 2 }),
    await scene.writer(seed + 1, { lane: 1, perSecond: perSecond / 2 }),
  ];
  const writingSince = performance.now();
  const workers = await Promise.all(Array.from({ length: WORKERS }, () => scene.worker(WORKING)));
  try {
    await running.troubled(searcher, workers, async () => {
      await running.rebuild();
      await pause(1_000);
      if (end === 'rollback' || end === 'finish') await running.go(end);
      await pause(500);
    });
    await scene.finish(...writers);
    const writingSeconds = (performance.now() - writingSince) / 1_000;
    const writes = scene.written.writes - before.writes;
    await scene.drained();
    await searcher.stop();
    const live = await scene.compare();
    const kept = await scene.rebuild();
    // The old index is as current as the new one.
    const both = kept?.state === 'kept' ? [live, await scene.compare(kept.target)] : [live];
    const sum = (of: 'lost' | 'stale' | 'ghosts') => both.reduce((n, compared) => n + compared[of], 0);
    if (kept !== null) await running.go('finish');
    return {
      ...{ seed, end, kills: running.kills, faults: running.faults, searches: searcher.searches },
      ...{ repaired: running.repaired, replayed: running.replayed, documents: live.documents },
      saves: scene.written.saves - before.saves,
      writes,
      writesASecond: Math.round(writes / writingSeconds),
      failed:
        scene.written.failed -
        before.failed +
        scene.crashes -
        crashes +
        running.errors.length +
        searcher.complaints.length,
      ...{ lost: sum('lost'), stale: sum('stale'), ghosts: sum('ghosts') },
      seconds: Math.round((performance.now() - startedAt) / 1_000),
      errors: [...running.errors, ...searcher.complaints, ...scene.written.errors],
      examples: both.flatMap(({ examples }, at) => examples.map((line) => `${at === 0 ? 'live' : 'old'} ${line}`)),
    };
  } finally {
    for (const child of [...writers, ...workers]) await child.kill();
    await searcher.stop();
  }
}

class Running {
  kills = 0;
  repaired = 0;
  replayed = 0;
  readonly errors: string[] = [];
  readonly #given: RebuildRunGiven;
  /** What is planned comes from one source, and what meets chance from another: a seed gives the same plan again. */
  readonly #random: () => number;
  readonly #noise: () => number;
  readonly #faultsBefore: number;
  #more = 0;

  constructor(given: RebuildRunGiven) {
    this.#given = given;
    this.#random = randomFrom(given.seed);
    this.#noise = randomFrom(given.seed + 7);
    this.#faultsBefore = given.scene.link.mishaps;
  }

  get faults(): number {
    return this.#given.scene.link.mishaps - this.#faultsBefore + this.#more;
  }

  /** From the beginning to the cutover, through every death; or to where it is abandoned. */
  async rebuild(): Promise<void> {
    const { end } = this.#given;
    const chance = this.#random();
    const { distribute = chance > 0.7 } = this.#given;
    const partitions = distribute ? 6 : chance < 0.3 ? 2 : 1;
    const options = { batchSize: 500, partitions, distribute, cutover: end !== 'abandon' };
    await this.#throughDeaths(
      'begin',
      options,
      (state) => state === 'kept' || (end === 'abandon' && state === 'ready'),
    );
    if (end === 'abandon') await this.go((await this.#given.scene.rebuild())?.state === 'kept' ? 'finish' : 'abandon');
  }

  /** One thing with the rebuild that there is, through every death. */
  async go(verb: RebuildVerb): Promise<void> {
    await this.#throughDeaths(verb, {}, () => false);
  }

  /** @param isThere whether a rebuild in such a state has come to where it was to come; one that is over has */
  async #throughDeaths(verb: RebuildVerb, options: object, isThere: (state: string) => boolean): Promise<void> {
    const { scene, patienceMs, troubles } = this.#given;
    const deadline = Date.now() + patienceMs;
    let left =
      verb === 'begin' ? Math.ceil(this.#random() * troubles.kills) : this.#random() < 0.4 ? troubles.kills : 0;
    let refused = 'nothing was refused';
    for (let isBegun = verb !== 'begin'; ; ) {
      const rebuild = await scene.rebuild();
      if (isBegun && (rebuild === null || isThere(rebuild.state))) return;
      if (Date.now() > deadline)
        throw new Error(`${verb} has not come to its end: ${JSON.stringify(rebuild)}, ${refused}.`);
      isBegun ||= rebuild !== null;
      // What is being abandoned or swapped goes on by itself.
      const child = await scene.rebuilder(
        rebuild?.id ?? null,
        rebuild === null ? 'begin' : nextOf(verb, rebuild.state),
        options,
      );
      if (left > 0) left -= Number(await this.#dies(child));
      await child.ended;
      for (const said of child.said) {
        if (said.kind === 'rebuilt') {
          isBegun = true;
          this.repaired = Math.max(this.repaired, said.repaired);
          this.replayed = Math.max(this.replayed, said.replayed);
        }
        if (said.kind !== 'refused') continue;
        refused = `${said.code} ${said.message}`;
        if (!PASSING.test(said.code) && this.errors.length < 5)
          this.errors.push(`${verb}: ${said.code} ${said.message}`);
        await pause(500);
      }
    }
  }

  /** Kills a child in some step, where it comes to that. */
  async #dies(child: Child): Promise<boolean> {
    const [step, longestMs] = DEATHS[Math.floor(this.#random() * DEATHS.length)]!;
    const { size } = this.#given.scene.given;
    const delay = this.#random() * longestMs * Math.max(0.05, Math.min(1, (size?.products ?? 0) / 100_000));
    const isIn = () => child.said.some((said) => said.kind === 'step' && said.step === step);
    while (!isIn() && !child.isOver) await pause(5);
    await pause(delay);
    if (child.isOver) return false;
    await child.kill();
    this.kills += 1;
    return true;
  }

  /** Runs `work` while everything else goes wrong. */
  async troubled(searcher: Searcher, workers: Child[], work: () => Promise<void>): Promise<void> {
    const { scene, troubles } = this.#given;
    scene.link.mishap = () => this.#mishap();
    let over = false;
    const isOver = () => over;
    const making = Promise.all([
      troubles.workersLiveMs > 0 && this.#killWorkers(workers, isOver),
      troubles.stopsEngine && this.#stopEngine(searcher, isOver),
    ]);
    try {
      await work();
    } finally {
      over = true;
      await making;
      scene.link.mishap = () => ({ kind: 'none' });
    }
  }

  #mishap(): Mishap {
    const { spoiled } = this.#given.troubles;
    const random = this.#noise;
    if (this.#noise() >= spoiled) return { kind: 'none' };
    const kinds: readonly Mishap[] = [
      { kind: 'late', ms: random() * 300 },
      // Past the worker's time-out, and within what the margin allows.
      { kind: 'late', ms: OUTBOX.requestMs + random() * (OUTBOX.marginMs - 300) },
      { kind: 'unanswered' },
      { kind: 'resetBefore' },
      { kind: 'resetAfter' },
    ];
    return kinds[Math.floor(random() * kinds.length)]!;
  }

  async #killWorkers(workers: Child[], isOver: () => boolean): Promise<void> {
    const { scene, troubles } = this.#given;
    const { workersLiveMs } = troubles;
    while (!isOver()) {
      for (const endsAt = Date.now() + workersLiveMs * (0.5 + this.#noise()); Date.now() < endsAt && !isOver(); )
        await pause(50);
      if (isOver()) return;
      await workers.shift()!.kill();
      this.#more += 1;
      workers.push(await scene.worker(WORKING));
    }
  }

  async #stopEngine(searcher: Searcher, isOver: () => boolean): Promise<void> {
    await pause(2_000 + this.#noise() * 8_000);
    if (isOver()) return;
    this.#more += 1;
    const { engine } = this.#given.scene;
    await searcher.whileAway(async () => {
      await engine.kill();
      await pause(500 + this.#noise() * 1_500);
      await engine.restart();
    });
  }
}

/** What brings a rebuild further towards the end of a verb; what it was in the middle of goes on first. */
function nextOf(verb: RebuildVerb, state: string): RebuildVerb {
  if (verb === 'begin') return 'resume';
  const begins: Partial<Record<RebuildVerb, readonly string[]>> = {
    rollback: ['kept', 'reverting'],
    finish: ['kept', 'dropping'],
    abandon: ['creating', 'building', 'ready', 'dropping'],
  };
  return begins[verb]?.includes(state) ? verb : 'resume';
}
