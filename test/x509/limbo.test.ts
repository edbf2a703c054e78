import { describe, expect, test } from '@jest/globals';
import { LIMBO_CASES, run } from '../vectors/limbo/index.js';

describe(`the ${String(LIMBO_CASES.length)} cases after x509-limbo`, () => {
  for (const { id, expected, make } of LIMBO_CASES) {
    test(`${expected === 'SUCCESS' ? 'accepts' : 'refuses'} ${id}`, () => {
      const { result, answers } = run(make());
      expect({ result, answers: result === expected ? [] : answers }).toEqual({ result: expected, answers: [] });
    });
  }
});
