import { deploy, type Scene } from '../operator/drift-cases';
import { shopsOn } from '../operator/things';

/** Opens things on SQLite and the engine in the process; what is opened is closed behind each test of the file that asks. */
export const open = shopsOn({ database: 'sqlite', engine: 'embedded' });

/** Twelve things, and an index that is filled. */
export async function aScene(): Promise<Scene> {
  const scene = { ...(await open(12)) } as Scene;
  await deploy('first')(scene);
  await scene.things.backfill();
  return scene;
}
