import type { DirtyKey } from '../outbox/outbox-row.js';
import { distinctKeys } from './job-keys.js';

/** A job that was handed out, and how often it had been before. */
export interface Delivery {
  readonly keys: readonly DirtyKey[];
  readonly earlierAttempts: number;
}

export interface Batch<D extends Delivery> {
  readonly deliveries: readonly D[];
  readonly keys: readonly DirtyKey[];
}

/** A first failure may be a worker that died, and says nothing of the job. */
const ALONE_AFTER_ATTEMPTS = 2;

/**
 * Puts jobs together until a batch has `maxKeys` distinct keys. A job that has failed twice comes alone, so that one bad
 * job does not use up the attempts of those that happen to be beside it.
 */
export function batchesOf<D extends Delivery>(deliveries: readonly D[], maxKeys: number): Batch<D>[] {
  const groups: D[][] = [];
  let room = 0;
  for (const delivery of deliveries.filter((each) => !isSuspect(each))) {
    if (delivery.keys.length > room) {
      groups.push([]);
      room = maxKeys;
    }
    groups.at(-1)!.push(delivery);
    room -= delivery.keys.length;
  }
  const alone = deliveries.filter(isSuspect).map((delivery) => [delivery]);
  return [...groups, ...alone].map((group) => ({
    deliveries: group,
    keys: distinctKeys(group.flatMap(({ keys }) => keys)),
  }));
}

const isSuspect = ({ earlierAttempts }: Delivery): boolean => earlierAttempts >= ALONE_AFTER_ATTEMPTS;
