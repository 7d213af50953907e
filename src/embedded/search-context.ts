import { DocSet } from './doc-set.js';
import { compareText } from './facet-text.js';
import type { Postings, PrefixPostings } from './postings.js';
import { countMark } from './postings.js';
import type { Phrase, TermSubset, TermWord } from './query-term.js';
import { SearchableFields } from './searchable-fields.js';
import type { CompleteSettings } from './settings.js';
import type { TextIndex } from './text-index.js';

/** Distance from which on two words count as not near each other. */
export const FAR = 4;

/** For two words, the documents where the second comes 1, 2 and 3 positions after the first, at its nearest. */
type Pairs = readonly [DocSet, DocSet, DocSet];

/** Documents by some number that occurrences have: a field or a position. */
type DocsByNumber = ReadonlyMap<number, DocSet>;

/** Where the words of a term occur. */
interface SubsetPlaces {
  /** Every number that a word has anywhere, whether or not documents of the term are found by it. */
  readonly all: readonly number[];
  readonly docs: DocsByNumber;
}

/** What one search looks up about words, each thing once. */
export class SearchContext {
  readonly searchable: SearchableFields;
  private readonly phrases = new Map<string, Phrase>();
  private readonly subsetDocs = new Map<string, DocSet>();
  private readonly phraseDocs = new Map<Phrase, DocSet>();
  private readonly pairs = new Map<string, Pairs | null>();
  private readonly prefixPairs = new Map<string, Pairs>();
  private readonly fieldPlaces = new Map<string, SubsetPlaces>();
  private readonly positionPlaces = new Map<string, SubsetPlaces>();
  private readonly exactFields: ReadonlySet<number> | null;
  private readonly synonyms: ReadonlyMap<string, readonly (readonly string[])[]>;
  private readonly exactWords: ReadonlySet<string>;
  private lastTermId = 0;

  constructor(
    readonly text: TextIndex,
    readonly settings: CompleteSettings,
    readonly limit: number,
  ) {
    this.searchable = new SearchableFields(settings.searchableAttributes, text.fields);
    this.exactFields = text.exactFields();
    this.synonyms = text.synonyms;
    this.exactWords = text.exactWords;
  }

  nextTermId(): number {
    this.lastTermId += 1;
    return this.lastTermId;
  }

  /** The one object for this sequence of words. */
  phrase(words: readonly (string | null)[]): Phrase {
    const key = JSON.stringify(words);
    let phrase = this.phrases.get(key);
    if (phrase === undefined) {
      phrase = { id: this.phrases.size, words };
      this.phrases.set(key, phrase);
    }
    return phrase;
  }

  synonymsOf(words: readonly string[]): readonly (readonly string[])[] {
    return this.synonyms.get(words.join('\0')) ?? [];
  }

  /** How many typos a word of the query may have. */
  typosAllowed(word: string): 0 | 1 | 2 {
    const { enabled, minWordSizeForTypos } = this.settings.typoTolerance;
    if (!enabled) return 0;
    const length = Array.from(word).length;
    if (length < minWordSizeForTypos.oneTypo || this.exactWords.has(word)) return 0;
    return length < minWordSizeForTypos.twoTypos ? 1 : 2;
  }

  isSharedPrefix(prefix: string): boolean {
    return this.text.tolerant.sharesPrefix(prefix);
  }

  /** Words of the index that start so, in text order. */
  wordsStartingWith(prefix: string): readonly string[] {
    const { tolerant, exact } = this.text;
    const words = tolerant.startingWith(prefix);
    if (exact.size === 0) return words;
    return [...new Set([...words, ...exact.startingWith(prefix)])].sort(compareText);
  }

