import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import * as jose from 'jose';
import { canonicalJson } from '../../src/encoding/index.js';
import { HeaderCache, parseCompact, parsePassport, parseX5u, signPassport, verifyEs256 } from '../../src/passport/index.js';
import { Refusal } from '../../src/reasons/index.js';
import { ROOT, claimsOf } from '../support/passport-bench.js';
import { leftOut } from '../support/left-out.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const spki = publicKey.export({ type: 'spki', format: 'der' });
const X5C = [Buffer.from('certificate'), Buffer.from('issuer')];
const passport = signPassport({ claims: claimsOf('register'), key: privateKey, x5c: X5C });

const reasonOf = (parse: () => unknown): string => {
  try {
    parse();
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};

describe('parsePassport', () => {
  test('reads what signPassport wrote', () => {
    const { header, claims, signature, signingInput } = parsePassport(passport);
    expect(header).toEqual({ x5c: X5C, x5u: null });
    expect(claims).toMatchObject({ action: 'register', sii: 'tel:+12025550150', ssi: 'mimi://a.example/u/alice', provider: 'a.example' });
    expect(verifyEs256({ spki, message: signingInput, signature })).toBe(true);
  });

  test('gives the same from the header that came before, and keeps few', () => {
    const cache = new HeaderCache(2);
    const once = parseCompact(passport, cache);
    const first = parseCompact(passport, cache);
    expect(first.header).toEqual(once.header);
    expect(first.header).not.toBe(once.header);
    expect(parseCompact(signPassport({ claims: claimsOf('release'), key: privateKey, x5c: X5C }), cache).header).toBe(first.header);
    for (let i = 0; i < 9; i += 1) {
      const other = signPassport({ claims: {}, key: privateKey, x5c: [Buffer.alloc(90, i)] });
      parseCompact(other, cache);
      parseCompact(other, cache);
    }
    expect(parseCompact(passport, cache).header).not.toBe(first.header);
  });

  test('keeps headers up to a number of octets, however few they are, and the newest of them', () => {
    const cache = new HeaderCache(1_000, 20_000);
    const large = (n: number) => signPassport({ claims: {}, key: privateKey, x5c: [Buffer.alloc(4_000, n)] });
    const text = large(1);
    const first = parseCompact(text, cache).header;
    expect(parseCompact(text, cache).header).not.toBe(first);
    expect(cache.octets).toBe(text.indexOf('.'));
    const kept = parseCompact(text, cache).header;
    expect(parseCompact(text, cache).header).toBe(kept);
    // Of one sample, and of many.
    for (const name of ['same', 'other'])
      for (let n = 1; n < 20; n += 1) {
        const x5c = [Buffer.alloc(4_000, name === 'same' ? 7 : n), Buffer.alloc(9, n)];
        for (let time = 0; time < 2; time += 1) parseCompact(signPassport({ claims: {}, key: privateKey, x5c }), cache);
        expect(cache.octets).toBeLessThanOrEqual(20_000);
      }
    expect(cache.octets).toBeGreaterThan(10_000);
    expect(parseCompact(text, cache).header).not.toBe(kept);
  });

  test('takes __proto__ for a claim like any other', () => {
    const claims: unknown = JSON.parse('{"__proto__":{"action":"register"}}');
    expect(reasonOf(() => parsePassport(signPassport({ claims: claims as Record<string, unknown>, key: privateKey, x5c: X5C })))).toBe(
      'claim-not-allowed',
    );
  });

  test('throws only refusals on mutated PASSporTs and on anything else', () => {
    fc.assert(fc.property(fc.anything(), (value) => expect(reasonOf(() => parsePassport(value))).not.toBe('accepted')));
    fc.assert(
      fc.property(fc.nat(passport.length - 1), fc.integer({ min: 0, max: 255 }), (at, code) => {
        reasonOf(() => parsePassport(passport.slice(0, at) + String.fromCharCode(code) + passport.slice(at + 1)));
      }),
      { numRuns: 2000 },
    );
  });

  test('takes any canonical JSON object for canonical, and no other spelling of it', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '"', '\\', '\u00e9', '\u{1f600}', '\u007f', '_') });
    const value = fc.jsonValue({ depthSize: 'small', maxDepth: 4 }).map((json) => JSON.parse(JSON.stringify(json)) as unknown);
    fc.assert(
      fc.property(fc.dictionary(name, value), (claims) => {
        let text: string;
        try {
          text = canonicalJson(claims);
        } catch {
          return;
        }
        const spelt = (payload: string) => passport.replace(/\..*\./, `.${Buffer.from(payload).toString('base64url')}.`);
        expect(canonicalJson(parseCompact(spelt(text)).payload)).toBe(text);
        expect(reasonOf(() => parseCompact(spelt(`${text} `)))).toBe('non-canonical');
        expect(reasonOf(() => parseCompact(spelt(text.replace('{', '{ '))))).toBe('non-canonical');
      }),
      { numRuns: 300 },
    );
  });
});

