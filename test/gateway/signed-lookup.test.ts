import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkSignedAnswer } from '../../src/client/index.js';
import { toVerificationKey, formatVkey } from '../../src/log/index.js';
import { A, B, makePlace, makeWorld, openAt, registration, sharedNumber, type Opened, type Place } from '../support/open-gateway.js';

let place: Place;
let opened: Opened;

beforeAll(async () => {
  place = await makePlace();
  const world = await makeWorld(place);
  opened = await openAt(place, { world: { ...world, lookup: { ...world.lookup, signed: true } } });
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
});