  /** The two words that a word is cut into so that they stand side by side in most documents. */
  bestSplit(word: string): readonly [string, string] | null {
    let best: readonly [string, string] | null = null;
    let most = 0;
    const letters = Array.from(word);
    let left = '';
    for (const letter of letters.slice(0, -1)) {
      left += letter;
      const right = word.slice(left.length);
      if (!this.isKnown(left) || !this.isKnown(right)) continue;
      const documents = this.pairsOf(left, right)?.[0].size ?? 0;
      if (documents > most) {
        most = documents;
        best = [left, right];
      }
    }
    return best;
  }

  private isKnown(word: string): boolean {
    return this.text.tolerant.has(word) || this.text.exact.has(word);
  }

  private postingsOf(word: string): Postings {
    return this.text.postings.of(word);
  }

  /** Adds the documents of a word. Words that were not typed are found in fields only that typos may match. */
  private addDocs(word: TermWord, into: DocSet): void {
    const { docs, fields } = this.postingsOf(word.word);
    if (word.typed || !this.hasExact) {
      for (let i = 0; i < docs.length; i += 1) into.add(docs[i]!);
      return;
    }
    if (this.text.isExactWord(word.word)) return;
    const { exactFields } = this;
    for (let i = 0; i < docs.length; i += 1) if (!exactFields?.has(fields[i]!)) into.add(docs[i]!);
  }

  private get hasExact(): boolean {
    return this.text.exact.size > 0;
  }

  docsOfWord(word: TermWord): DocSet {
    const docs = DocSet.empty(this.limit);
    this.addDocs(word, docs);
    return docs;
  }

  private addPrefixDocs(prefix: TermWord, into: DocSet): void {
    if (this.hasExact) {
      for (const word of this.wordsStartingWith(prefix.word)) this.addDocs({ word, typed: prefix.typed }, into);
      return;
    }
    const { docs } = this.text.postings.ofPrefix(prefix.word);
    for (let i = 0; i < docs.length; i += 1) into.add(docs[i]!);
  }

  /** The documents that have what a term stands for, within `universe`, in a set of the caller's own. */
  docsOfSubset(subset: TermSubset, universe: DocSet | null): DocSet {
    let docs = this.subsetDocs.get(subset.key);
    if (docs === undefined) {
      docs = DocSet.empty(this.limit);
      for (const word of subset.words()) this.addDocs(word, docs);
      for (const phrase of subset.phrases()) docs.union(this.docsOfPhrase(phrase));
      const prefix = subset.sharedPrefix;
      if (prefix !== null) this.addPrefixDocs(prefix, docs);
      this.subsetDocs.set(subset.key, docs);
    }
    return universe === null ? docs.clone() : docs.clone().intersect(universe);
  }

  /** The documents that have the words of a phrase side by side. The set is shared: do not change it. */
  docsOfPhrase(phrase: Phrase): DocSet {
    let docs = this.phraseDocs.get(phrase);
    if (docs === undefined) {
      docs = this.findPhrase(phrase.words);
      this.phraseDocs.set(phrase, docs);
    }
    return docs;
  }

  private findPhrase(words: readonly (string | null)[]): DocSet {
    let docs: DocSet | null = null;
    for (const word of words) {
      if (word === null) continue;
      const found = this.docsOfWord({ word, typed: true });
      docs = docs === null ? found : docs.intersect(found);
    }
    if (docs === null) return DocSet.empty(this.limit);
    // Words are looked at in pairs, up to two apart, as the reference does: a longer phrase may be found where its pairs
    // stand in several places.
    for (let first = 0; first < words.length; first += 1) {
      for (const distance of [1, 2]) {
        const left = words[first];
        const right = words[first + distance];
        if (left === null || left === undefined || right === null || right === undefined) continue;
        const pairs = this.pairsOf(left, right);
        if (pairs === null) return DocSet.empty(this.limit);
        const near = pairs[0].clone();
        if (distance === 2) near.union(pairs[1]);
        docs.intersect(near);
        if (docs.isEmpty()) return docs;
      }
    }
    return docs;
  }

