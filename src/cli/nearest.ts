/** The one of the names that was most likely meant; null where none is near. */
export function nearest(given: string, names: readonly string[]): string | null {
  const wanted = given.toLowerCase();
  const near = names
    .map((name) => ({ name, far: distance(wanted, name.toLowerCase()) }))
    .filter(({ name, far }) => far <= Math.max(1, Math.round(name.length / 2.5)))
    .sort((a, b) => a.far - b.far);
  return near[0]?.name ?? null;
}

/** Letters to insert, to leave out or to exchange. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 1; at <= from.length; at += 1) {
    const next = [at];
    for (let column = 1; column <= to.length; column += 1)
      next.push(
        Math.min(row[column]! + 1, next[column - 1]! + 1, row[column - 1]! + Number(from[at - 1] !== to[column - 1])),
      );
    row = next;
  }
  return row[to.length]!;
}
