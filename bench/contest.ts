/** One way to do the work of a round. */
export type Contender = (round: number) => unknown;

/**
 * Milliseconds that each contender takes, at p50. All run in every round, one after the other, from one drawn by lot on:
 * what disturbs the machine disturbs all of them, and none always does a piece of work before or after the others.
 */
export async function contest<N extends string>(
  contenders: Readonly<Record<N, Contender>>,
  { rounds, warmUp }: { readonly rounds: number; readonly warmUp: number },
): Promise<Readonly<Record<N, number>>> {
  const names = Object.keys(contenders) as N[];
  const taken = new Map<N, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const first = Math.floor(Math.random() * names.length);
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const started = performance.now();
      await contenders[name](round);
      if (round >= warmUp) taken.get(name)!.push(performance.now() - started);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(taken.get(name)!)])) as Record<N, number>;
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
