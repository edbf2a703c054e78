import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkSignedAnswer, contradicts } from '../../src/client/index.js';
import { MemoryMappingStore, MemoryQuotaStore } from '../../src/adapters/memory/index.js';
import {
  encodeTlogProof,
  formatCheckpoint,
  formatVkey,
  leafHash,
  nodeHash,
  signNote,
  signReceipt,
  toVerificationKey,
} from '../../src/log/index.js';
import type { QuotaStore } from '../../src/ports/index.js';
import { reasonOf } from '../support/reasons.js';
import { A, B, makePlace, makeWorld, openAt, registration, sharedNumber, type Opened, type Place } from '../support/open-gateway.js';

/** A mapping store that takes nothing while it is shut. */
class Gated extends MemoryMappingStore {
  #gate: Promise<void> = Promise.resolve();

  /** Returns how to open it again. */
  shut(): () => void {
    let open = (): void => undefined;
    this.#gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  override async apply(...all: Parameters<MemoryMappingStore['apply']>): Promise<void> {
    await this.#gate;
    await super.apply(...all);
  }
}

let place: Place;
let opened: Opened;
const store = new Gated();
const events: (() => Promise<void>)[] = [];

beforeAll(async () => {
  place = await makePlace();
  const world = await makeWorld(place);
  const counted = new MemoryQuotaStore();
  const quotas: QuotaStore = {
    charge: async (charge) => {
      await events.shift()?.();
      return counted.charge(charge);
    },
    used: (...of) => counted.used(...of),
    close: () => counted.close(),
  };
  opened = await openAt(place, { store, quotas, world: { ...world, lookup: { ...world.lookup, signed: true } } });
});
afterAll(() => opened.close());

const keys = () => {
  const { log, receipt } = opened.data.keys;
  return { logVkey: formatVkey(log.name, log.publicKey), receiptVkey: formatVkey(receipt.name, receipt.publicKey) };
};

