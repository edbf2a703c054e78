import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { CredentialBook, credentialId, credentialIdOfMapping, type CredentialEntry } from '../../src/gateway/credential-book.js';

const idOf = (n: number): string => credentialId(createHash('sha256').update(String(n)).digest());
const entryOf = (number: number, ...serial: number[]): CredentialEntry => ({ class: number, serial: Buffer.from(serial) });
const plain = (entries: readonly CredentialEntry[]): unknown[] =>
  entries.map((entry) => [entry.class, Buffer.from(entry.serial).toString('hex')]);
const whole = (book: CredentialBook): Map<string, unknown[]> =>
  new Map([...book.shards()].flat().map(([id, entries]) => [id, plain(entries)]));

/** What is done to a book, and in the model. */
type Step =
  readonly ['put', number, CredentialEntry] | readonly ['begin'] | readonly ['see', number] | readonly ['end'] | readonly ['abandon'];

const anyEntry = fc.record({ class: fc.nat(3), serial: fc.uint8Array({ minLength: 1, maxLength: 3 }) });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('put' as const), fc.nat(12), anyEntry) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('see' as const), fc.nat(12)) },
  { weight: 1, arbitrary: fc.constantFrom(['begin'] as const, ['end'] as const, ['abandon'] as const) },
);

test('a mapping names the credential that registered it by half a fingerprint', () => {
  const fingerprint = createHash('sha256').update('x').digest();
  expect(credentialId(fingerprint)).toBe(credentialIdOfMapping(fingerprint.toString('hex').slice(0, 32)));
});

test('a credential has no more entries than a record can hold: then it is full, whatever the length of its serial number', () => {
  for (const octets of [1, 20]) {
    const book = new CredentialBook();
    const serial = Buffer.alloc(octets, 7);
    for (let number = 0; number < 64; number += 1) {
      expect(book.isFull(idOf(1), { serial })).toBe(false);
      book.put(idOf(1), { class: number, serial });
    }
    expect([book.isFull(idOf(1), { serial }), book.isFull(idOf(2), { serial })]).toEqual([true, false]);
    // What one batch may put besides still fits.
    for (let number = 0; number < 2000; number += 1) book.put(idOf(1), { class: 64 + number, serial });
    expect(book.get(idOf(1))).toHaveLength(2064);
  }
});

test('any steps leave what a plain map would hold: each entry once, and after a walk what was seen or put in during it', () => {
  const property = fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
    const book = new CredentialBook();
    let model = new Map<string, unknown[]>();
    let seen: Set<string> | null = null;
    for (const step of steps) {
      if (step[0] === 'put') {
        const [, n, entry] = step;
        const [told] = plain([entry]);
        const known = model.get(idOf(n)) ?? [];
        if (!known.some((one) => JSON.stringify(one) === JSON.stringify(told))) known.push(told);
        model.set(idOf(n), known);
        seen?.add(idOf(n));
        book.put(idOf(n), entry);
      } else if (step[0] === 'see') {
        expect(book.see(idOf(step[1]))).toBe(model.has(idOf(step[1])));
        seen?.add(idOf(step[1]));
      } else if (step[0] === 'begin') {
        seen = new Set();
        book.beginWalk();
      } else if (step[0] === 'abandon') {
        seen = null;
        book.abandonWalk();
      } else if (seen !== null) {
        const staying = seen;
        model = new Map([...model].filter(([id]) => staying.has(id)));
        seen = null;
        const classes = new Set([...model.values()].flatMap((entries) => entries.map((entry) => (entry as [number, string])[0])));
        expect(book.endWalk()).toEqual(classes);
        expect(book.pruned).toBe(model.size);
      }
      expect(book.size).toBe(model.size);
    }
    expect(whole(book)).toEqual(model);
    for (const [id, entries] of model) expect(plain(book.get(id))).toEqual(entries);
    const loaded = new CredentialBook();
    loaded.load(
      [...book.dump()].map((part) => Buffer.from(part)),
      book.pruned,
    );
    expect([loaded.size, loaded.pruned, whole(loaded)]).toEqual([book.size, book.pruned, model]);
  });
  fc.assert(property, { numRuns: 150 });
});

describe('what was dealt with', () => {
  test('stays so under that judgement alone, until the credential registers again', () => {
    const book = new CredentialBook();
    book.put(idOf(1), entryOf(1, 5));
    book.settle(idOf(1), 'removed');
    expect([book.isSettled(idOf(1), 'removed'), book.isSettled(idOf(1), 'marked'), book.isSettled(idOf(2), 'removed')]).toEqual([
      true,
      false,
      false,
    ]);
    book.put(idOf(1), entryOf(1, 5));
    expect(book.isSettled(idOf(1), 'removed')).toBe(false);
    book.settle(idOf(1), 'removed');
    book.unsettle(idOf(1));
    expect(book.isSettled(idOf(1), 'removed')).toBe(false);
  });

  test('is not so where it registered while the store was walked: the walk may have been past it', () => {
    const book = new CredentialBook();
    for (const n of [1, 2]) book.put(idOf(n), entryOf(1, n));
    book.beginWalk();
    for (const n of [1, 2]) book.see(idOf(n));
    book.put(idOf(2), entryOf(1, 2));
    for (const n of [1, 2]) book.settle(idOf(n), 'removed');
    book.endWalk();
    expect([book.isSettled(idOf(1), 'removed'), book.isSettled(idOf(2), 'removed')]).toEqual([true, false]);
    book.beginWalk();
    book.settle(idOf(2), 'removed');
    book.abandonWalk();
    expect(book.isSettled(idOf(2), 'removed')).toBe(true);
  });
});

test('a dump that is cut off is a fault', () => {
  const book = new CredentialBook();
  book.put(idOf(1), entryOf(1, 1, 2, 3));
  const [part = Buffer.alloc(0)] = [...book.dump()].filter(({ length }) => length > 0).map((octets) => Buffer.from(octets));
  expect(() => new CredentialBook().load([part.subarray(0, -1)], 0)).toThrow(RangeError);
  expect(() => new CredentialBook().load([part], 0)).not.toThrow();
});