describe('verifyEs256', () => {
  const message = Buffer.from('message');
  const { signature } = parsePassport(passport);

  test('accepts high S: a signature is no identity', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const { signingInput } = parsePassport(passport);
    const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
    const other = Buffer.concat([signature.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')]);
    expect(verifyEs256({ spki, message: signingInput, signature: other })).toBe(true);
    expect(reasonOf(() => verifyEs256({ spki, message, signature: other }))).toBe('bad-signature');
  });

  test('refuses r and s outside 1 to n-1', () => {
    for (const part of [Buffer.alloc(32), Buffer.alloc(32, 0xff)]) {
      expect(reasonOf(() => verifyEs256({ spki, message, signature: Buffer.concat([part, signature.subarray(32)]) }))).toBe(
        'bad-signature',
      );
      expect(reasonOf(() => verifyEs256({ spki, message, signature: Buffer.concat([signature.subarray(0, 32), part]) }))).toBe(
        'bad-signature',
      );
    }
  });

  test('refuses keys that are not uncompressed P-256 in their one encoding', () => {
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
    const offCurve = Buffer.from(spki);
    offCurve[90] = (offCurve[90] ?? 0) ^ 1;
    for (const key of [
      p384,
      p384.export({ type: 'spki', format: 'der' }),
      offCurve,
      Buffer.concat([spki, Buffer.alloc(1)]),
      Buffer.alloc(0),
    ]) {
      expect(reasonOf(() => verifyEs256({ spki: key, message, signature }))).toBe('unsupported-key');
    }
  });

  test('throws only refusals, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), fc.anything(), (...[a, b, c]) => {
        const verify: (input: never) => true = verifyEs256;
        expect(reasonOf(() => verify({ spki: a, message: b, signature: c } as never))).not.toBe('accepted');
        expect(reasonOf(() => verify(a as never))).not.toBe('accepted');
      }),
    );
  });
});

describe('signPassport', () => {
  test('takes a KeyObject, PEM text or a JWK, and the path as octets, base64 or PEM', () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const jwk = privateKey.export({ format: 'jwk' });
    for (const key of [privateKey, pem, jwk])
      expect(parsePassport(signPassport({ claims: claimsOf('register'), key, x5c: X5C })).header.x5c).toHaveLength(2);
    const base64 = X5C.map((der) => der.toString('base64'));
    expect(parsePassport(signPassport({ claims: claimsOf('register'), key: jwk, x5c: base64 })).header.x5c).toEqual(X5C);
  });

  test('refuses another key, and no or two credentials', () => {
    const claims = claimsOf('register');
    expect(reasonOf(() => signPassport({ claims, key: generateKeyPairSync('ed25519').privateKey, x5c: X5C }))).toBe('unsupported-key');
    expect(reasonOf(() => signPassport({ claims, key: 'no key', x5c: X5C }))).toBe('unsupported-key');
    expect(reasonOf(() => signPassport({ claims, key: privateKey }))).toBe('credential-missing');
    expect(reasonOf(() => signPassport({ claims, key: privateKey, x5c: X5C, x5u: 'https://sti.example/a' }))).toBe('header-not-allowed');
  });

  test('writes what jose verifies, and jose writes what is read', async () => {
    const { payload, protectedHeader } = await jose.compactVerify(passport, publicKey);
    expect(protectedHeader).toEqual({ alg: 'ES256', ppt: 'mimi', typ: 'passport', x5c: X5C.map((der) => der.toString('base64')) });
    const foreign = await new jose.CompactSign(payload)
      .setProtectedHeader({ alg: 'ES256', ppt: 'mimi', typ: 'passport', x5c: X5C.map((der) => der.toString('base64')) })
      .sign(privateKey);
    const { signingInput, signature, claims } = parsePassport(foreign);
    expect(verifyEs256({ spki, message: signingInput, signature })).toBe(true);
    expect(claims).toEqual(parsePassport(passport).claims);
  });
});

