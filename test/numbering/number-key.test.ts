import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { digitsOf, firstKeyOf, keyOf } from '../../src/numbering/number-key.js';

describe('the key of a number', () => {
  test('is that of 1 to 15 digits alone, in the order of length, then digits', () => {
    const digits = fc.stringMatching(/^[0-9]{1,15}$/);
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        expect(digitsOf(keyOf(a))).toBe(a);
        expect(keyOf(a)).toBe(firstKeyOf(a.length) + Number(a));
        expect(Math.sign(keyOf(a) - keyOf(b))).toBe(Math.sign(a.length - b.length) || Number(a > b) - Number(a < b));
      }),
    );
  });

  test.each(['1e5', '+12', ' 12', '12.0', '0x12', '-1', '１２'])('is no number for what is not digits: %j', (text) => {
    expect(keyOf(text)).toBeNaN();
  });
});
