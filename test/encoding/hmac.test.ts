import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { hmacOf, hmacSha256 } from '../../src/encoding/index.js';

const oracle = (key: Uint8Array, message: Uint8Array): Buffer => createHmac('sha256', key).update(message).digest();

describe('HMAC-SHA-256 over the one-shot hash', () => {
  test('is RFC 4231 test case 2', () => {
    const hex = Buffer.from(hmacSha256(Buffer.from('Jefe'), 'what do ya want for nothing?', 'binary'), 'latin1').toString('hex');
    expect(hex).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });

  test('is that of the runtime for every key of at most a block, whatever was hashed before', () => {
    const octets = (maxLength: number) => fc.uint8Array({ maxLength });
    fc.assert(
      fc.property(octets(64), fc.oneof(octets(100), octets(1100)), (key, message) => {
        expect(hmacOf(key, message, 'base64url')).toBe(oracle(key, message).toString('base64url'));
        expect(Buffer.from(hmacOf(key, message, 'binary'), 'latin1')).toEqual(oracle(key, message));
      }),
    );
  });

  test('takes text as UTF-8, and no key that would have to be hashed first', () => {
    const key = Buffer.alloc(64, 7);
    expect(hmacSha256(key, 'mailto:jürgen@example.com', 'base64url')).toBe(
      oracle(key, Buffer.from('mailto:jürgen@example.com')).toString('base64url'),
    );
    expect(() => hmacOf(Buffer.alloc(65), key, 'binary')).toThrow(RangeError);
  });
});
