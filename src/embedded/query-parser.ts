import { type LocatedTerm, phraseTerm, wordTerm } from './query-term.js';
import type { SearchContext } from './search-context.js';
import type { Token } from './tokenizer.js';

/** A text query, taken apart. */
interface ParsedQuery {
  readonly terms: readonly LocatedTerm[];
  readonly excludedWords: readonly string[];
  readonly excludedPhrases: readonly LocatedTerm[];
}

const MAX_TOKENS = 1000;
const MAX_TERMS = 10;
const MAX_POSITION = 0xffff;

class PhraseBuilder {
  private readonly words: (string | null)[] = [];
  private start = 0;
  private end = 0;

  private get hasWords(): boolean {
    return this.words.some((word) => word !== null);
  }

  push(token: Token, position: number): void {
    if (!this.hasWords) this.start = position;
    this.end = position;
    this.words.push(token.kind === 'stopWord' ? null : token.lemma);
  }

  build(context: SearchContext): LocatedTerm | null {
    if (!this.hasWords) return null;
    return { term: phraseTerm(context, this.words), start: this.start, end: this.end };
  }
}

/**
 * Takes a text query apart: words, `"phrases"`, `-excluded` and `-"excluded phrases"`. The last word is a prefix unless
 * something, be it a space, follows it. At most ten terms are looked at.
 */
export function parseQuery(context: SearchContext, text: string): ParsedQuery {
  const terms: LocatedTerm[] = [];
  const excludedWords: string[] = [];
  const excludedPhrases: LocatedTerm[] = [];
  const tokens = context.text.tokenizer.tokenize(text).slice(0, MAX_TOKENS);
  let phrase: PhraseBuilder | null = null;
  let excludesPhrase = false;
  let excludesNext = false;
  let afterSpace = true;
  let position = MAX_POSITION;

  const closePhrase = (): boolean => {
    const built = phrase?.build(context) ?? null;
    if (built === null) return false;
    (excludesPhrase ? excludedPhrases : terms).push(built);
    return true;
  };

  for (const [index, token] of tokens.entries()) {
    if (token.lemma === '') continue;
    if (terms.length >= MAX_TERMS) return { terms, excludedWords, excludedPhrases };
    if (token.kind === 'word' || token.kind === 'stopWord') {
      position = (position + 1) & MAX_POSITION;
      const isLast = index === tokens.length - 1;
      if (phrase !== null) phrase.push(token, position);
      else if (excludesNext) {
        excludedWords.push(token.lemma);
        excludesNext = false;
      } else if (isLast || token.kind === 'word') {
        const term = wordTerm(context, token.lemma, context.typosAllowed(token.lemma), isLast, null);
        terms.push({ term, start: position, end: position });
      }
    } else {
      if (token.kind === 'hardSeparator') {
        position = (position + 7) & MAX_POSITION;
        // Words on the two sides of a hard separator are two phrases.
        if (phrase !== null) {
          closePhrase();
          phrase = new PhraseBuilder();
        }
      }
      let quotes = token.lemma.split('"').length - 1;
      if (quotes > 0) {
        if (phrase !== null) {
          quotes -= 1;
          if (closePhrase()) excludesPhrase = false;
          phrase = null;
        }
        if (quotes % 2 === 1) {
          excludesPhrase = excludesNext;
          phrase = new PhraseBuilder();
        }
      }
      excludesNext = phrase === null && token.lemma === '-' && afterSpace;
    }
    afterSpace = /\s$/u.test(token.lemma);
  }
  // A phrase that is never closed ends with the query.
  closePhrase();
  return { terms, excludedWords, excludedPhrases };
}