describe('a signed lookup', () => {
  test('waits for the first checkpoint', async () => {
    await expect(opened.gateway.lookupSigned({ sii: `tel:+${sharedNumber(1)}` }, B)).rejects.toMatchObject({ reason: 'overloaded' });
  });

  test('carries the receipt until a checkpoint covers the entry, then the proof', async () => {
    const tn = sharedNumber(2);
    await opened.publisher.publish();
    const submission = await opened.gateway.submit(registration(place, tn), A);
    expect(submission.outcome).toBe('accepted');
    const ask = async () =>
      checkSignedAnswer(JSON.stringify((await opened.gateway.lookupSigned({ sii: `tel:+${tn}`, view: 'all' }, B)).answer), keys());
    const promised = await ask();
    expect(promised.entries).toMatchObject([{ index: 0, isProven: false }]);
    expect(promised.statement.size).toBe(0);
    await opened.publisher.publish();
    const proven = await ask();
    expect(proven.entries).toMatchObject([{ index: 0, isProven: true }]);
    expect(proven.statement.size).toBe(1);
  });

  test('does not take a receipt for another entry', async () => {
    const tn = sharedNumber(3);
    await opened.gateway.submit(registration(place, tn), A);
    const { answer } = await opened.gateway.lookupSigned({ sii: `tel:+${tn}`, view: 'all' }, B);
    const [entry] = answer.signed.entries;
    expect(entry?.receipt).toBeDefined();
    const other = { ...answer, signed: { ...answer.signed, entries: [{ ...entry, receipt: entry?.receipt?.replace('\n1\n', '\n2\n') }] } };
    expect(() => checkSignedAnswer(JSON.stringify(other), keys())).toThrow(expect.objectContaining({ reason: 'untrusted-note' }));
    expect(checkSignedAnswer(JSON.stringify(answer), keys()).entries).toMatchObject([{ isProven: false }]);
    expect(() =>
      checkSignedAnswer(JSON.stringify(answer), {
        ...keys(),
        receiptVkey: formatVkey('other.example/log/receipt', toVerificationKey('x', opened.data.keys.receipt.publicKey).publicKey),
      }),
    ).toThrow(expect.objectContaining({ reason: 'untrusted-note' }));
  });

  test('names no checkpoint that holds what it was too early to find', async () => {
    const tn = sharedNumber(4);
    await opened.publisher.publish();
    // Between the reading of the subject and the answer: a registration, and a checkpoint over it.
    events.push(async () => {
      expect(await opened.gateway.submit(registration(place, tn), A)).toMatchObject({ outcome: 'accepted' });
      await opened.publisher.publish();
    });
    const { answer } = await opened.gateway.lookupSigned({ sii: `tel:+${tn}`, view: 'all' }, B);
    const early = checkSignedAnswer(JSON.stringify(answer), keys());
    expect(early.mappings).toEqual([]);
    const later = checkSignedAnswer(
      JSON.stringify((await opened.gateway.lookupSigned({ sii: `tel:+${tn}`, view: 'all' }, B)).answer),
      keys(),
    );
    const [entry] = later.entries;
    if (entry === undefined) throw new Error('no entry');
    const registered = { ...entry, ssi: 'mimi://a.example/u/alice', provider: 'a.example' };
    expect(contradicts(early, registered, keys())).toBe(false);
    expect(contradicts({ ...later, mappings: [] }, registered, keys())).toBe(true);
  });

  test('waits for the store to have what is published', async () => {
    const tn = sharedNumber(5);
    const size = opened.gateway.logSize;
    const open = store.shut();
    const submitted = opened.gateway.submit(registration(place, tn), A);
    while (opened.gateway.logSize === size) await new Promise((resolve) => setImmediate(resolve));
    await opened.publisher.publish();
    expect(opened.publisher.newest?.size).toBe(size + 1);
    const asked = opened.gateway.lookupSigned({ sii: `tel:+${tn}`, view: 'all' }, B);
    await new Promise((resolve) => setImmediate(resolve));
    open();
    expect((await submitted).outcome).toBe('accepted');
    const { mappings, statement } = checkSignedAnswer(JSON.stringify((await asked).answer), keys());
    expect([mappings.length, statement.size]).toEqual([1, size + 1]);
  });

  test('does not take a receipt where a proof is due, nor a proof under another root of the same size', async () => {
    await opened.publisher.publish();
    const { answer } = await opened.gateway.lookupSigned({ sii: `tel:+${sharedNumber(2)}`, view: 'all' }, B);
    const [entry] = answer.signed.entries;
    if (entry === undefined) throw new Error('no entry');
    const reasonWith = (change: { proof?: string; receipt?: string }): string | null => {
      const entries = [{ ...entry, proof: undefined, ...change }];
      return reasonOf(() => checkSignedAnswer(JSON.stringify({ ...answer, signed: { ...answer.signed, entries } }), keys()));
    };
    const { log, receipt } = opened.data.keys;
    const hash = leafHash(Buffer.from(entry.leaf, 'latin1'));
    const origin = 'dp.example/log';
    const size = opened.publisher.newest?.size ?? 0;
    // A tree of that size whose first leaf is this one, and all others are made up.
    const made = Buffer.alloc(32, 1);
    const sides = Array.from({ length: Math.ceil(Math.log2(size)) }, () => made);
    const root = sides.reduce<Uint8Array>((left, right) => nodeHash(left, right), hash);
    const checkpoint = signNote(formatCheckpoint({ origin, size, root }), [log]);
    expect(entry.index).toBe(0);
    expect(reasonWith({ proof: encodeTlogProof({ index: 0, proof: sides, checkpoint }) })).toBe('commitment-failed');
    expect(reasonWith({ receipt: signReceipt({ origin, index: 0, leafHash: hash, time: 1 }, receipt) })).toBe('inclusion-failed');
    expect(entry.proof).toBeDefined();
    expect(checkSignedAnswer(JSON.stringify(answer), keys()).entries).toMatchObject([{ isProven: true }]);
  });
});
