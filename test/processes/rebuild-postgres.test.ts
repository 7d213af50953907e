import { describeProcesses } from './describe-load';
import { playRebuild } from './rebuild-run';
import { Scene } from './scene';
import { shopOf } from './shop';

const SEED = 20_260_238;

// The long versions are `npm run torture reindex`.
describeProcesses('a rebuild under load', 'postgres', (engine) => {
  it.each([
    ['by itself', false],
    ['by ranges that workers fill too', true],
  ])(
    'is filled %s, killed and resumed and rolled back: no write is lost and no search fails',
    async (_, distribute) => {
      const scene = await Scene.open('postgres', engine(), { size: shopOf(3_000), shortTimes: true });
      const troubles = { kills: 1, workersLiveMs: 6_000, spoiled: 0.02, stopsEngine: false };
      try {
        const given = {
          scene,
          seed: SEED,
          troubles,
          end: 'rollback',
          patienceMs: 100_000,
          perSecond: 60,
          distribute,
        } as const;
        const run = await playRebuild(given);
        expect(run).toMatchObject({ failed: 0, lost: 0, stale: 0, ghosts: 0, errors: [], examples: [] });
        expect(run.kills).toBeGreaterThan(0);
        expect(run.documents).toBeGreaterThan(1_000);
        expect(run.searches).toBeGreaterThan(50);
      } finally {
        await scene.close();
      }
    },
    150_000,
  );
});
