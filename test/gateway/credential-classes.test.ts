import { describe, expect, test } from '@jest/globals';
import { CredentialClasses } from '../../src/gateway/credential-classes.js';
import type { CredentialClass } from '../../src/verification/index.js';
import { MemoryClasses } from '../support/memory-classes.js';

const [ca, root] = [Buffer.from('a CA'), Buffer.from('a root of CAs')];
const cls: CredentialClass = {
  profile: 'delegate',
  kind: 'delegate',
  authorities: [ca, root],
  anchor: 'aa',
  anchorKey: 'bb',
  scope: '1',
  points: null,
  usages: [],
  policy: null,
  consent: 'app',
  findings: ['short-serial'],
};
const opened = async (storage = new MemoryClasses()): Promise<{ storage: MemoryClasses; classes: CredentialClasses }> => ({
  storage,
  classes: await CredentialClasses.load(storage),
});
const text = (octets: Uint8Array): string => Buffer.from(octets).toString('latin1');

/** Every member says something: a class that differs in one is another class. */
const OTHERS: readonly Partial<CredentialClass>[] = [
  { profile: 'shaken' },
  { kind: 'np' },
  { authorities: [ca] },
  { authorities: [root, ca] },
  { anchor: 'ab' },
  { anchorKey: 'bc' },
  { scope: '44' },
  { points: 'MAA=' },
  { usages: ['1.2.3'] },
  { policy: '1.2.3' },
  { consent: 'sim' },
  { findings: [] },
];

test('a class has one number, whichever object says it, and its CAs are stored once', async () => {
  const { storage, classes } = await opened();
  const number = classes.numberOf(cls);
  expect(classes.numberOf({ ...cls, authorities: [Buffer.from(ca), Buffer.from(root)] })).toBe(number);
  expect(classes.of(number)).toEqual(cls);
  const numbers = OTHERS.map((change) => classes.numberOf({ ...cls, ...change }));
  expect(new Set([number, ...numbers]).size).toBe(OTHERS.length + 1);
  expect(classes.size).toBe(OTHERS.length + 1);
  await classes.flush();
  expect(storage.durable.filter((octets) => text(octets).startsWith('C'))).toHaveLength(2);
});

test('what was flushed is there after a restart, under the same numbers, and is not written again', async () => {
  const { storage, classes } = await opened();
  const all = [cls, ...OTHERS.map((change) => ({ ...cls, ...change }))];
  const numbers = all.map((one) => classes.numberOf(one));
  expect(storage.durable).toEqual([]);
  await classes.flush();
  const again = await opened(new MemoryClasses(storage.durable));
  expect(numbers.map((number) => again.classes.of(number))).toEqual(all);
  expect(all.map((one) => again.classes.numberOf(one))).toEqual(numbers);
  await again.classes.flush();
  expect(again.storage.durable).toHaveLength(storage.durable.length);
});

describe('forgetting', () => {
  test('is of what nothing names any more; a class that comes back has a new number', async () => {
    const { storage, classes } = await opened();
    const [kept, gone] = [classes.numberOf(cls), classes.numberOf({ ...cls, scope: '44' })];
    classes.keep(new Set([kept]));
    expect(classes.size).toBe(1);
    expect(classes.of(kept)).toEqual(cls);
    expect(() => classes.of(gone)).toThrow(expect.objectContaining({ reason: 'log-corrupt' }));
    const back = classes.numberOf({ ...cls, scope: '44' });
    expect(back).toBeGreaterThan(gone);
    expect(classes.of(back)).toMatchObject({ scope: '44' });
    await classes.flush();
    // The same object as before: its remembered number is of no use either.
    const again = await opened(new MemoryClasses(storage.durable));
    expect(again.classes.of(gone)).toMatchObject({ scope: '44' });
  });

  test('of the very object that was numbered does not leave a number behind that names nothing', async () => {
    const { classes } = await opened();
    const other = { ...cls, scope: '44' };
    const first = classes.numberOf(other);
    classes.keep(new Set());
    const second = classes.numberOf(other);
    expect(second).not.toBe(first);
    expect(classes.of(second)).toEqual(other);
  });
});

