import { OTHER, type Script, scriptRuns } from './scripts.js';
import { IS_HARD_SEPARATOR, IS_SEPARATOR, SEPARATORS } from './separators.js';

/**
 * How text becomes words. The reference engine's tokenizer for scripts that put space between words: a text is cut at
 * separators first and each piece is normalized after, so that `½` or `…` stay one word.
 */

type TokenKind = 'word' | 'stopWord' | 'softSeparator' | 'hardSeparator';

export interface Token {
  readonly kind: TokenKind;
  /** The normalized form: what the index holds. */
  readonly lemma: string;
  /** Where the token stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

// What is not there is looked for: a repetition up to the end runs out of stack on a word of 16 million characters.
const NOT_ASCII = /[^\0-\x7f]/;
const NOT_PLAIN = /[^0-9A-Za-z]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\0-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ACCENTED_SCRIPTS: ReadonlySet<Script> = new Set(['Latin', 'Greek', 'Hebrew', 'Arabic', 'Thai']);
const CASED_SCRIPTS: ReadonlySet<Script> = new Set(['Latin', 'Cyrillic', 'Greek', 'Georgian', 'Armenian']);
// Marks that came with newer Unicode versions stay, as in the reference.
const NEWER_MARKS = '\\u0897-\\u089f\\u08ca-\\u08e1\\u08e3\\u08ff\\u1ab0-\\u1aeb\\u1de7-\\u1dfb\\ufe27-\\ufe2f';
const NONSPACING = new RegExp(`(?![${NEWER_MARKS}])\\p{Mn}`, 'gu');
/** What is written in another way by some, and means the same. */
const LATIN_VARIANTS: Readonly<Record<string, string>> = {
  œ: 'oe',
  æ: 'ae',
  đ: 'd',
  ð: 'd',
  ı: 'i',
  '’': "'",
  '‘': "'",
  '‛': "'",
};
const LATIN_VARIANT = /[œæđðı’‘‛]/g;
const ARABIC_VARIANTS: Readonly<Record<string, string>> = { ـ: '', أ: 'ا', إ: 'ا', آ: 'ا', ٱ: 'ا', ى: 'ي', ة: 'ه' };
const ARABIC_VARIANT = /[ـأإآٱىة]/g;

/** Decomposes each character on its own, as the reference does, so that marks keep the order they were written in. */
export function decomposed(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  let result = '';
  for (const char of text) result += char < '\x80' ? char : char.normalize('NFKD');
  return result;
}

/** Text that every encoder can write: half a surrogate pair becomes the replacement character. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, '\ufffd');

/** The form of a piece of text in which it is indexed and looked for. */
function normalized(piece: string, script: Script): string {
  if (!NOT_ASCII.test(piece)) return piece.replace(CONTROL, '').toLowerCase();
  let lemma = decomposed(piece).replace(CONTROL, '');
  if (CASED_SCRIPTS.has(script)) lemma = lowerCased(lemma);
  if (script === 'Latin') lemma = lemma.replace(LATIN_VARIANT, (char) => LATIN_VARIANTS[char]!);
  if (script === 'Greek' && lemma.endsWith('ς')) lemma = `${lemma.slice(0, -1)}σ`;
  if (script === 'Arabic') lemma = lemma.replace(ARABIC_VARIANT, (char) => ARABIC_VARIANTS[char]!);
  return ACCENTED_SCRIPTS.has(script) ? lemma.replace(NONSPACING, '') : lemma;
}

/** How many UTF-16 units of a word, as written, its normal form starts with `beginning` for. */
export function writtenLength(piece: string, beginning: string): number {
  const script = scriptRuns(piece)[0]?.script ?? OTHER;
  const wanted = Buffer.byteLength(beginning);
  let length = 0;
  let bytes = 0;
  for (const char of piece) {
    if (bytes >= wanted) break;
    length += char.length;
    bytes += Buffer.byteLength(normalized(char, script));
  }
  return length;
}

/** Character by character: a final sigma is not treated apart here. */
function lowerCased(text: string): string {
  let result = '';
  for (const char of text) result += char.toLowerCase();
  return result;
}

/** Cuts texts into tokens. `stopWords` are compared with the decomposed, not yet lower-cased form, as the reference does. */
export class Tokenizer {
  constructor(private readonly stopWords: ReadonlySet<string> = new Set()) {}

  tokenize(given: string): Token[] {
    const text = wellFormed(given);
    const tokens: Token[] = [];
    for (const { script, start, end } of scriptRuns(text))
      this.tokenizeRun(tokens, text.slice(start, end), script, start);
    return tokens;
  }

  private tokenizeRun(tokens: Token[], run: string, script: Script, offset: number): void {
    const push = (start: number, end: number) => {
      if (start === end) return;
      const piece = run.slice(start, end);
      tokens.push({
        kind: this.kindOf(piece),
        lemma: normalized(piece, script),
        start: offset + start,
        end: offset + end,
      });
    };
    let from = 0;
    for (const { index, 0: separator } of run.matchAll(SEPARATORS)) {
      push(from, index);
      from = index + separator.length;
      push(index, from);
    }
    push(from, run.length);
  }

  private kindOf(piece: string): TokenKind {
    if (this.stopWords.size === 0 && !NOT_PLAIN.test(piece)) return 'word';
    const classified = decomposed(piece).replace(CONTROL, '');
    if (this.stopWords.has(classified)) return 'stopWord';
    if (!IS_SEPARATOR.test(classified)) return 'word';
    return IS_HARD_SEPARATOR.test(classified) ? 'hardSeparator' : 'softSeparator';
  }
}

export const isSeparator = (token: Token): boolean => token.kind === 'softSeparator' || token.kind === 'hardSeparator';

/** How far apart two words stand that a hard separator, or a border between two values, lies between. */
const HARD_DISTANCE = 8;
const MAX_POSITION = 65_535;
const MAX_WORD_BYTES = 250;

/** Finds the words of a field's values, and their positions, which run on from one value to the next. */
export class FieldWords {
  readonly words: string[] = [];
  readonly positions: number[] = [];
  private position = -1;

  constructor(private readonly tokenizer: Tokenizer) {}

  /** A value that has no text still moves the ones after it apart. */
  addNothing(): void {
    this.position = this.position === -1 ? 0 : this.position + HARD_DISTANCE;
  }

  addValue(text: string): void {
    this.addNothing();
    if (this.position > MAX_POSITION) return;
    let offset = this.position;
    let previous: 'none' | 'word' | 'soft' | 'hard' = 'none';
    let started = false;
    for (const token of this.tokenizer.tokenize(text)) {
      if (!started && isSeparator(token)) continue;
      started = true;
      if (token.kind === 'hardSeparator') previous = 'hard';
      else if (token.kind === 'softSeparator') previous = previous === 'hard' ? 'hard' : 'soft';
      else if (token.lemma !== '') {
        if (previous !== 'none') offset += previous === 'hard' ? HARD_DISTANCE : 1;
        previous = 'word';
        const word = token.lemma.trim();
        if (token.kind !== 'word' || word === '') continue;
        if (offset > MAX_POSITION) return;
        if (word.length > MAX_WORD_BYTES || (word.length > 62 && Buffer.byteLength(word) > MAX_WORD_BYTES)) continue;
        this.position = offset;
        this.words.push(word);
        this.positions.push(offset);
      }
    }
  }
}
