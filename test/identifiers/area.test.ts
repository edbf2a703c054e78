import { describe, expect, test } from '@jest/globals';
import { getCountries, getCountryCallingCode } from 'libphonenumber-js/max';
import { areaOf } from '../../src/identifiers/index.js';

describe('areaOf', () => {
  test.each(getCountries().map((country) => [country, getCountryCallingCode(country)]))('knows the calling code of %s', (_, code) => {
    expect(areaOf(`tel:+${code}23456789`)).toBe(code);
  });

  test.each([
    ['tel:+80012345678', '800'],
    ['tel:+881612345678', '881'],
    ['tel:+78001234567', '7'],
    ['mailto:alice@x.example', 'mail'],
  ])('takes %s for %s', (sii, area) => expect(areaOf(sii)).toBe(area));
});
