import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodeEvidence, encodeEvidence } from '../../src/gateway/evidence.js';
import { Refusal } from '../../src/reasons/index.js';

const client = { domain: 'a.example', kind: 'ap', class: 'consumer', spc: null } as const;

describe('evidence of a PASSporT', () => {
  test('is JSON that the decoder and any other reader take for what was given, whatever octets the PASSporT has', () => {
    const passport = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', 'Z', '0', '9', '-', '_', '.') }),
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
    );
    const chain = fc.option(fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 3 }), { nil: undefined });
    fc.assert(
      fc.property(passport, chain, fc.boolean(), (text, path, isUnacquired) => {
        const unacquired = isUnacquired ? new Refusal('x5u-not-allowed', 'host') : undefined;
        const octets = encodeEvidence({ kind: 'passport', client, input: { passport: text, at: 7, chain: path, unacquired } });
        expect(JSON.parse(octets.toString())).toEqual({
          v: 1,
          client,
          at: 7,
          passport: text,
          ...(path === undefined ? {} : { chain: path.map((der) => Buffer.from(der).toString('base64')) }),
          ...(isUnacquired ? { unacquired: { reason: 'x5u-not-allowed', detail: 'host' } } : {}),
        });
        const read = decodeEvidence(octets);
        expect(read.kind === 'passport' && read.input).toMatchObject({ passport: text, at: 7 });
      }),
    );
  });
});
