import { describe, expect, test } from '@jest/globals';
import { ScanDetectors, type ScanKind } from '../../src/gateway/scan-detectors.js';

/** A generator of its own for each run, the same on every machine (mulberry32). */
const randomOf = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

type Stream = (random: () => number, at: number) => { readonly number: number | null; readonly isHit: boolean };

/** After how many lookups that alarm was raised; null: not within `count`. */
const raisedAfter = (kind: ScanKind, stream: Stream, count: number, seed: number): number | null => {
  const [detectors, random] = [new ScanDetectors(), randomOf(seed)];
  for (let at = 0; at < count; at += 1) {
    const { number, isHit } = stream(random, at);
    if (detectors.observe(number, isHit, 0).includes(kind)) return at + 1;
  }
  return null;
};

const RUNS = 50;
const runs = (kind: ScanKind, stream: Stream, count: number): (number | null)[] =>
  Array.from({ length: RUNS }, (_, seed) => raisedAfter(kind, stream, count, seed + 1));
const percentile = (found: readonly (number | null)[], part: number): number =>
  found.map((one) => one ?? Infinity).toSorted((a, b) => a - b)[Math.ceil(found.length * part) - 1] ?? Infinity;

/** Ten digits under one calling code. */
const anywhere = (random: () => number): number => 12_000_000_000 + Math.floor(random() * 8e9);
const hitting =
  (rate: number): Stream =>
  (random) => ({ number: anywhere(random), isHit: random() < rate });

describe('the hit-rate test', () => {
  test('finds scans as soon as the notes measured, within a fifth', () => {
    // standards: private-lookup section 4: p50/p99 43/53, 57/87, 73/163
    const [one, five, ten] = [0.01, 0.056, 0.098].map((rate) => runs('hit-rate', hitting(rate), 1000)) as [number[], number[], number[]];
    expect(percentile(one, 0.5)).toBeLessThanOrEqual(52);
    expect(percentile(five, 0.5)).toBeLessThanOrEqual(69);
    expect(percentile(ten, 0.5)).toBeLessThanOrEqual(88);
    expect(percentile(ten, 0.96)).toBeLessThanOrEqual(196);
  });

  test('lets honest callers be', () => {
    expect(runs('hit-rate', hitting(0.42), 2000).filter((at) => at !== null)).toEqual([]);
    expect(runs('hit-rate', hitting(0.5), 2000).filter((at) => at !== null)).toEqual([]);
  });
});

describe('the sequence test', () => {
  const sequential: Stream = (_, at) => ({ number: 12_025_550_000 + at, isHit: true });
  const shuffledBlock: Stream = (random) => ({ number: 12_025_550_000 + Math.floor(random() * 10_000), isHit: true });
  const everySecond: Stream = (random, at) => ({ number: at % 2 === 0 ? 12_025_550_000 + at : anywhere(random), isHit: true });

  test('finds a range in order within 128 numbers, and one in random order soon after', () => {
    expect(raisedAfter('sequence', sequential, 200, 1)).toBe(128);
    expect(raisedAfter('sequence', everySecond, 200, 1)).toBe(128);
    expect(percentile(runs('sequence', shuffledBlock, 400), 1)).toBeLessThanOrEqual(160);
  });

  test('lets honest callers be: numbers anywhere, a city, a company of forty in one address book, and addresses', () => {
    const city: Stream = (random) => ({ number: 12_025_000_000 + Math.floor(random() * 5_000_000), isHit: true });
    const company: Stream = (random, at) => ({ number: at >= 300 && at < 330 ? 12_025_550_000 + at : anywhere(random), isHit: true });
    const mail: Stream = () => ({ number: null, isHit: true });
    for (const stream of [hitting(0.5), city, company, mail]) expect(runs('sequence', stream, 600).filter((at) => at !== null)).toEqual([]);
  });
});

describe('health', () => {
  const HOUR = 3_600_000;

  test('halves with each alarm that is told, at most one an hour, and recovers a tenth a day', () => {
    const detectors = new ScanDetectors();
    const told: number[] = [];
    const miss = (from: number, count: number): void => {
      for (let at = 0; at < count; at += 1) told.push(...detectors.observe(null, false, from).map(() => from));
    };
    miss(0, 1000);
    expect([told, detectors.health(0)]).toEqual([[0], 0.5]);
    miss(HOUR, 1000);
    expect(told).toEqual([0, HOUR]);
    expect(detectors.health(HOUR)).toBeCloseTo(0.252, 3);
    expect(detectors.health(HOUR + 24 * HOUR)).toBeCloseTo(0.352, 3);
    expect(detectors.health(100 * 24 * HOUR)).toBe(1);
  });

  test('never falls below a tenth', () => {
    const detectors = new ScanDetectors();
    for (let hour = 0; hour < 10; hour += 1) for (let at = 0; at < 100; at += 1) detectors.observe(null, false, hour * HOUR);
    expect(detectors.health(9 * HOUR)).toBe(0.1);
  });
});
