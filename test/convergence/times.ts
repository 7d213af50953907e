/** Times of a history, in milliseconds of its clock. */
export const LOCK_MS = 300;
/** Longest time between a sender's last look at its shards and its request, where it is not frozen. */
export const PAUSE_MS = 50;
/** Longest time of a request on its way. */
export const LATE_MS = 100;
export const GRACE_MS = LOCK_MS + PAUSE_MS + LATE_MS + 1;
