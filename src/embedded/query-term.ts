import type { SearchContext } from './search-context.js';
import { MAX_PREFIX_WORDS } from './vocabulary.js';

/** Words that must stand side by side; null for a stop word. There is one object for one sequence in a search. */
export interface Phrase {
  readonly id: number;
  readonly words: readonly (string | null)[];
}

interface OneTypo {
  /** The term as two words that stand side by side more often than any other two it can be split into. */
  readonly split: Phrase | null;
  readonly words: ReadonlySet<string>;
}

/** A word, a phrase or some joined words of the query, with all the words of the index that it may stand for. */
export class QueryTerm {
  readonly id: number;
  private found: { readonly one: OneTypo; readonly two: ReadonlySet<string> } | null = null;

  constructor(
    private readonly context: SearchContext,
    readonly original: string,
    /** The words that the term was joined of, or null. */
    readonly joined: readonly string[] | null,
    readonly maxTypos: number,
    readonly isPrefix: boolean,
    readonly phrase: Phrase | null,
    /** The word itself, where the index has it. */
    readonly exact: string | null,
    /** Longer words that start with it. */
    readonly prefixOf: ReadonlySet<string>,
    /** Whether so many words start with it that they are looked up as one. */
    readonly sharedPrefix: boolean,
    readonly synonyms: Set<Phrase>,
  ) {
    this.id = context.nextTermId();
  }

  /** What one typo leads to; looked for when it is first needed. */
  get oneTypo(): OneTypo {
    return this.withTypos().one;
  }

  get twoTypos(): ReadonlySet<string> {
    return this.withTypos().two;
  }

  /** What typos lead to, where anybody has asked for it yet. */
  get foundSoFar(): { readonly one: OneTypo; readonly two: ReadonlySet<string> } | null {
    return this.found;
  }

  private withTypos(): { readonly one: OneTypo; readonly two: ReadonlySet<string> } {
    this.found ??= this.lookForTypos();
    return this.found;
  }

  private lookForTypos(): { readonly one: OneTypo; readonly two: ReadonlySet<string> } {
    const { tolerant } = this.context.text;
    const none: readonly string[] = [];
    const { one, two } =
      this.maxTypos > 1
        ? tolerant.twoTyposFrom(this.original, this.isPrefix)
        : { one: this.maxTypos === 1 ? tolerant.oneTypoFrom(this.original, this.isPrefix) : none, two: none };
    return { one: { split: this.bestSplit(), words: new Set(one) }, two: new Set(two) };
  }

  private bestSplit(): Phrase | null {
    if (this.phrase !== null || this.isTooLong) return null;
    const split = this.context.bestSplit(this.original);
    if (split === null) return null;
    const same = this.joined?.length === 2 && this.joined[0] === split[0] && this.joined[1] === split[1];
    return same ? null : this.context.phrase(split);
  }

  private get isTooLong(): boolean {
    return Buffer.byteLength(this.original) > MAX_WORD_BYTES;
  }
}

export const MAX_WORD_BYTES = 250;
const MAX_SYNONYMS = 50;
const MAX_SYNONYM_WORDS = 100;

/** A term for one word, or for words joined to one. */
export function wordTerm(
  context: SearchContext,
  word: string,
  maxTypos: number,
  isPrefix: boolean,
  joined: readonly string[] | null,
): QueryTerm {
  if (Buffer.byteLength(word) > MAX_WORD_BYTES) {
    return new QueryTerm(context, word, joined, 0, false, null, null, new Set(), false, new Set());
  }
  const { tolerant, exact } = context.text;
  const sharedPrefix = isPrefix && context.isSharedPrefix(word);
  const prefixOf = new Set<string>();
  if (isPrefix && !sharedPrefix) {
    for (const longer of context.wordsStartingWith(word)) {
      if (longer === word) continue;
      prefixOf.add(longer);
      if (prefixOf.size >= MAX_PREFIX_WORDS) break;
    }
  }
  const known = tolerant.has(word) || exact.has(word) ? word : null;
  const synonyms = new Set<Phrase>();
  let words = 0;
  for (const synonym of context.synonymsOf([word]).slice(0, MAX_SYNONYMS)) {
    if (words + synonym.length > MAX_SYNONYM_WORDS) continue;
    words += synonym.length;
    synonyms.add(context.phrase(synonym));
  }
  return new QueryTerm(context, word, joined, maxTypos, isPrefix, null, known, prefixOf, sharedPrefix, synonyms);
}

export function phraseTerm(context: SearchContext, words: readonly (string | null)[]): QueryTerm {
  const phrase = context.phrase(words);
  const text = words.filter((word) => word !== null).join(' ');
  return new QueryTerm(context, text, null, 0, false, phrase, null, new Set(), false, new Set());
}

/** All, none or some of what a term leads to with a certain number of typos. */
type Part = 'all' | 'none' | { readonly words: ReadonlySet<string>; readonly phrases: ReadonlySet<Phrase> };

const hasWord = (part: Part, word: string): boolean => part === 'all' || (part !== 'none' && part.words.has(word));
const hasPhrase = (part: Part, phrase: Phrase): boolean =>
  part === 'all' || (part !== 'none' && part.phrases.has(phrase));
const isEmptyPart = (part: Part): boolean =>
  part === 'none' || (part !== 'all' && part.words.size === 0 && part.phrases.size === 0);

