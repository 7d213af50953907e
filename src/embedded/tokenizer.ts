/**
 * How text becomes words. The reference engine's tokenizer for scripts that put space between words: a text is cut at
 * separators first and each piece is normalized after, so that `½` or `…` stay one word.
 */

export type TokenKind = 'word' | 'stopWord' | 'softSeparator' | 'hardSeparator';

export interface Token {
  readonly kind: TokenKind;
  /** The normalized form: what the index holds. */
  readonly lemma: string;
  /** Where the token stands in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
}

// Punctuation and space are separators except those that newer Unicode versions added, and some that the reference lists
// nowhere (no-break space among them); of the mathematical symbols only these ranges are, so `a=b` is one word.
const NOT_SEPARATING =
  '\\u00a0\\u037e\\u0387\\u061d\\u066b\\u066c\\u0f0c\\u1b4e\\u1b4f\\u1b7d-\\u1b7f\\u2000\\u2001\\u2011\\u2028\\u202f' +
  '\\u205f\\u2329\\u232a\\u2e53-\\u2e5d\\u{10d6e}\\u{10ed0}\\u{10f86}-\\u{10f89}\\u{113d4}\\u{113d5}\\u{113d7}\\u{113d8}' +
  '\\u{116b9}\\u{11b00}-\\u{11b09}\\u{11be1}\\u{11f43}-\\u{11f4f}\\u{12ff1}\\u{12ff2}\\u{16d6d}-\\u{16d6f}\\u{1e5ff}';
const SEPARATING_SYMBOLS = '\\0\\t\\n\\r+`\\u00b1\\u00d7\\u00f7\\u200c\\u2212-\\u2225\\u2227-\\u228d\\u228f-\\u22ff';
const SEPARATOR = `(?![${NOT_SEPARATING}])[\\p{P}\\p{Z}${SEPARATING_SYMBOLS}]`;
const NEXT_SEPARATOR = new RegExp(`\\. |, |${SEPARATOR}`, 'gu');
const IS_SEPARATOR = new RegExp(`^(?:\\. |, |${SEPARATOR})$`, 'u');

// Marks that end a sentence or a clause: words on their two sides are not near each other.
const IS_HARD =
  /^(?:\. |, |[\0!;?\u00a1\u00a7\u00b6\u00bf\u055c-\u055e\u0589\u05c3\u060c\u061b\u061f\u06d4\u0700-\u0709\u07f7-\u07f9\u0830-\u0835\u0838-\u083e\u085e\u0964\u0965\u0df4\u0e5a\u0e5b\u0f04-\u0f0a\u0f0d-\u0f12\u0f14\u0fd0-\u0fd4\u104a\u104b\u10fb\u1362-\u1368\u169b\u169c\u16eb-\u16ed\u1735\u1736\u17d4-\u17d6\u17d8\u17da\u1800-\u1806\u1808\u1809\u1944\u1945\u1a1f\u1aa8-\u1aad\u1b5a-\u1b60\u1bfc-\u1bff\u1c3b-\u1c3f\u1c7e\u1c7f\u1cc0-\u1cc7\u2024-\u2026\u203b-\u203d\u2047-\u2049\u204f\u2056\u205a\u2cf9-\u2cfc\u2cfe\u2e18\u2e2e\u2e41\u3001\u3002\ua4fe\ua4ff\ua60d-\ua60f\ua6f2-\ua6f7\ua876\ua877\ua8ce\ua8cf\ua92f\ua95f\ua9c3-\ua9cd\uaa5c-\uaa5f\uaadf\uaaf0\uaaf1\uabeb\ufe10-\ufe16\ufe19\ufe30\ufe45\ufe50-\ufe52\ufe54-\ufe57\uff01\uff0c\uff0e\uff1a\uff1b\uff1f\uff61\uff64])$/u;

const ASCII = /^[\0-\x7f]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
const CONTROL = /[\0-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ACCENTED_SCRIPT = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Thai}]/u;
const CASED_SCRIPT = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Georgian}\p{Script=Armenian}]/u;
const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [/\p{Script=Latin}/u, 'Latin'],
  [/\p{Script=Cyrillic}/u, 'Cyrillic'],
  [/\p{Script=Greek}/u, 'Greek'],
  [/\p{Script=Hebrew}/u, 'Hebrew'],
  [/\p{Script=Arabic}/u, 'Arabic'],
  [/\p{Script=Hangul}/u, 'Hangul'],
  [/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u, 'Cj'],
  [/\p{Script=Thai}/u, 'Thai'],
  [/\p{Script=Khmer}/u, 'Khmer'],
  [/\p{Script=Armenian}/u, 'Armenian'],
  [/\p{Script=Georgian}/u, 'Georgian'],
  [/\p{Script=Devanagari}/u, 'Devanagari'],
  [/\p{Script=Bengali}/u, 'Bengali'],
  [/\p{Script=Tamil}/u, 'Tamil'],
];
const NONSPACING = /\p{Mn}/gu;
const LIGATURES: Readonly<Record<string, string>> = {
  œ: 'oe',
  Œ: 'oe',
  æ: 'ae',
  Æ: 'ae',
  đ: 'd',
  Đ: 'd',
  ð: 'd',
  Ð: 'd',
  ı: 'i',
  '’': "'",
  '‘': "'",
  '‛': "'",
};
const LIGATURE = /[œŒæÆđĐðÐı’‘‛]/g;

/** Decomposes each character on its own, as the reference does, so that marks keep the order they were written in. */
export function decomposed(text: string): string {
  if (ASCII.test(text)) return text;
  let result = '';
  for (const char of text) result += char < '\x80' ? char : char.normalize('NFKD');
  return result;
}

/** Text that every encoder can write: half a surrogate pair becomes the replacement character. */
export const wellFormed = (text: string): string => text.replace(LONE_SURROGATE, '\ufffd');

function normalized(piece: string): string {
  if (ASCII.test(piece)) return piece.replace(CONTROL, '').toLowerCase();
  return normalizedAs(piece, traitsOf(piece));
}

/** What the script of a word decides about its normal form. */
interface Traits {
  readonly cased: boolean;
  readonly accented: boolean;
}

const traitsOf = (piece: string): Traits => ({
  cased: CASED_SCRIPT.test(piece),
  accented: ACCENTED_SCRIPT.test(piece),
});

function normalizedAs(piece: string, { cased, accented }: Traits): string {
  let lemma = decomposed(piece).replace(CONTROL, '');
  if (cased) lemma = lowerCased(lemma);
  if (!accented) return lemma;
  lemma = lemma.replace(LIGATURE, (char) => LIGATURES[char] ?? char);
  if (lemma.endsWith('ς')) lemma = `${lemma.slice(0, -1)}σ`;
  return lemma.replace(NONSPACING, '');
}

/** How many UTF-16 units of a word, as written, its normal form starts with `beginning` for. */
export function writtenLength(piece: string, beginning: string): number {
  const traits = traitsOf(piece);
  const wanted = Buffer.byteLength(beginning);
  let length = 0;
  let bytes = 0;
  for (const char of piece) {
    if (bytes >= wanted) break;
    length += char.length;
    bytes += Buffer.byteLength(normalizedAs(char, traits));
  }
  return length;
}

/** Character by character: a final sigma is not treated apart here. */
function lowerCased(text: string): string {
  let result = '';
  for (const char of text) result += char.toLowerCase();
  return result;
}

function scriptOf(char: string): string | null {
  if (char < '\x80') return /[a-z]/i.test(char) ? 'Latin' : null;
  for (const [pattern, script] of SCRIPTS) if (pattern.test(char)) return script;
  return null;
}

/** Where a piece changes from one script to another: words of two scripts that touch are two words. */
function* scriptRuns(piece: string): Generator<string> {
  let current: string | null = null;
  let run = '';
  for (const char of piece) {
    const script = scriptOf(char);
    if (script !== null && script !== current) {
      if (current !== null && run !== '') {
        yield run;
        run = '';
      }
      current = script;
    }
    run += char;
  }
  if (run !== '') yield run;
}

/** Cuts texts into tokens. `stopWords` are compared with the decomposed, not yet lower-cased form, as the reference does. */
export class Tokenizer {
  constructor(private readonly stopWords: ReadonlySet<string> = new Set()) {}

