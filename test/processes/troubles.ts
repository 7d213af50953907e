import type { Child } from './children';
import type { Mishap } from './engine-link';
import { GRACE_MS, OUTBOX, type Scene } from './scene';

/** Where trouble is made. */
export interface Place {
  readonly scene: Scene;
  readonly random: () => number;
  /** Workers that are at work; each trouble leaves as many as it found. */
  readonly workers: Child[];
  readonly seed: number;
  /** When no more trouble is begun, by `Date.now()`. */
  readonly until: number;
}

/** Makes trouble so many times. Resolves to how often it was made. */
export type Trouble = (place: Place, times: number) => Promise<number>;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function stopped(worker: Child): Promise<void> {
  worker.signal('SIGTERM');
  if ((await worker.ended) !== 0) throw new Error('A worker that was told to stop has not ended well.');
}

const slowWrites =
  (random: () => number, share: number, ms: number) =>
  (method: string): Mishap =>
    method !== 'GET' && random() < share ? { kind: 'late', ms: random() * ms } : { kind: 'none' };

/** Workers are killed again and again, mostly while something of theirs is on its way. */
export const killWorkers: Trouble = async ({ scene, random, workers, until }, times) => {
  scene.link.mishap = slowWrites(random, 0.5, 300);
  const wanted = workers.length;
  let kills = 0;
  while (kills < times && Date.now() < until) {
    await pause(random() * 400);
    const [victim] = workers.splice(Math.floor(random() * workers.length), 1);
    await victim!.kill();
    kills += 1;
    // The others go on meanwhile.
    void scene.worker().then((worker) => workers.push(worker));
    while (workers.length < Math.min(wanted, 2)) await pause(20);
  }
  while (workers.length < wanted) await pause(20);
  return kills;
};

/** Workers freeze until all that they held is somebody else's, and wake up. */
export const freezeWorkers: Trouble = async ({ scene, random, workers, until }, times) => {
  scene.link.mishap = slowWrites(random, 0.7, 200);
  let freezes = 0;
  while (freezes < times && Date.now() < until) {
    await pause(random() * 300);
    const victims = workers.filter(() => random() < 0.6).slice(1);
    for (const victim of victims) victim.signal('SIGSTOP');
    freezes += victims.length;
    await pause(random() < 0.5 ? OUTBOX.lockMs + 300 : GRACE_MS + 300);
    for (const victim of victims) victim.signal('SIGCONT');
  }
  return freezes;
};

/**
 * A worker freezes right before its request leaves, and sends it when others have sent newer ones. It has to live on, to
 * say that it has: were it killed in that moment too, nobody would know of the request.
 */
export const freezeSends: Trouble = async ({ scene, random, until }, times) => {
  let freezes = 0;
  while (freezes < times && Date.now() < until) {
    const victim = await scene.worker({ freezeAtSend: 1 + Math.floor(random() * 3) });
    await victim.says('frozen');
    freezes += 1;
    await pause(GRACE_MS + 500);
    victim.signal('SIGCONT');
    await stopped(victim);
  }
  return freezes;
};

/** The server ends connections of workers: most of them in the middle of a claim. */
export const cutConnections: Trouble = async ({ scene, random, until }, times) => {
  scene.link.mishap = slowWrites(random, 0.7, 200);
  let cut = 0;
  while (cut < times && Date.now() < until) {
    await pause(random() * 200);
    if (await scene.databaseLink.cut(random() < 0.7 ? 'inTransaction' : 'any', random)) cut += 1;
  }
  return cut;
};

/** Answers are dropped, requests come late, and connections are reset. */
export const spoilRequests: Trouble = async ({ scene, random, until }, times) => {
  const spoiled: readonly (() => Mishap)[] = [
    () => ({ kind: 'late', ms: random() * 300 }),
    // Past the worker's time-out, and within what the margin allows.
    () => ({ kind: 'late', ms: OUTBOX.requestMs + random() * (OUTBOX.marginMs - 300) }),
    () => ({ kind: 'unanswered' }),
    () => ({ kind: 'resetBefore' }),
    () => ({ kind: 'resetAfter' }),
  ];
  const before = scene.link.mishaps;
  scene.link.mishap = () => (random() < 0.6 ? { kind: 'none' } : spoiled[Math.floor(random() * spoiled.length)]!());
  while (scene.link.mishaps - before < times && Date.now() < until) await pause(50);
  scene.link.mishap = () => ({ kind: 'none' });
  return scene.link.mishaps - before;
};

/** The engine is killed, and is away for as many seconds. */
export const stopEngine: Trouble = async ({ scene, until }, seconds) => {
  await pause(300);
  await scene.engine.kill();
  await pause(Math.min(seconds * 1_000, Math.max(1_000, until - Date.now())));
  await scene.engine.restart();
  return 1;
};

/** Writers are killed right behind a commit, before anything that follows it. */
export const killWriters: Trouble = async ({ scene, random, seed, until }, times) => {
  let kills = 0;
  while (kills < times && Date.now() < until) {
    const dieAfterCommits = 1 + Math.floor(random() * 10);
    const victim = await scene.writer(seed + 2 + kills, { lane: 2, dieAfterCommits });
    if ((await victim.ended) !== null) throw new Error('A writer that was to be killed has ended by itself.');
    kills += 1;
  }
  return kills;
};

/** Workers are told to stop in the middle of their work, and others take their places. */
export const replaceWorkers: Trouble = async ({ scene, random, workers, until }, times) => {
  scene.link.mishap = slowWrites(random, 0.5, 300);
  let stops = 0;
  while (stops < times && Date.now() < until) {
    workers.push(await scene.worker());
    await pause(random() * 300);
    const victim = workers.shift()!;
    await stopped(victim);
    stops += 1;
  }
  return stops;
};
