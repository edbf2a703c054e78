import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeInteger, encodeOid, encodeSequence, encodeTlv, encodeUtf8, readTlv } from '../encoding/index.js';
import { PublicKey, parseCrlInSlices, type Crl } from '../x509/index.js';
import type { BenchOptions, BenchResult } from './bench-figure.js';

const MEGABYTE = 1e6;

/** A signed CRL of so many entries, as large CAs publish them: serial numbers of 16 octets, each with a reason. */
interface Sample {
  readonly der: Buffer;
  readonly key: PublicKey;
  readonly listed: Uint8Array;
  readonly notListed: Uint8Array;
}

/**
 * Reading a large CRL as a gateway does that fetched one: parsed, digested and its signature verified, while the event loop goes on. How long a turn of
 * the loop takes is told in CPU time, since other work on the machine makes any loop wait; beside the clock's stall stands that of an idle loop.
 */
export const measure = async ({ quick, tell }: BenchOptions): Promise<BenchResult> => {
  const count = quick ? 20_000 : 1_000_000;
  tell(`  making a CRL of ${count} entries`);
  const sample = makeSample(count);
  tell('  reading it');
  // What ran before is compiled: the worse turn and the better time of two, so that neither flatters.
  const [first, second] = [await readOnce(sample, count), await readOnce(sample, count)];
  const time = Math.min(first.time, second.time);
  const hashing = costOfHash(sample.der);
  const idle = await stallOf(() => nextTurns(time));
  const what = `${count} entries of a CRL`;
  return {
    figures: [
      {
        bench: 'crl',
        what: `${what}, parsed, digested and verified`,
        value: time,
        unit: 'ms',
        limit: { what: 'SHA-256 twice over the same octets', value: hashing },
        bar: { of: 'value', sense: 'at most', bound: 2000 },
      },
      {
        bench: 'crl',
        what: `${what}, longest turn of the loop`,
        value: Math.max(first.turn, second.turn),
        unit: 'ms of CPU',
        limit: null,
        bar: { of: 'value', sense: 'at most', bound: 50 },
      },
      {
        bench: 'crl',
        what: `${what}, longest stall of the loop`,
        value: Math.max(first.stall, second.stall),
        unit: 'ms',
        limit: { what: 'an idle loop, as long', value: idle.stall },
        bar: null,
      },
      {
        bench: 'crl',
        what: `${what}, held in memory`,
        value: second.held / MEGABYTE,
        unit: 'MB',
        limit: { what: 'the CRL itself', value: sample.der.length / MEGABYTE },
        bar: { of: 'ratio', sense: 'at most', bound: 1.5 },
      },
    ],
    leftOut: [],
  };
};

/** Milliseconds that the loop stood still at most while the work went on. */
const stallOf = async <T>(work: () => Promise<T>): Promise<{ stall: number; result: T }> => {
  await nextTurn();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const result = await work();
  await nextTurn();
  delay.disable();
  return { stall: delay.max / 1e6, result };
};

const nextTurns = async (ms: number): Promise<void> => {
  for (const until = performance.now() + ms; performance.now() < until;) await nextTurn();
};

interface Reading {
  /** ms */
  readonly time: number;
  readonly turn: number;
  readonly stall: number;
  /** Octets. */
  readonly held: number;
}

const readOnce = async ({ der, key, listed, notListed }: Sample, count: number): Promise<Reading> => {
  let turn = 0;
  let before = process.cpuUsage();
  const pause = async (): Promise<void> => {
    const { user, system } = process.cpuUsage(before);
    turn = Math.max(turn, (user + system) / 1000);
    await nextTurn();
    before = process.cpuUsage();
  };
  const from = performance.now();
  const { stall, result } = await stallOf(async () => {
    const crl = await parseCrlInSlices(der, pause);
    return { crl, holds: await crl.verifyInSlices(key, pause) };
  });
  const time = performance.now() - from;
  checkReading(result.crl, { count, holds: result.holds, listed, notListed });
  return { time, turn, stall, held: result.crl.size };
};

interface Expected {
  readonly count: number;
  readonly holds: boolean;
  readonly listed: Uint8Array;
  readonly notListed: Uint8Array;
}

const checkReading = (crl: Crl, { count, holds, listed, notListed }: Expected): void => {
  const isRight = holds && crl.entryCount === count && crl.find(crl.issuer, listed) !== null && crl.find(crl.issuer, notListed) === null;
  if (!isRight) throw new Error('the CRL of the benchmark was misread');
};

const costOfHash = (der: Buffer): number => {
  const from = performance.now();
  for (let i = 0; i < 2; i += 1) createHash('sha256').update(der).digest();
  return performance.now() - from;
};

const ECDSA_SHA256 = encodeSequence(encodeOid('1.2.840.10045.4.3.2'));
const extension = (oid: string, value: Uint8Array): Buffer => encodeSequence(encodeOid(oid), encodeTlv(0x04, value));
const utcTime = (text: string): Buffer => encodeTlv(0x17, Buffer.from(text));

const makeSample = (count: number): Sample => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    der: issue(entriesOf(count), privateKey),
    key: PublicKey.read(spki, readTlv(spki, 0)),
    listed: serialOf(count - 1),
    notListed: serialOf(count),
  };
};

const serialOf = (index: number): Buffer => {
  const serial = createHash('sha256').update(String(index)).digest().subarray(0, 16);
  // Positive, and minimal.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  return serial;
};

const entriesOf = (count: number): Buffer => {
  const reason = encodeSequence(extension('2.5.29.21', encodeTlv(0x0a, Buffer.of(4))));
  const one = encodeSequence(encodeTlv(0x02, serialOf(0)), utcTime('260101000000Z'), reason);
  const all = Buffer.alloc(count * one.length);
  for (let index = 0; index < count; index += 1) {
    one.copy(all, index * one.length);
    // The serial number's content stands behind two headers.
    serialOf(index).copy(all, index * one.length + 4);
  }
  return all;
};

const issue = (entries: Buffer, key: KeyObject): Buffer => {
  const name = encodeSequence(encodeTlv(0x31, encodeSequence(encodeOid('2.5.4.3'), encodeUtf8('Bench CA'))));
  const tbs = encodeSequence(
    encodeInteger(1n),
    ECDSA_SHA256,
    name,
    utcTime('260101000000Z'),
    utcTime('270101000000Z'),
    encodeTlv(0x30, entries),
    encodeTlv(0xa0, encodeSequence(extension('2.5.29.20', encodeInteger(1n)))),
  );
  return encodeSequence(tbs, ECDSA_SHA256, encodeTlv(0x03, Buffer.of(0), sign('sha256', tbs, key)));
};
