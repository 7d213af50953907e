/** A set of internal document ids, one bit an id. Sets that are combined must have been made for the same `limit`. */
export class DocSet {
  private constructor(private readonly bits: Uint32Array) {}

  /** What the set was made for, rounded up. */
  get limit(): number {
    return this.bits.length << 5;
  }

  /** @param limit one above the highest id that the set can hold */
  static empty(limit: number): DocSet {
    return new DocSet(new Uint32Array((limit + 31) >>> 5));
  }

  static of(limit: number, ids: Iterable<number>): DocSet {
    const set = DocSet.empty(limit);
    for (const id of ids) set.add(id);
    return set;
  }

  add(id: number): void {
    this.bits[id >>> 5]! |= 1 << (id & 31);
  }

  delete(id: number): void {
    this.bits[id >>> 5]! &= ~(1 << (id & 31));
  }

  has(id: number): boolean {
    return ((this.bits[id >>> 5] ?? 0) & (1 << (id & 31))) !== 0;
  }

  clone(): DocSet {
    return new DocSet(this.bits.slice());
  }

  /** The same ids in a set for another `limit`; ids that do not fit are dropped. */
  resized(limit: number): DocSet {
    const bits = new Uint32Array((limit + 31) >>> 5);
    bits.set(this.bits.subarray(0, bits.length));
    return new DocSet(bits);
  }

  union(other: DocSet): this {
    const { bits } = this;
    for (let i = 0; i < bits.length; i += 1) bits[i]! |= other.bits[i]!;
    return this;
  }

  intersect(other: DocSet): this {
    const { bits } = this;
    for (let i = 0; i < bits.length; i += 1) bits[i]! &= other.bits[i]!;
    return this;
  }

  subtract(other: DocSet): this {
    const { bits } = this;
    for (let i = 0; i < bits.length; i += 1) bits[i]! &= ~other.bits[i]!;
    return this;
  }

  isEmpty(): boolean {
    const { bits } = this;
    for (let i = 0; i < bits.length; i += 1) if (bits[i] !== 0) return false;
    return true;
  }

  get size(): number {
    const { bits } = this;
    let size = 0;
    for (let i = 0; i < bits.length; i += 1) {
      let word = bits[i]!;
      if (word === 0) continue;
      word -= (word >>> 1) & 0x55555555;
      word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
      size += (((word + (word >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
    }
    return size;
  }

  /** Calls `visit` with each id, ascending. */
  forEach(visit: (id: number) => void): void {
    const { bits } = this;
    for (let i = 0; i < bits.length; i += 1) {
      for (let word = bits[i]!; word !== 0; word &= word - 1) visit((i << 5) | (31 - Math.clz32(word & -word)));
    }
  }

  /** The first ids in ascending order, at most `most` of them. */
  first(most: number): number[] {
    const ids: number[] = [];
    const { bits } = this;
    for (let i = 0; i < bits.length && ids.length < most; i += 1) {
      for (let word = bits[i]!; word !== 0 && ids.length < most; word &= word - 1) {
        ids.push((i << 5) | (31 - Math.clz32(word & -word)));
      }
    }
    return ids;
  }
}
