import { beforeEach, describe, expect, test } from '@jest/globals';
import { CheckpointSigner } from '../../src/gateway/checkpoint-signer.js';
import { TileProver, openCheckpoint } from '../../src/log/index.js';
import type { Register } from '../../src/ports/index.js';
import { testEntry, testSigner, vkeyOf } from '../support/log-fixtures.js';
import { reasonOfPromise } from '../support/reasons.js';
import { MemoryLog } from '../support/witness-run.js';

const key = testSigner('log.example/log');

/** A register whose disk can fail. */
class HeldRegister implements Register {
  octets: Uint8Array | null = null;
  writes = 0;
  broken = false;

  read(): Promise<Uint8Array | null> {
    return Promise.resolve(this.octets);
  }

  write(octets: Uint8Array): Promise<void> {
    this.writes += 1;
    if (this.broken) return Promise.reject(new Error('disk'));
    this.octets = octets;
    return Promise.resolve();
  }
}

let register: HeldRegister;
let signer: CheckpointSigner;
beforeEach(async () => {
  register = new HeldRegister();
  signer = await CheckpointSigner.open(key, register);
});

const claim = async (log: MemoryLog, size: number, from: number) => {
  const { root } = openCheckpoint(log.note(size), vkeyOf(key));
  const proof = from === 0 || from >= size ? [] : await new TileProver(size, log.read).consistency(from);
  return { size, root, proof };
};

const sign = async (log: MemoryLog, size: number, from: number) => await signer.sign(await claim(log, size, from));

describe('the signer itself', () => {
  const honest = new MemoryLog(key);
  const fork = new MemoryLog(key, (n) => testEntry(n === 2 ? 999 : n));

  test('signs what continues, and holds it before it gives it away', async () => {
    for (const [size, from] of [
      [0, 0],
      [1, 0],
      [5, 1],
      [700, 5],
      [700, 700],
    ] as const) {
      const { note } = await sign(honest, size, from);
      expect(openCheckpoint(note, vkeyOf(key)).size).toBe(size);
      expect(Buffer.from(register.octets ?? []).toString()).toBe(note);
    }
    expect(register.writes).toBe(4);
  });

  test.each([
    ['a fork', fork, 20, 10],
    ['two roots for one size', fork, 10, 10],
    ['a rollback', honest, 9, 9],
    ['growth without a proof', honest, 20, 0],
    ['a proof from another size', honest, 20, 8],
  ] as const)('refuses %s, writes nothing, and goes on with what continues', async (_name, log, size, from) => {
    await sign(honest, 10, 0);
    const before = register.octets;
    expect(await reasonOfPromise(() => sign(log, size, from))).toBe('consistency-failed');
    expect(register.octets).toBe(before);
    expect(register.writes).toBe(1);
    expect((await sign(honest, 20, 10)).size).toBe(20);
  });

  test('refuses a second root for the empty log', async () => {
    await sign(honest, 0, 0);
    expect(await reasonOfPromise(() => signer.sign({ size: 0, root: Buffer.alloc(32, 7), proof: [] }))).toBe('consistency-failed');
  });

  test('of two histories asked for at once signs one', async () => {
    await sign(honest, 2, 0);
    const claims = [await claim(honest, 6, 2), await claim(new MemoryLog(key, (n) => testEntry(n < 2 ? n : n + 50)), 6, 2)] as const;
    const signed = await Promise.allSettled(claims.map(async (one) => signer.sign(one)));
    expect(signed.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  test('starts from what the register holds, and not from what is no checkpoint of its key', async () => {
    await sign(honest, 10, 0);
    signer = await CheckpointSigner.open(key, register);
    expect(await reasonOfPromise(() => sign(fork, 20, 10))).toBe('consistency-failed');
    expect((await sign(honest, 20, 10)).size).toBe(20);
    expect(await reasonOfPromise(() => CheckpointSigner.open(testSigner('log.example/log', 'another'), register))).toBe('log-corrupt');
  });

  test('stops at a write that fails: what the register holds is in doubt', async () => {
    await sign(honest, 10, 0);
    register.broken = true;
    await expect(sign(honest, 20, 10)).rejects.toThrow('disk');
    register.broken = false;
    expect(await reasonOfPromise(() => sign(honest, 20, 20))).toBe('log-unavailable');
    expect(await reasonOfPromise(() => sign(honest, 30, 20))).toBe('log-unavailable');
  });
});
