import { DocSet } from './doc-set.js';
import { compareText, normalizedFacet, truncatedFacet } from './facet-text.js';

/** One distinct original string of a field, and the form it is compared by. */
interface FacetString {
  readonly original: string;
  /** Which normalized value it belongs to. */
  readonly value: number;
}

/** Documents in the order of their values, with the number or the rank of text that each one is sorted by. */
export interface SortedDocs {
  readonly docs: Uint32Array;
  readonly keys: Float64Array;
  /** Where the documents sorted by text start; those sorted by a number stand before. */
  readonly firstText: number;
}

const NONE = -1;
const ABSENT = Number.NaN;

/**
 * The values of one field of all documents, for filters, sorts, facets and the distinct rule. A document's single number or
 * string stands in a typed array, at its id; further ones, which few fields have, in a map. Scanning such an array of
 * 100,000 numbers takes about 0.1 ms, which is why there is no tree here.
 */
export class FacetColumn {
  private numbers = new Float64Array(0);
  private readonly moreNumbers = new Map<number, readonly number[]>();
  private strings = new Int32Array(0);
  private readonly moreStrings = new Map<number, readonly number[]>();
  private existing = DocSet.empty(0);
  private nulls = DocSet.empty(0);
  private limit = 0;

  private readonly dictionary: FacetString[] = [];
  private readonly codes = new Map<string, number>();
  private readonly normalized: string[] = [];
  private readonly values = new Map<string, number>();
  /** Rank of each normalized value in text order; null when values were added since it was made. */
  private ranks: Int32Array | null = null;
  private readonly sorted: { ascending: SortedDocs | null; descending: SortedDocs | null } = {
    ascending: null,
    descending: null,
  };

  /** Makes room for a document that is about to change. */
  private touch(doc: number): void {
    this.sorted.ascending = null;
    this.sorted.descending = null;
    if (doc < this.limit) return;
    const limit = Math.max(1024, this.limit * 2, doc + 1);
    const numbers = new Float64Array(limit).fill(ABSENT);
    numbers.set(this.numbers);
    const strings = new Int32Array(limit).fill(NONE);
    strings.set(this.strings);
    this.numbers = numbers;
    this.strings = strings;
    this.existing = this.existing.resized(limit);
    this.nulls = this.nulls.resized(limit);
    this.limit = limit;
  }

  markExisting(doc: number): void {
    this.touch(doc);
    this.existing.add(doc);
  }

  markNull(doc: number): void {
    this.touch(doc);
    this.nulls.add(doc);
  }

  addNumber(doc: number, value: number): void {
    this.touch(doc);
    const number = value === 0 ? 0 : value;
    const first = this.numbers[doc]!;
    if (Number.isNaN(first)) this.numbers[doc] = number;
    else if (first !== number) {
      const more = this.moreNumbers.get(doc) ?? [];
      if (!more.includes(number)) this.moreNumbers.set(doc, [...more, number]);
    }
  }

  addString(doc: number, original: string): void {
    if (original === '') return;
    this.touch(doc);
    const code = this.codeOf(original);
    const { value } = this.dictionary[code]!;
    const first = this.strings[doc]!;
    const more = this.moreStrings.get(doc) ?? [];
    if (first === NONE) this.strings[doc] = code;
    // Of two spellings of one value in a document, the last is the one that is kept.
    else if (this.dictionary[first]!.value === value) this.strings[doc] = code;
    else {
      this.moreStrings.set(doc, [...more.filter((other) => this.dictionary[other]!.value !== value), code]);
    }
  }

  private codeOf(original: string): number {
    const known = this.codes.get(original);
    if (known !== undefined) return known;
    const text = truncatedFacet(normalizedFacet(original));
    let value = this.values.get(text);
    if (value === undefined) {
      value = this.normalized.push(text) - 1;
      this.values.set(text, value);
      this.ranks = null;
    }
    const code = this.dictionary.push({ original, value }) - 1;
    this.codes.set(original, code);
    return code;
  }

  clear(doc: number): void {
    if (doc >= this.limit) return;
    this.touch(doc);
    this.numbers[doc] = ABSENT;
    this.strings[doc] = NONE;
    this.moreNumbers.delete(doc);
    this.moreStrings.delete(doc);
    this.existing.delete(doc);
    this.nulls.delete(doc);
  }

  withField(limit: number): DocSet {
    return this.existing.resized(limit);
  }

  withNull(limit: number): DocSet {
    return this.nulls.resized(limit);
  }

  /** Documents that have one of these normalized strings or one of these numbers. */
  withAnyOf(texts: Iterable<string>, numbers: ReadonlySet<number>, limit: number): DocSet {
    const wanted = new Uint8Array(this.normalized.length);
    let any = false;
    for (const text of texts) {
      const value = this.values.get(text);
      if (value === undefined) continue;
      wanted[value] = 1;
      any = true;
    }
    const found = DocSet.empty(limit);
    if (any) this.collectStrings((value) => wanted[value] === 1, found, limit);
    if (numbers.size === 1) {
      const [only] = numbers;
      this.collectNumbers((number) => number === only, found, limit);
    } else if (numbers.size > 1) this.collectNumbers((number) => numbers.has(number), found, limit);
    return found;
  }

  /** Documents that have a number or a string of which the test holds. */
  withMatching(number: ((value: number) => boolean) | null, text: (value: string) => boolean, limit: number): DocSet {
    const found = DocSet.empty(limit);
    if (number !== null) this.collectNumbers(number, found, limit);
    const accepted = Uint8Array.from(this.normalized, (value) => (text(value) ? 1 : 0));
    if (accepted.includes(1)) this.collectStrings((value) => accepted[value] === 1, found, limit);
    return found;
  }

