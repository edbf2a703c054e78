import { describe, expect, test } from '@jest/globals';
import { readOptions } from './options.js';

describe('the options of the fuzzer', () => {
  test('have a default each: until it is stopped, over all targets, from a seed of the clock', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ target: '', out: 'fuzz-findings', replay: null, hostile: true });
    expect(options?.seconds).toBe(Number.MAX_SAFE_INTEGER);
    expect(options?.inputs).toBe(Number.MAX_SAFE_INTEGER);
    expect(options?.seed).toBeLessThan(2 ** 32);
  });

  test('are read', () => {
    const args = ['--seconds', '60', '--inputs=500', '--seed', '4294967295', '--target', 'CRLs', '--out', 'found', '--no-hostile'];
    expect(readOptions(args)).toEqual({
      seconds: 60,
      inputs: 500,
      seed: 4_294_967_295,
      target: 'CRLs',
      out: 'found',
      replay: null,
      hostile: false,
    });
    expect(readOptions(['--replay', 'found/1'])).toMatchObject({ replay: 'found/1', hostile: false });
  });

  test.each([
    [['--seconds', '1.5']],
    [['--seconds', '']],
    [['--seconds=-1']],
    [['--inputs', '1e3']],
    [['--seed', '4294967296']],
    [['--seed', 'x']],
    [['--out']],
    [['--fast']],
    [['CRLs']],
  ])('are refused where they are none: %j', (args) => {
    expect(readOptions(args)).toBeNull();
  });
});
