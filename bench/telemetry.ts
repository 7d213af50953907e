import { span } from '../src/telemetry/span.js';
import { contest } from './contest.js';
import type { Outcome } from './figure.js';

const CALLS = 200_000;

/** As a sync has them. */
const factsOf = (at: number) => ({ entity: 'Movie', index: `movies_${at & 1}`, mode: 'inline', operation: 'upsert' });
type Facts = ReturnType<typeof factsOf> & { status?: string; documents?: number };

async function work(facts: Facts): Promise<number> {
  facts.status = 'completed';
  facts.documents = 1;
  return facts.index.length;
}

/** What telemetry costs an operation while nobody listens, the making of its facts included. */
export async function telemetryBench(): Promise<readonly Outcome[]> {
  const { within, bare } = await contest(
    {
      within: async () => {
        for (let at = 0; at < CALLS; at += 1) await span('scrypath:sync', factsOf(at), (facts: Facts) => work(facts));
      },
      bare: async () => {
        for (let at = 0; at < CALLS; at += 1) await work(BARE);
      },
    },
    { rounds: 9, warmUp: 3 },
  );
  const value = ((within - bare) * 1_000) / CALLS;
  return [
    { name: 'an operation without a listener, more than itself', value, unit: 'µs', target: { op: '<=', value: 1 } },
  ];
}

const BARE: Facts = factsOf(0);