  private collectNumbers(test: (value: number) => boolean, into: DocSet, limit: number): void {
    const { numbers } = this;
    const end = Math.min(limit, this.limit);
    for (let doc = 0; doc < end; doc += 1) {
      const number = numbers[doc]!;
      if (!Number.isNaN(number) && test(number)) into.add(doc);
    }
    for (const [doc, more] of this.moreNumbers) if (more.some(test)) into.add(doc);
  }

  private collectStrings(test: (value: number) => boolean, into: DocSet, limit: number): void {
    const { strings, dictionary } = this;
    const end = Math.min(limit, this.limit);
    for (let doc = 0; doc < end; doc += 1) {
      const code = strings[doc]!;
      if (code !== NONE && test(dictionary[code]!.value)) into.add(doc);
    }
    for (const [doc, more] of this.moreStrings) {
      if (more.some((code) => test(dictionary[code]!.value))) into.add(doc);
    }
  }

  numbersOf(doc: number): readonly number[] {
    const first = this.numbers[doc];
    if (first === undefined || Number.isNaN(first)) return [];
    return [first, ...(this.moreNumbers.get(doc) ?? [])];
  }

  /** The original strings of a document with the number of their normalized value. */
  stringsOf(doc: number): readonly FacetString[] {
    const first = this.strings[doc];
    if (first === undefined || first === NONE) return [];
    return [first, ...(this.moreStrings.get(doc) ?? [])].map((code) => this.dictionary[code]!);
  }

  /** Counts of the numbers and of the normalized strings among documents; far cheaper than asking for each one's values. */
  countValues(found: DocSet): {
    readonly numbers: Float64Array;
    readonly strings: readonly { readonly value: number; readonly original: string; readonly count: number }[];
  } {
    const numbers: number[] = [];
    const counts = new Uint32Array(this.normalized.length);
    const originals = new Int32Array(this.normalized.length).fill(NONE);
    const countString = (code: number) => {
      const { value } = this.dictionary[code]!;
      counts[value]! += 1;
      if (originals[value] === NONE) originals[value] = code;
    };
    found.forEach((doc) => {
      const number = this.numbers[doc] ?? ABSENT;
      if (!Number.isNaN(number)) numbers.push(number);
      const code = this.strings[doc] ?? NONE;
      if (code !== NONE) countString(code);
      if (this.moreNumbers.size > 0) numbers.push(...(this.moreNumbers.get(doc) ?? []));
      if (this.moreStrings.size > 0) this.moreStrings.get(doc)?.forEach(countString);
    });
    const ranks = this.rankTable();
    const values = [...originals.keys()].filter((value) => originals[value] !== NONE);
    values.sort((left, right) => ranks[left]! - ranks[right]!);
    return {
      numbers: Float64Array.from(numbers).sort(),
      strings: values.map((value) => ({
        value,
        original: this.dictionary[originals[value]!]!.original,
        count: counts[value]!,
      })),
    };
  }

  textOf(value: number): string {
    return this.normalized[value]!;
  }

  /** Every document that has a value, or those of `within`, numbers before text in both directions. */
  inOrder(descending: boolean, within: DocSet | null): SortedDocs {
    if (within !== null) return this.sortedDocs(descending, within);
    const direction = descending ? 'descending' : 'ascending';
    this.sorted[direction] ??= this.sortedDocs(descending, this.existing);
    return this.sorted[direction];
  }

  private sortedDocs(descending: boolean, within: DocSet): SortedDocs {
    const numbered: number[] = [];
    const texted: number[] = [];
    within.forEach((doc) => {
      if (!Number.isNaN(this.numbers[doc] ?? ABSENT)) numbered.push(doc);
      else if ((this.strings[doc] ?? NONE) !== NONE) texted.push(doc);
    });
    const all = new Float64Array(this.limit);
    for (const doc of numbered) all[doc] = this.sortNumber(doc, descending);
    for (const doc of texted) all[doc] = this.sortRank(doc, descending);
    const order = descending
      ? (left: number, right: number) => all[right]! - all[left]! || left - right
      : (left: number, right: number) => all[left]! - all[right]! || left - right;
    const docs = new Uint32Array(numbered.length + texted.length);
    docs.set(Uint32Array.from(numbered).sort(order));
    docs.set(Uint32Array.from(texted).sort(order), numbered.length);
    return { docs, keys: Float64Array.from(docs, (doc) => all[doc]!), firstText: numbered.length };
  }

  /** The number that a document is sorted by: its smallest or its largest. */
  private sortNumber(doc: number, descending: boolean): number {
    const first = this.numbers[doc]!;
    const more = this.moreNumbers.get(doc);
    if (more === undefined) return first;
    return descending ? Math.max(first, ...more) : Math.min(first, ...more);
  }

  /** The rank, in text order, of the string that a document is sorted by. */
  private sortRank(doc: number, descending: boolean): number {
    const ranks = this.rankTable();
    const rankOf = (code: number) => ranks[this.dictionary[code]!.value]!;
    const first = rankOf(this.strings[doc]!);
    const more = this.moreStrings.get(doc);
    if (more === undefined) return first;
    const others = more.map(rankOf);
    return descending ? Math.max(first, ...others) : Math.min(first, ...others);
  }

  private rankTable(): Int32Array {
    if (this.ranks !== null) return this.ranks;
    const order = this.normalized.map((_, value) => value);
    order.sort((left, right) => compareText(this.normalized[left]!, this.normalized[right]!));
    const ranks = new Int32Array(order.length);
    for (let rank = 0; rank < order.length; rank += 1) ranks[order[rank]!] = rank;
    this.ranks = ranks;
    return ranks;
  }
}