function intersectedPart(left: Part, right: Part): Part {
  if (left === 'all') return right;
  if (left === 'none' || right === 'none') return 'none';
  if (right === 'all') return left;
  return {
    words: new Set([...left.words].filter((word) => right.words.has(word))),
    phrases: new Set([...left.phrases].filter((phrase) => right.phrases.has(phrase))),
  };
}

const keyOfPart = (part: Part): string =>
  typeof part === 'string' ? part : JSON.stringify([[...part.words], [...part.phrases].map(({ id }) => id)]);

/** A word of the index that a term stands for; `typed` when it is what was typed, not what a typo or a join led to. */
export interface TermWord {
  readonly word: string;
  readonly typed: boolean;
}

/** The part of a term that is still allowed at some point of the ranking. Immutable. */
export class TermSubset {
  private readonly identity: string;

  constructor(
    readonly term: QueryTerm,
    readonly zero: Part = 'all',
    readonly one: Part = 'all',
    readonly two: Part = 'all',
    readonly isMandatory = false,
  ) {
    this.identity = `${term.id}/${keyOfPart(zero)}/${keyOfPart(one)}/${keyOfPart(two)}/${isMandatory}`;
  }

  /** Equal for equal subsets. */
  get key(): string {
    return this.identity;
  }

  private get isTyped(): boolean {
    return this.term.joined === null;
  }

  /** The prefix that stands for all words which start with it, where the term is one. */
  get sharedPrefix(): TermWord | null {
    const { term } = this;
    return term.sharedPrefix && hasWord(this.zero, term.original) ? { word: term.original, typed: this.isTyped } : null;
  }

  /** Every single word, except those that the shared prefix stands for. */
  words(): readonly TermWord[] {
    const { term } = this;
    const typed = this.isTyped;
    const words: TermWord[] = [];
    if (term.exact !== null && hasWord(this.zero, term.exact)) words.push({ word: term.exact, typed });
    if (this.zero !== 'none') {
      for (const word of term.prefixOf) if (hasWord(this.zero, word)) words.push({ word, typed });
    }
    if (!isEmptyPart(this.one)) {
      for (const word of term.oneTypo.words) if (hasWord(this.one, word)) words.push({ word, typed: false });
    }
    if (!isEmptyPart(this.two)) {
      for (const word of term.twoTypos) if (hasWord(this.two, word)) words.push({ word, typed: false });
    }
    return words;
  }

  phrases(): readonly Phrase[] {
    const { term } = this;
    const phrases = new Set<Phrase>();
    // The reference does not leave these out where typos are asked for; the order of hits depends on it.
    if (term.phrase !== null) phrases.add(term.phrase);
    for (const synonym of term.synonyms) phrases.add(synonym);
    if (!isEmptyPart(this.one)) {
      const { split } = term.oneTypo;
      if (split !== null && hasPhrase(this.one, split)) phrases.add(split);
    }
    return [...phrases];
  }

  /** The phrase that was typed, where this is one. */
  get typedPhrase(): Phrase | null {
    const { phrase } = this.term;
    return phrase !== null && hasPhrase(this.zero, phrase) ? phrase : null;
  }

  /** What was typed, as words that must stand side by side. Null where the index has no such word. */
  get typedWords(): readonly (string | null)[] | null {
    const { term } = this;
    if (term.joined !== null) return null;
    if (term.phrase !== null) return this.typedPhrase?.words ?? null;
    return term.exact !== null && hasWord(this.zero, term.exact) ? [term.exact] : null;
  }

  get maxTypos(): number {
    const { maxTypos, phrase } = this.term;
    if (maxTypos === 0) return phrase === null ? 1 : 0;
    if (maxTypos === 2 && !isEmptyPart(this.two)) return 2;
    return isEmptyPart(this.one) ? 0 : 1;
  }

  withTypos(typos: number): TermSubset {
    return new TermSubset(
      this.term,
      typos === 0 ? this.zero : 'none',
      typos === 1 ? this.one : 'none',
      typos === 2 ? this.two : 'none',
      this.isMandatory,
    );
  }

  /** Only what was typed, which the ranking may no longer leave out. */
  typedOnly(): TermSubset {
    const { phrase, exact } = this.term;
    const typed = this.typedWords;
    if (typed === null) return new TermSubset(this.term, this.zero, this.one, this.two, true);
    const zero: Part = {
      words: new Set(phrase === null && exact !== null ? [exact] : []),
      phrases: new Set(phrase === null ? [] : [phrase]),
    };
    return new TermSubset(this.term, zero, 'none', 'none', true);
  }

  intersected(other: TermSubset): TermSubset {
    return new TermSubset(
      this.term,
      intersectedPart(this.zero, other.zero),
      intersectedPart(this.one, other.one),
      intersectedPart(this.two, other.two),
      this.isMandatory,
    );
  }
}

/** A term and its place: the positions of its words in the query, and the numbers of the terms that it covers. */
export interface LocatedTerm {
  readonly term: QueryTerm;
  readonly start: number;
  readonly end: number;
}

export interface LocatedSubset {
  readonly subset: TermSubset;
  readonly start: number;
  readonly end: number;
  readonly firstTerm: number;
  readonly lastTerm: number;
}

export const keyOfLocated = (located: LocatedSubset): string =>
  `${located.subset.key}@${located.start}-${located.end}#${located.firstTerm}-${located.lastTerm}`;

export const termCount = (located: LocatedSubset): number => located.lastTerm - located.firstTerm + 1;
