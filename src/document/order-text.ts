/** Most digits of a number that has a place. An engine compares the first 468 bytes of a text and no more. */
export const ORDER_MAX_DIGITS = 450;
/** Longest text that is looked at: it may have come from anybody. */
const MAX_LENGTH = 1100;

/**
 * Text for a decimal whose lexicographic order is the order of the values, exact up to {@link ORDER_MAX_DIGITS} digits:
 * sign, number of integer digits, digits. Negative values count every digit down from nine and end above every digit.
 * Null where the value is not a decimal number, or has more digits.
 * @example orderText('19.90') === 'p00219.9'
 */
export function orderText(value: string | number | bigint): string | null {
  const text = typeof value === 'number' ? plainDigits(value) : String(value);
  if (text.length > MAX_LENGTH) return null;
  const plain = text.trim();
  const parsed = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(plain);
  if (parsed === null || !/\d/.test(plain)) return null;
  const [, sign, integer, decimals = ''] = parsed;
  const whole = withoutLeadingZeros(integer!) || '0';
  const fraction = withoutTrailingZeros(decimals);
  if (whole.length + fraction.length > ORDER_MAX_DIGITS) return null;
  const digits = `${String(whole.length).padStart(3, '0')}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  const negative = sign === '-' && /[1-9]/.test(whole + fraction);
  return negative ? `n${digits.replace(/\d/g, (digit) => String(9 - Number(digit)))}~` : `p${digits}`;
}

function withoutLeadingZeros(digits: string): string {
  let start = 0;
  while (digits[start] === '0') start++;
  return digits.slice(start);
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end--;
  return digits.slice(0, end);
}

/** A double without an exponent. */
function plainDigits(value: number): string {
  const text = String(value);
  const exponent = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (exponent === null) return text;
  const [, sign, first, rest = '', power] = exponent;
  const shift = Number(power);
  const digits = first! + rest;
  return shift < 0
    ? `${sign}0.${'0'.repeat(-shift - 1)}${digits}`
    : `${sign}${digits.padEnd(shift + 1, '0').slice(0, shift + 1)}.${digits.slice(shift + 1) || '0'}`;
}
