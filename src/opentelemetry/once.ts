/** What runs once for a provider, and how many want it. */
type Running = Map<object, { users: number; readonly stop: () => void }>;

/** Starts something at the first call for a provider, and stops it when every caller has stopped it. */
export function once(running: Running, provider: object, start: () => () => void): () => void {
  let known = running.get(provider);
  if (known === undefined) {
    known = { users: 0, stop: start() };
    running.set(provider, known);
  }
  const own = known;
  own.users += 1;
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    own.users -= 1;
    if (own.users > 0) return;
    running.delete(provider);
    own.stop();
  };
}