  /** The documents where `right` comes `distance` positions after `left` at its nearest. The set is shared. */
  docsOfPair(left: string, right: string, distance: number): DocSet | null {
    return this.pairsOf(left, right)?.[distance - 1] ?? null;
  }

  private pairsOf(left: string, right: string): Pairs | null {
    const key = `${left}\0${right}`;
    let pairs = this.pairs.get(key);
    if (pairs === undefined) {
      pairs = this.findPairs(this.postingsOf(left), this.postingsOf(right));
      this.pairs.set(key, pairs);
    }
    return pairs;
  }

  private findPairs(left: Postings, right: Postings): Pairs | null {
    let pairs: Pairs | null = null;
    const leftEnd = left.docs.length;
    const rightEnd = right.docs.length;
    let l = 0;
    let r = 0;
    while (l < leftEnd && r < rightEnd) {
      const doc = left.docs[l]!;
      const other = right.docs[r]!;
      if (doc < other) {
        l = advance(left.docs, l, other);
        continue;
      }
      if (doc > other) {
        r = advance(right.docs, r, doc);
        continue;
      }
      const leftStart = l;
      const rightStart = r;
      while (l < leftEnd && left.docs[l] === doc) l += 1;
      while (r < rightEnd && right.docs[r] === doc) r += 1;
      const nearest = nearestWithin(left, leftStart, l, right, rightStart, r);
      if (nearest === FAR) continue;
      pairs ??= this.emptyPairs();
      pairs[(nearest - 1) as 0 | 1 | 2].add(doc);
    }
    return pairs;
  }

  private emptyPairs(): Pairs {
    return [DocSet.empty(this.limit), DocSet.empty(this.limit), DocSet.empty(this.limit)];
  }

  /** The documents where some word with the prefix comes `distance` positions after `left` at its nearest. Shared. */
  docsOfPrefixPair(left: string, prefix: string, distance: number): DocSet {
    const key = `${left}\0${prefix}`;
    let pairs = this.prefixPairs.get(key);
    if (pairs === undefined) {
      pairs = this.findPrefixPairs(this.postingsOf(left), this.text.postings.ofPrefix(prefix));
      this.prefixPairs.set(key, pairs);
    }
    return pairs[(distance - 1) as 0 | 1 | 2];
  }

  private findPrefixPairs(left: Postings, right: PrefixPostings): Pairs {
    const pairs = this.emptyPairs();
    const places = new Map<number, number[]>();
    for (let i = 0; i < left.docs.length; i += 1) {
      const known = places.get(left.docs[i]!);
      if (known === undefined) places.set(left.docs[i]!, [placeOf(left, i)]);
      else known.push(placeOf(left, i));
    }
    // Each word counts by its own nearest place; occurrences of one word in one document stand together.
    let nearest = FAR;
    for (let i = 0; i < right.docs.length; i += 1) {
      const doc = right.docs[i]!;
      const before = places.get(doc);
      if (before !== undefined) {
        const place = placeOf(right, i);
        const last = before[lowerBound(before, place) - 1];
        if (last !== undefined) nearest = Math.min(nearest, place - last);
      }
      const isLast = right.docs[i + 1] !== doc || right.words[i + 1] !== right.words[i];
      if (!isLast) continue;
      if (nearest < FAR) pairs[(nearest - 1) as 0 | 1 | 2].add(doc);
      nearest = FAR;
    }
    return pairs;
  }

  /** In which fields a term occurs. */
  fieldsOfSubset(subset: TermSubset): SubsetPlaces {
    return this.placesOf(subset, this.fieldPlaces, ({ fields }) => fields, 'every');
  }

  /** At which positions a term occurs; far positions are grouped. */
  positionsOfSubset(subset: TermSubset): SubsetPlaces {
    return this.placesOf(subset, this.positionPlaces, ({ positions }) => positions.map(groupedPosition), 'first');
  }