const VECTORS = join(process.env['SIGNPOST_VECTORS'] ?? join(ROOT, '..', 'shared', 'vectors'), 'stir');
const published = existsSync(VECTORS) ? test : test.skip;
if (!existsSync(VECTORS)) leftOut('the published STIR vectors', `${VECTORS} does not exist (set SIGNPOST_VECTORS)`);
const read = (file: string): unknown => JSON.parse(readFileSync(join(VECTORS, file), 'utf8'));
const pem = (file: string) => readFileSync(join(VECTORS, file), 'utf8');
const split = (token: string) => {
  const at = token.lastIndexOf('.');
  return { message: Buffer.from(token.slice(0, at)), signature: Buffer.from(token.slice(at + 1), 'base64url') };
};

describe('the published PASSporTs', () => {
  published('of RFC 8946 verify, high S or not, and none is for this gateway', () => {
    const { tokens, public_pem } = read('rfc8946.json') as { public_pem: string; tokens: { token: string }[] };
    expect(tokens.length).toBeGreaterThan(1);
    for (const { token } of tokens) {
      expect(verifyEs256({ spki: createPublicKey(public_pem), ...split(token) })).toBe(true);
      expect(reasonOf(() => parsePassport(token))).toBe('unsupported-ppt');
    }
  });

  published('of RFC 8225 appendix A verify under neither printed key', () => {
    const tokens = JSON.stringify(read('rfc8225.json')).match(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/g) ?? [];
    const appendix = tokens.find((token) => token.includes('.eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VA')) ?? '';
    expect(reasonOf(() => parsePassport(appendix))).toBe('unsupported-ppt');
    for (const key of [createPublicKey(pem('rfc8225-a2-public.pem')), createPublicKey(createPrivateKey(pem('rfc8225-a1-private.pem')))]) {
      expect(reasonOf(() => verifyEs256({ spki: key, ...split(appendix) }))).toBe('bad-signature');
    }
  });
});

describe('x5u', () => {
  const ruleOf = (x5u: unknown): string => {
    try {
      return parseX5u(x5u);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return `${error.reason}: ${error.detail ?? ''}`;
    }
  };

  test.each([
    ['type', 5],
    ['type', null],
    ['length', `https://sti.example/${'a'.repeat(1024)}`],
    ['scheme', 'http://sti.example/a.pem'],
    ['scheme', 'HTTPS://sti.example/a.pem'],
    ['scheme', 'data:text/plain,a'],
    ['scheme', ''],
    ['user', 'https://user@sti.example/a.pem'],
    ['user', 'https://sti.example:443@127.0.0.1/a.pem'],
    ['port', 'https://sti.example:8080/a.pem'],
    ['port', 'https://sti.example:/a.pem'],
    ['host', 'https://127.0.0.1/a.pem'],
    ['host', 'https://[::1]/a.pem'],
    ['host', 'https://2130706433/a.pem'],
    ['host', 'https://localhost/a.pem'],
    ['host', 'https://metadata.internal/a.pem'],
    ['host', 'https://STI.example/a.pem'],
    ['host', 'https:///a.pem'],
    ['fragment', 'https://sti.example/a.pem#b'],
    ['fragment', 'https://sti.example/a.pem?b#c'],
    ['query', 'https://sti.example/a.pem?b'],
    ['path', 'https://sti.example/a b'],
    ['path', 'https://sti.example/%zz'],
    ['host', 'https://sti.example\\a.pem'],
  ])('is refused by the rule of its %s: %j', (rule, x5u) => {
    expect(ruleOf(x5u)).toBe(`x5u-not-allowed: ${rule}`);
  });

  test.each(['https://sti.example/a.pem', 'https://cert.sti.example:8443/a/%20b', 'https://sti.example'])('is accepted: %s', (x5u) => {
    expect(ruleOf(x5u)).toBe(x5u);
  });

  test('has its rule in the answer of check-header', () => {
    expect(() =>
      parsePassport(signPassport({ claims: claimsOf('register'), key: privateKey, x5u: 'https://sti.example:8080/a.pem' })),
    ).toThrow(expect.objectContaining({ reason: 'x5u-not-allowed', detail: 'port' }));
  });
});
