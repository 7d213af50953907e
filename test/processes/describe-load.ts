import { meilisearchProgram } from '../stacks/meilisearch-server';
import { reachable } from '../stacks/reachable';
import type { ServerName } from './database';
import { EngineProcess } from './engine-process';
import { NOTHING_AMISS, play } from './scenario';
import type { Trouble } from './troubles';

const SEED = 20_260_101;

/** A describe with an engine of its own; skipped by name where the database or the engine is not there. */
export function describeProcesses(
  title: string,
  server: ServerName,
  body: (engine: () => EngineProcess) => void,
): void {
  const database = reachable().databases[server];
  const missing = [
    ...(database.there ? [] : [database.reason]),
    ...(meilisearchProgram() === null ? ['no program meilisearch is on the PATH'] : []),
  ];
  describe(`${title} [${server} · meilisearch]`, () => {
    if (missing.length > 0) {
      it.skip(`skipped: ${missing.join('; ')}`, () => undefined);
      return;
    }
    let engine: EngineProcess;
    beforeAll(async () => {
      engine = (await EngineProcess.start())!;
    });
    afterAll(() => engine?.close());
    body(() => engine);
  });
}

/** Three workers and two writers under trouble. The long versions are `npm run torture processes`. */
export function describeLoad(server: ServerName, troubles: readonly (readonly [Trouble, number])[]): void {
  const names = troubles.map(([{ name }, times]) => `${name} × ${times}`).join(', ');
  describeProcesses('processes under load', server, (engine) => {
    it(`no save fails, and nothing is lost, stale or a ghost: ${names}`, async () => {
      const until = Number.POSITIVE_INFINITY;
      const result = await play({ name: 'short', server, engine: engine(), seed: SEED, troubles, until });
      expect(result).toMatchObject(NOTHING_AMISS);
      expect(result.documents).toBeGreaterThan(50);
      expect(result.saves).toBeGreaterThan(100);
    }, 120_000);
  });
}
