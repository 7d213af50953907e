import { jsonNumber, plainNumber } from '../../src/embedded/number-text.js';

describe('a number', () => {
  // As Meilisearch 1.50 answered for documents with these numbers.
  it.each([
    [1e15, '1000000000000000', '1000000000000000'],
    [1e19, '10000000000000000000', '10000000000000000000'],
    [1e20, '1e+20', '100000000000000000000'],
    [1.5e22, '1.5e+22', '15000000000000000000000'],
    [-1e20, '-1e+20', '-100000000000000000000'],
    [0.000015, '0.000015', '0.000015'],
    [0.000001, '1e-6', '0.000001'],
    [1e-7, '1e-7', '0.0000001'],
    [1.25, '1.25', '1.25'],
    [0, '0', '0'],
  ])('%d is written as the reference engine writes it', (number, inText, inFacets) => {
    expect(jsonNumber(number)).toBe(inText);
    expect(plainNumber(number)).toBe(inFacets);
  });
});
