// Loaded behind ../typescript.cjs: what takes seconds so that a busy machine is not taken for a dead one takes fewer here, so
// that a run sees these times pass.
process.scrypathChanges = [
  ['src/worker/rebuilds.ts', 'ALIVE_MS = 15_000', 'ALIVE_MS = 4_000'],
  ['src/worker/touched-keys.ts', 'ALIVE_MS = 15_000', 'ALIVE_MS = 4_000'],
  ['src/worker/row-marks.ts', 'ADOPT_AFTER_MS = 15_000', 'ADOPT_AFTER_MS = 3_000'],
  ['src/reindex/rebuild-record.ts', 'SEEN_EVERY_MS = 3_000', 'SEEN_EVERY_MS = 500'],
  ['src/fill-index.ts', 'SEEN_EVERY_MS = 3_000', 'SEEN_EVERY_MS = 500'],
  // A request of three seconds, and what the network of these tests holds it back for beyond that.
  ['src/backfill/shipping.ts', 'lateMs: 35_000', 'lateMs: 5_000'],
].map(([file, find, replace]) => ({ file, find, replace }));