  tokenize(given: string): Token[] {
    const text = wellFormed(given);
    const tokens: Token[] = [];
    let from = 0;
    for (const match of text.matchAll(NEXT_SEPARATOR)) {
      this.pushWords(tokens, text.slice(from, match.index), from);
      from = match.index + match[0].length;
      this.pushToken(tokens, match[0], match.index, from);
    }
    this.pushWords(tokens, text.slice(from), from);
    return tokens;
  }

  private pushWords(tokens: Token[], piece: string, start: number): void {
    if (piece === '') return;
    if (ASCII.test(piece)) {
      this.pushToken(tokens, piece, start, start + piece.length);
      return;
    }
    let from = start;
    for (const run of scriptRuns(piece)) {
      this.pushToken(tokens, run, from, from + run.length);
      from += run.length;
    }
  }

  private pushToken(tokens: Token[], piece: string, start: number, end: number): void {
    tokens.push({ kind: this.kindOf(piece), lemma: normalized(piece), start, end });
  }

  private kindOf(piece: string): TokenKind {
    if (this.stopWords.size === 0 && /^[0-9A-Za-z]+$/.test(piece)) return 'word';
    const classified = decomposed(piece).replace(CONTROL, '');
    if (this.stopWords.has(classified)) return 'stopWord';
    if (!IS_SEPARATOR.test(classified)) return 'word';
    return IS_HARD.test(classified) ? 'hardSeparator' : 'softSeparator';
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
