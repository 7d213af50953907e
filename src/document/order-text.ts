/**
 * Text for a decimal whose lexicographic order is the order of the values, exact at any length: sign, number of integer
 * digits, digits. Negative values count every digit down from nine and end above every digit. Null where the value is
 * not a decimal number.
 * @example orderText('19.90') === 'p00219.9'
 */
export function orderText(value: string | number | bigint): string | null {
  const plain = typeof value === 'number' ? plainDigits(value) : String(value).trim();
  const parsed = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(plain);
  if (parsed === null || !/\d/.test(plain)) return null;
  const [, sign, integer, fraction = ''] = parsed;
  const whole = integer === '' ? '0' : integer!;
  if (whole.length > 999) return null;
  const digits = `${String(whole.length).padStart(3, '0')}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  const negative = sign === '-' && /[1-9]/.test(whole + fraction);
  return negative ? `n${digits.replace(/\d/g, (digit) => String(9 - Number(digit)))}~` : `p${digits}`;
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
