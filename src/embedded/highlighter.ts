import type { JsonObject, JsonValue } from '../document/json.js';
import type { Highlight } from '../query/search-query.js';
import { selectedFields } from './displayed-fields.js';
import { sortedTexts } from './facet-text.js';
import { isWithin } from './field-paths.js';
import { jsonNumber } from './number-text.js';
import type { LocatedTerm, Phrase } from './query-term.js';
import { isSeparator, type Token, Tokenizer, writtenLength } from './tokenizer.js';

interface WordsToMark {
  readonly words: readonly string[];
  readonly isPrefix: boolean;
  readonly span: number;
  readonly typedLength: number;
}

/** A stretch of text to mark; the mark may end before the last token does. */
interface Match {
  readonly start: number;
  readonly end: number;
  readonly last: number;
}

/** Puts marks around what matched a query: words, what typos and prefixes led to, and phrases. */
export class Highlighter {
  private readonly phrases: Phrase[] = [];
  private readonly words: WordsToMark[] = [];

  // Without stop words, as in the reference: a phrase that has one is found, and is not marked.
  private readonly tokenizer = new Tokenizer();

  constructor(
    terms: readonly LocatedTerm[],
    private readonly highlight: Highlight,
  ) {
    for (const { term, start, end } of terms) {
      const found = term.foundSoFar;
      if (term.phrase !== null) this.phrases.push(term.phrase);
      this.phrases.push(...term.synonyms);
      if (found !== null && found.one.split !== null) this.phrases.push(found.one.split);
      this.words.push({
        words: [
          ...(term.exact === null ? [] : [term.exact]),
          ...term.prefixOf,
          ...sortedTexts([...(found?.one.words ?? []), ...(found?.two ?? [])]),
        ],
        isPrefix: term.isPrefix,
        span: end - start,
        typedLength: Array.from(term.original).length,
      });
    }
    // Whole words before prefixes, so that a word is marked whole where it can be.
    this.words.sort((left, right) => Number(left.isPrefix) - Number(right.isPrefix) || right.span - left.span);
  }

  /** The document with the marks, and every number as text; of it what `shown` selects, or all where that is null. */
  formatted(data: JsonObject, shown: ReadonlySet<string> | null): JsonObject {
    const format = (path: string, value: JsonValue): JsonValue => {
      if (Array.isArray(value)) return value.map((element) => format(path, element as JsonValue));
      if (typeof value === 'object' && value !== null) {
        return Object.fromEntries(
          Object.entries(value as JsonObject).map(([name, inside]) => [name, format(`${path}.${name}`, inside)]),
        );
      }
      const text = typeof value === 'number' ? jsonNumber(value) : value;
      if (typeof text !== 'string') return text;
      return isHighlighted(path, this.highlight.fields) ? this.marked(text) : text;
    };
    const all = Object.fromEntries(Object.entries(data).map(([name, value]) => [name, format(name, value)]));
    return shown === null ? all : selectedFields(all, shown);
  }

  private marked(text: string): string {
    const { pre, post } = this.highlight;
    let marked = '';
    let from = 0;
    for (const { start, end, last } of this.matches(text)) {
      marked += text.slice(from, start) + pre + text.slice(start, end) + post + text.slice(end, last);
      from = last;
    }
    return marked + text.slice(from);
  }

  private matches(text: string): Match[] {
    const tokens = this.tokenizer.tokenize(text).filter((token) => !isSeparator(token));
    const matches: Match[] = [];
    for (let at = 0; at < tokens.length; ) {
      const phraseLength = this.phraseAt(tokens, at);
      if (phraseLength > 0) {
        const end = tokens[at + phraseLength - 1]!.end;
        matches.push({ start: tokens[at]!.start, end, last: end });
        at += phraseLength;
        continue;
      }
      const match = this.wordMatch(tokens[at]!, text);
      if (match !== null) matches.push(match);
      at += 1;
    }
    return matches;
  }

  private phraseAt(tokens: readonly Token[], at: number): number {
    for (const { words } of this.phrases) {
      const matches = words.every((word, i) => {
        const token = tokens[at + i];
        return token?.lemma === word;
      });
      if (matches && words.length > 0) return words.length;
    }
    return 0;
  }

  private wordMatch(token: Token, text: string): Match | null {
    const { start, end: last, lemma } = token;
    for (const { words, isPrefix, typedLength } of this.words) {
      for (const word of words) {
        if (isPrefix && lemma.startsWith(word)) {
          const typed = Array.from(word).slice(0, typedLength).join('');
          return { start, end: start + writtenLength(text.slice(start, last), typed), last };
        }
        if (lemma === word) return { start, end: last, last };
      }
    }
    return null;
  }
}

const isHighlighted = (path: string, fields: readonly string[]): boolean =>
  fields.some((field) => field === '*' || isWithin(field, path) || isWithin(path, field));
