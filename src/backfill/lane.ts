import type { DocumentKey } from '../document/search-document.js';
import type { KeyRange } from '../records/record-pages.js';
import type { RangeState, SentBody } from './fill-state.js';

/** One upload of a lane. */
export interface Body extends SentBody {
  readonly lane: Lane;
  /** It begins behind this key. */
  readonly from: DocumentKey | null;
}

/** A range of keys that is read from its beginning to its end, and what of it is under way. */
export class Lane {
  readonly range: KeyRange;
  /** Whether everything was read and handed over. */
  read: boolean;
  #after: DocumentKey | null;
  #bodies: Body[] = [];
  readonly #done = new Set<Body>();

  constructor(state: RangeState) {
    this.range = state.range;
    this.read = state.read;
    this.#after = state.after;
    for (const sent of state.sent) {
      const body = this.accept(sent);
      if (sent.settled) this.#done.add(body);
    }
  }

  /** What has to be waited for. */
  get waiting(): readonly Body[] {
    return this.#bodies.filter((body) => !this.#done.has(body));
  }

  /** All up to here is done. */
  get after(): DocumentKey | null {
    return this.#after;
  }

  /** Where reading goes on. */
  get readUpTo(): DocumentKey | null {
    return this.#bodies.at(-1)?.to ?? this.#after;
  }

  /** The next upload, in the order of keys. */
  accept(sent: SentBody): Body {
    const body = { ...sent, lane: this, from: this.readUpTo };
    this.#bodies.push(body);
    return body;
  }

  /** The tasks of the upload have succeeded; what is done from the beginning on need not be remembered. */
  settle(body: Body): void {
    this.#done.add(body);
    while (this.#bodies[0] !== undefined && this.#done.has(this.#bodies[0])) {
      const first = this.#bodies.shift()!;
      this.#done.delete(first);
      this.#after = first.to;
    }
  }

  get state(): RangeState {
    return {
      range: this.range,
      after: this.#after,
      read: this.read,
      sent: this.#bodies.map((body) => {
        const { to, rows, documents, skipped, tasks } = body;
        const settled = this.#done.has(body);
        return { to, rows, documents, skipped, settled, tasks: settled ? [] : tasks };
      }),
    };
  }
}
