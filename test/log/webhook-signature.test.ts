import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { receiptKeyName, signWebhook, verifyReceipt, verifyWebhook } from '../../src/log/index.js';
import { testSigner, vkeyOf } from '../support/log-fixtures.js';
import { reasonOf } from '../support/reasons.js';

const signer = testSigner(receiptKeyName('dp.example/log'));
const receiptVkey = vkeyOf(signer);
const now = 1_795_500_000;
const body = Buffer.from('{"events":[{"id":"1-1","sii":"tel:+12025550100"}]}');
const headers = signWebhook('1-1..1-1', now, body, signer);

describe('a signed webhook message', () => {
  test('is verified, and by anybody who reads the Standard Webhooks specification', () => {
    expect(verifyWebhook(headers, body, { receiptVkey, now: now + 299 })).toBe('1-1..1-1');
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(signer.publicKey).toString('base64url') },
      format: 'jwk',
    });
    const signature = Buffer.from(String(headers['webhook-signature']).slice('v1a,'.length), 'base64');
    expect(verify(null, Buffer.from(`1-1..1-1.${now}.${body.toString()}`), key, signature)).toBe(true);
  });

  test('holds beside signatures of other schemes and keys', () => {
    const many = { ...headers, 'webhook-signature': `v1,AAAA v1a,${Buffer.alloc(64).toString('base64')} ${headers['webhook-signature']}` };
    expect(verifyWebhook(many, body, { receiptVkey, now })).toBe('1-1..1-1');
  });

  test.each([
    ['another body', headers, Buffer.from('{"events":[]}'), now],
    ['another id', { ...headers, 'webhook-id': '1-2..1-2' }, body, now],
    ['another time', { ...headers, 'webhook-timestamp': String(now + 1) }, body, now],
    ['a time that is none', { ...headers, 'webhook-timestamp': 'now' }, body, now],
    ['too old a message', headers, body, now + 301],
    ['one from ahead', headers, body, now - 301],
    ['a clock that is none', headers, body, NaN],
    ['no signature', { ...headers, 'webhook-signature': undefined }, body, now],
    ['two ids', { ...headers, 'webhook-id': ['1-1..1-1', '1-1..1-1'] }, body, now],
    ['a short signature', { ...headers, 'webhook-signature': 'v1a,AAAA' }, body, now],
  ])('does not hold for %s', (_, sent, octets, at) => {
    expect(reasonOf(() => verifyWebhook(sent, octets, { receiptVkey, now: at }))).toBe('webhook-not-signed');
  });

  test('does not hold under another key, and its signature is no receipt', () => {
    const other = vkeyOf(testSigner(receiptKeyName('dp.example/log'), 'other'));
    expect(reasonOf(() => verifyWebhook(headers, body, { receiptVkey: other, now }))).toBe('webhook-not-signed');
    expect(reasonOf(() => verifyWebhook(headers, body, { receiptVkey: vkeyOf(testSigner('dp.example/log')), now }))).toBe(
      'webhook-not-signed',
    );
    expect(reasonOf(() => verifyReceipt(`1-1..1-1.${now}.${body.toString()}`, receiptVkey))).toBe('malformed-note');
  });
});