describe('certificates of CAs', () => {
  const isCa = (octets: Uint8Array): boolean => text(octets).startsWith('C');

  test('are forgotten with the last class that names them, and stored again when they come back', async () => {
    const { storage, classes } = await opened();
    const kept = classes.numberOf({ ...cls, authorities: [root] });
    classes.numberOf(cls);
    classes.keep(new Set([kept]));
    const [again, same] = [classes.numberOf(cls), classes.find({ ...cls, authorities: [root] })];
    await classes.flush();
    expect(storage.durable.filter(isCa).map((octets) => Buffer.from(text(octets).slice(1), 'base64'))).toEqual([root, ca, ca]);
    expect([same, classes.of(again)]).toEqual([kept, cls]);
    const restarted = await opened(new MemoryClasses(storage.durable));
    expect(restarted.classes.of(again)).toEqual(cls);
    expect(restarted.classes.numberOf(cls)).toBe(again);
  });

  test('are no more than a gateway can hold: then a class with new ones is unavailable, and one with known ones is not', async () => {
    const { classes } = await opened();
    const big = (n: number): Buffer => Buffer.alloc(1024 * 1024, n);
    const first = classes.numberOf({ ...cls, authorities: [big(0)] });
    for (let n = 1; n < 64; n += 1) classes.numberOf({ ...cls, authorities: [big(n)] });
    expect(() => classes.numberOf({ ...cls, authorities: [big(64)] })).toThrow(expect.objectContaining({ reason: 'overloaded' }));
    expect(classes.numberOf({ ...cls, authorities: [big(1)], scope: '44' })).toBeGreaterThan(first);
    expect(classes.isCrowded).toBe(true);
    classes.keep(new Set([first]));
    expect(classes.isCrowded).toBe(false);
    expect(classes.numberOf({ ...cls, authorities: [big(64)] })).toBeGreaterThan(first);
  });

  test('make a crowd once there are many classes more than were needed', async () => {
    const { classes } = await opened();
    for (let scope = 0; scope < 10_000; scope += 1) classes.numberOf({ ...cls, scope: String(scope) });
    expect(classes.isCrowded).toBe(false);
    classes.numberOf({ ...cls, scope: 'one more' });
    expect(classes.isCrowded).toBe(true);
  });
});

test.each<[string, (records: string[]) => string[]]>([
  ['a certificate that a class names is not there', (records) => records.filter((record) => !record.startsWith('C'))],
  ['a record is of a kind that this build does not know', (records) => [...records, 'X']],
  ['a class is of a later version', (records) => records.map((record) => record.replace(/^K\[1,/, 'K[2,'))],
])('is corrupt where %s', async (_, change) => {
  const { storage, classes } = await opened();
  classes.numberOf(cls);
  await classes.flush();
  const records = change(storage.durable.map(text)).map((record) => Buffer.from(record, 'latin1'));
  await expect(CredentialClasses.load(new MemoryClasses(records))).rejects.toMatchObject({ reason: 'log-corrupt' });
  await expect(CredentialClasses.load(new MemoryClasses(storage.durable))).resolves.toMatchObject({ size: 1 });
});

test('there are no more than a gateway can hold: then what is new is unavailable, and what is known is not', async () => {
  const { classes } = await opened();
  const most = 262_144;
  const known = classes.numberOf({ ...cls, authorities: [], scope: '0' });
  for (let scope = 1; scope < most; scope += 1) classes.numberOf({ ...cls, authorities: [], scope: String(scope) });
  expect(classes.size).toBe(most);
  expect(() => classes.numberOf({ ...cls, authorities: [], scope: 'more' })).toThrow(expect.objectContaining({ reason: 'overloaded' }));
  expect(classes.numberOf({ ...cls, authorities: [], scope: '0' })).toBe(known);
  classes.keep(new Set([known]));
  expect(classes.numberOf({ ...cls, authorities: [], scope: 'more' })).toBeGreaterThan(known);
});
