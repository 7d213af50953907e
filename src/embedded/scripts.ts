/** Writing systems, as the reference engine tells them apart: by blocks of code points, punctuation of a block included. */
export type Script = string;

export const OTHER: Script = 'Other';

// Full-width forms count as Hangul and letter-like symbols as Latin, as in the reference; a text is cut where its script
// changes, and lower case and accents are taken off in some scripts only.
const BLOCKS: readonly (readonly [Script, readonly (readonly [number, number])[]])[] = [
  [
    'Latin',
    [
      [0x41, 0x5a],
      [0x61, 0x7a],
      [0x80, 0x2af],
      [0x1d00, 0x1dbf],
      [0x1e00, 0x1eff],
      [0x2100, 0x214f],
      [0x2c60, 0x2c7f],
      [0xa720, 0xa7ff],
      [0xab30, 0xab6f],
    ],
  ],
  [
    'Cyrillic',
    [
      [0x400, 0x484],
      [0x487, 0x52f],
      [0x2de0, 0x2dff],
      [0xa640, 0xa69d],
      [0xa69f, 0xa69f],
    ],
  ],
  [
    'Arabic',
    [
      [0x600, 0x6ff],
      [0x750, 0x7ff],
      [0x8a0, 0x8ff],
      [0xfb50, 0xfdff],
      [0xfe70, 0xfeff],
      [0x10e60, 0x10e7f],
      [0x1ee00, 0x1eeff],
    ],
  ],
  [
    'Devanagari',
    [
      [0x900, 0x97f],
      [0xa8e0, 0xa8ff],
      [0x1cd0, 0x1cff],
    ],
  ],
  ['Hebrew', [[0x590, 0x5ff]]],
  [
    'Ethiopic',
    [
      [0x1200, 0x139f],
      [0x2d80, 0x2ddf],
      [0xab00, 0xab2f],
    ],
  ],
  ['Georgian', [[0x10a0, 0x10ff]]],
  ['Bengali', [[0x980, 0x9ff]]],
  [
    'Hangul',
    [
      [0x1100, 0x11ff],
      [0x3130, 0x318f],
      [0x3200, 0x32ff],
      [0xa960, 0xa97f],
      [0xac00, 0xd7ff],
      [0xff00, 0xffef],
    ],
  ],
  [
    'Cj',
    [
      [0x2e80, 0x2e99],
      [0x2e9b, 0x2ef3],
      [0x2f00, 0x2fd5],
      [0x3005, 0x3005],
      [0x3007, 0x3007],
      [0x3021, 0x3029],
      [0x3038, 0x303b],
      [0x3040, 0x30ff],
      [0x3400, 0x4db5],
      [0x4e00, 0x9fcc],
      [0xf900, 0xfa6d],
      [0xfa70, 0xfad9],
    ],
  ],
  ['Greek', [[0x370, 0x3ff]]],
  ['Kannada', [[0xc80, 0xcff]]],
  ['Tamil', [[0xb80, 0xbff]]],
  ['Thai', [[0xe00, 0xe7f]]],
  ['Gujarati', [[0xa80, 0xaff]]],
  ['Gurmukhi', [[0xa00, 0xa7f]]],
  ['Telugu', [[0xc00, 0xc7f]]],
  ['Malayalam', [[0xd00, 0xd7f]]],
  ['Oriya', [[0xb00, 0xb7f]]],
  ['Myanmar', [[0x1000, 0x109f]]],
  ['Sinhala', [[0xd80, 0xdff]]],
  [
    'Khmer',
    [
      [0x1780, 0x17ff],
      [0x19e0, 0x19ff],
    ],
  ],
];

const RANGES = BLOCKS.flatMap(([script, blocks]) => blocks.map(([from, to]) => ({ script, from, to }))).sort(
  (left, right) => left.from - right.from,
);

function scriptOf(codePoint: number): Script {
  let low = 0;
  let high = RANGES.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (RANGES[middle]!.to < codePoint) low = middle + 1;
    else high = middle;
  }
  const range = RANGES[low];
  return range !== undefined && range.from <= codePoint ? range.script : OTHER;
}

/** A stretch of text in one script. */
interface ScriptRun {
  readonly script: Script;
  readonly start: number;
  readonly end: number;
}

const LATIN_ONLY = /^[\0-\u02af]*$/;
const HAS_LATIN = /[A-Za-z\u0080-\u02af]/;
const ARMENIAN = /[\u0530-\u058f\ufb13-\ufb17]/g;

/** Cuts a text where its script changes; characters of no script stay with what is before them. */
export function scriptRuns(text: string): ScriptRun[] {
  if (LATIN_ONLY.test(text)) return [{ script: HAS_LATIN.test(text) ? 'Latin' : OTHER, start: 0, end: text.length }];
  const runs: ScriptRun[] = [];
  let script = OTHER;
  let letters = 0;
  let start = 0;
  let at = 0;
  const close = () => {
    if (at === start) return;
    // Armenian letters cut nothing, but a stretch that is mostly Armenian counts as that.
    const armenian = text.slice(start, at).match(ARMENIAN)?.length ?? 0;
    runs.push({ script: armenian > letters ? 'Armenian' : script, start, end: at });
    start = at;
    letters = 0;
  };
  for (const char of text) {
    const own = scriptOf(char.codePointAt(0)!);
    if (own !== OTHER && own !== script) {
      if (script !== OTHER) close();
      script = own;
    }
    if (own !== OTHER) letters += 1;
    at += char.length;
  }
  close();
  return runs;
}
