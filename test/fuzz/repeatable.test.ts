import { spawnSync } from 'node:child_process';
import { createECDH, createPrivateKey, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { namedKey } from '../support/mutation/keys.js';
import { signJwsRepeatably, signRepeatably } from '../support/mutation/repeatable-signature.js';

const keyOf = (secret: string): KeyObject => {
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(secret, 'hex');
  const point = curve.getPublicKey();
  const part = (from: number): string => point.subarray(from, from + 32).toString('base64url');
  const d = Buffer.from(secret, 'hex').toString('base64url');
  return createPrivateKey({ key: { kty: 'EC', crv: 'P-256', d, x: part(1), y: part(33) }, format: 'jwk' });
};

describe('a signature that is the same in every process', () => {
  test.each([
    [
      'sample',
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
      'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    ],
    [
      'test',
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367',
      '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    ],
  ])('is that of RFC 6979 appendix A.2.5: %s', (message, r, s) => {
    const key = keyOf('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721');
    expect(signJwsRepeatably(Buffer.from(message), key).toString('hex')).toBe(r + s);
  });

  test('holds by node:crypto, in both forms, and for no other octets', () => {
    const { privateKey, publicKey } = namedKey('signer');
    for (let i = 0; i < 20; i += 1) {
      const message = Buffer.from(`message ${String(i)}`);
      expect(verify('sha256', message, publicKey, signRepeatably(message, privateKey))).toBe(true);
      expect(verify('sha256', message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signJwsRepeatably(message, privateKey))).toBe(true);
      expect(verify('sha256', Buffer.from('another'), createPublicKey(privateKey), signRepeatably(message, privateKey))).toBe(false);
    }
  });
});

const MAIN = join(dirname(fileURLToPath(import.meta.url)), 'main.js');
const fuzz = (...args: string[]): { readonly status: number | null; readonly out: string } => {
  const { status, stdout } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { status, out: stdout };
};

describe('npm run fuzz', () => {
  test('gives the same mutants for the same seed in another process', () => {
    const mutants = (): unknown => {
      const { status, out } = fuzz('--target', 'lines of verify', '--inputs', '300', '--seed', '1');
      expect(status).toBe(0);
      const end = JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
      expect(end).toMatchObject({ event: 'end', inputs: 300, findings: false });
      return end['mutants'];
    };
    expect(mutants()).toBe(mutants());
  });

  test('ends with 2 where it is asked for what it has not', () => {
    expect(fuzz('--target', 'nothing of this name').status).toBe(2);
  });
});