  private placesOf(
    subset: TermSubset,
    cache: Map<string, SubsetPlaces>,
    numbersOf: (postings: Postings) => Uint16Array,
    phraseWords: 'every' | 'first',
  ): SubsetPlaces {
    const known = cache.get(subset.key);
    if (known !== undefined) return known;
    const docs = new Map<number, DocSet>();
    const all = new Set<number>();
    const setOf = (number: number): DocSet => {
      let set = docs.get(number);
      if (set === undefined) {
        set = DocSet.empty(this.limit);
        docs.set(number, set);
        all.add(number);
      }
      return set;
    };
    const addAll = (postings: Postings, within: DocSet | null) => {
      const numbers = numbersOf(postings);
      for (let i = 0; i < numbers.length; i += 1) {
        const doc = postings.docs[i]!;
        if (within === null || within.has(doc)) setOf(numbers[i]!).add(doc);
      }
    };
    for (const { word } of subset.words()) addAll(this.postingsOf(word), null);
    const prefix = subset.sharedPrefix;
    if (prefix !== null) addAll(this.text.postings.ofPrefix(prefix.word), null);
    for (const phrase of subset.phrases()) {
      const words = phrase.words.filter((word) => word !== null);
      // Only the first word of a phrase tells where the phrase is.
      if (words[0] !== undefined) addAll(this.postingsOf(words[0]), this.docsOfPhrase(phrase));
      for (const word of phraseWords === 'every' ? words : words.slice(0, 1)) {
        for (const number of numbersOf(this.postingsOf(word))) all.add(number);
      }
    }
    const places = { all: [...all], docs };
    cache.set(subset.key, places);
    return places;
  }

  /** Documents that have a word at a (grouped) position of any field. */
  docsAtPosition(word: string, position: number): DocSet {
    const docs = DocSet.empty(this.limit);
    const postings = this.postingsOf(word);
    for (let i = 0; i < postings.docs.length; i += 1) {
      if (groupedPosition(postings.positions[i]!) === position) docs.add(postings.docs[i]!);
    }
    return docs;
  }

  docsInField(word: string, field: number): DocSet {
    const docs = DocSet.empty(this.limit);
    const postings = this.postingsOf(word);
    for (let i = 0; i < postings.docs.length; i += 1) {
      if (postings.fields[i] === field) docs.add(postings.docs[i]!);
    }
    return docs;
  }

  /** Documents that have this many words in a field; only up to 30 are told apart. */
  docsWithWordCount(field: number, count: number): DocSet {
    return this.docsInField(countMark(count), field);
  }
}

/** Field and position as one number: places of two fields are far from each other. */
const placeOf = ({ fields, positions }: Postings, at: number): number => fields[at]! * 2 ** 17 + positions[at]!;

/** How far the right word comes after the left one at its nearest, within one document; `FAR` where it does not. */
function nearestWithin(
  left: Postings,
  leftStart: number,
  leftEnd: number,
  right: Postings,
  rightStart: number,
  rightEnd: number,
): number {
  let nearest = FAR;
  let r = rightStart;
  for (let l = leftStart; l < leftEnd && nearest > 1; l += 1) {
    const place = placeOf(left, l);
    while (r < rightEnd && placeOf(right, r) <= place) r += 1;
    if (r === rightEnd) break;
    nearest = Math.min(nearest, placeOf(right, r) - place);
  }
  return nearest;
}

/** The first index at which a sorted list has no number below `bound`. */
function lowerBound(sorted: readonly number[], bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function advance(docs: Uint32Array, from: number, to: number): number {
  let step = 1;
  let low = from;
  while (low + step < docs.length && docs[low + step]! < to) {
    low += step;
    step *= 2;
  }
  let high = Math.min(docs.length, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (docs[middle]! < to) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Positions are kept apart up to 16, then in groups that double in size. */
export function groupedPosition(position: number): number {
  if (position < 16) return position;
  if (position < 24) return 24;
  return Math.min(2 ** Math.ceil(Math.log2(position)), 0xffff);
}
