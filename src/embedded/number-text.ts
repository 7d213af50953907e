/** Digits and decimal exponent of a number: `0.digits × 10^exponent`. */
function shortestDigits(value: number): { readonly digits: string; readonly exponent: number } {
  const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential().split('e');
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) + 1 };
}

/** A number as facet counts show it: never with an exponent. */
export function plainNumber(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const { digits, exponent } = shortestDigits(value);
  const sign = value < 0 ? '-' : '';
  if (exponent <= 0) return `${sign}0.${'0'.repeat(-exponent)}${digits}`;
  return `${sign}${digits.padEnd(exponent, '0')}`;
}

/** A number as full text and highlights see it: an exponent where it is no integer of 64 bits, and below 0.00001. */
export function jsonNumber(value: number): string {
  const magnitude = Math.abs(value);
  const isPlain = magnitude < 1e16 ? magnitude >= 1e-5 || value === 0 : value < 2 ** 64 && value >= -(2 ** 63);
  return isPlain || !Number.isFinite(value) ? String(value) : shortestExponential(value);
}

const shortestExponential = (value: number): string => {
  const { digits, exponent } = shortestDigits(value);
  const fraction = digits.length === 1 ? '' : `.${digits.slice(1)}`;
  return `${value < 0 ? '-' : ''}${digits[0]}${fraction}e${exponent > 0 ? '+' : ''}${exponent - 1}`;
};
