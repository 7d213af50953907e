import fc from 'fast-check';
import { orderText } from '../../src/document/order-text';

const compareText = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);

describe('the order text of an exact number', () => {
  it('sorts integers of any length as the integers', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), (left, right) => {
        const expected = left < right ? -1 : left > right ? 1 : 0;
        expect(compareText(orderText(left)!, orderText(right.toString())!)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('sorts decimals as the decimals, and gives one text to equal ones', () => {
    const cents = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
    const decimal = (value: bigint) => {
      const digits = (value < 0n ? -value : value).toString().padStart(4, '0');
      return `${value < 0n ? '-' : ''}${digits.slice(0, -3)}.${digits.slice(-3)}`;
    };
    fc.assert(
      fc.property(cents, cents, (left, right) => {
        const expected = left < right ? -1 : left > right ? 1 : 0;
        expect(compareText(orderText(decimal(left))!, orderText(decimal(right))!)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
    expect(new Set(['19.9', '19.90', '+19.900', '019.9'].map(orderText)).size).toBe(1);
    expect(new Set(['0', '-0', '0.00', '.0', '-0.000'].map(orderText)).size).toBe(1);
  });

  it('sorts doubles as the doubles, with exponents too', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 });
    fc.assert(
      fc.property(double, double, (left, right) => {
        const expected = left < right ? -1 : left > right ? 1 : 0;
        expect(compareText(orderText(left)!, orderText(right)!)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('is not looked for in a text of any length: 1 MB of it is refused by its length', () => {
    const length = 1024 * 1024;
    for (const text of [`${'0'.repeat(length)}x`, `.${'0'.repeat(length)}x`, '9'.repeat(length), ' '.repeat(length)])
      expect(orderText(text)).toBeNull();
    const scanned = jest.spyOn(RegExp.prototype, 'exec');
    expect(orderText('0'.repeat(length))).toBeNull();
    expect(scanned).not.toHaveBeenCalled();
    scanned.mockRestore();
  });

  it('is exact up to 450 digits, and does not exist beyond', () => {
    expect(orderText(`${'9'.repeat(440)}.${'9'.repeat(10)}`)).not.toBeNull();
    expect(orderText('9'.repeat(451))).toBeNull();
    expect(orderText(`0.${'0'.repeat(450)}1`)).toBeNull();
    expect(orderText(`000${'9'.repeat(450)}.000`)).toBe(orderText('9'.repeat(450)));
    for (const double of [Number.MAX_VALUE, Number.MIN_VALUE, -(2 ** -1022)])
      expect(orderText(double)!.length).toBeLessThanOrEqual(468);
    expect(orderText(`-${'9'.repeat(225)}.${'9'.repeat(225)}`)!.length).toBeLessThanOrEqual(468);
  });

  it.each(['', 'x', '1e5', 'NaN', '--1', '1.2.3', '.'])('does not exist for %j', (text) => {
    expect(orderText(text)).toBeNull();
  });
});
