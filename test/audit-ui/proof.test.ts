import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as log from '../../src/log/index.js';
import { openCheckpoint } from '../../src/audit-ui/proof/checkpoint.js';
import { foldConsistency, isPowerOfTwo, verifyConsistency } from '../../src/audit-ui/proof/consistency.js';
import type { FaultCode } from '../../src/audit-ui/proof/fault.js';
import { leafHash, rootOf, sha256 } from '../../src/audit-ui/proof/hash.js';
import { verifyInclusion } from '../../src/audit-ui/proof/inclusion.js';
import { asCosigner, parseVkey, splitNote, verifyLines } from '../../src/audit-ui/proof/note.js';
import { fromBase64, fromBase64url, toBase64, toBase64url, toHex, utf8, type Octets } from '../../src/audit-ui/proof/octets.js';
import { TileProver } from '../../src/audit-ui/proof/prover.js';
import { parseBundle, parseTile, tilePath } from '../../src/audit-ui/proof/tiles.js';
import { encodeProof } from '../../src/audit-ui/proof/tlog-proof.js';
import { auditEntry } from '../support/audit-entries.js';
import { testSigner, vkeyOf } from '../support/log-fixtures.js';
import { LOG_SIGNER, ORIGIN, publish, type LogFiles } from '../support/published-log.js';

const octets = (buffer: Uint8Array): Octets => Uint8Array.from(buffer);
const failing = (code: FaultCode) => expect.objectContaining({ name: 'Fault', code });
const reader =
  (files: LogFiles) =>
  async (path: string): Promise<Octets | null> => {
    const file = files.get(path);
    return file === undefined ? null : octets(file);
  };
const entries = (count: number): Buffer[] => Array.from({ length: count }, (_, n) => auditEntry(n));
const rootAt = (files: LogFiles): Octets => octets(log.parseCheckpoint(String(files.get('checkpoint')).split('\n\n')[0] + '\n').root);
const flipped = (hash: Octets): Octets => Uint8Array.from(hash, (octet, i) => (i === 7 ? octet ^ 1 : octet));

/** The inputs and roots that implementations of RFC 6962 share. */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = new Map([
  [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
  [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
  [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
  [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
]);

describe('the verifier of the page', () => {
  test('has the roots of the RFC 6962 test values', async () => {
    const hashes = await Promise.all(INPUTS.map((hex) => leafHash(octets(Buffer.from(hex, 'hex')))));
    for (const [count, root] of ROOTS) expect(toHex(await rootOf(hashes.slice(0, count)))).toBe(root);
  });

  test('makes and takes the proofs that src/log makes and takes, from the same tiles', async () => {
    for (const size of [1, 2, 7, 255, 256, 257, 600]) {
      const leaves = entries(size);
      const files = publish(leaves);
      const [ours, theirs] = [new TileProver(size, reader(files)), new log.TileProver(size, async (path) => files.get(path) ?? null)];
      const root = rootAt(files);
      for (const index of new Set([0, 1, size >> 1, size - 2, size - 1].filter((n) => n >= 0 && n < size))) {
        const proof = await ours.inclusion(index);
        expect(proof.map(toHex)).toEqual((await theirs.inclusion(index)).map((hash) => Buffer.from(hash).toString('hex')));
        const hash = await leafHash(octets(leaves[index] as Buffer));
        expect(log.verifyInclusion({ index, size, leafHash: hash, root, proof })).toBe(true);
        await expect(verifyInclusion({ index, size, leafHash: hash, root, proof })).resolves.toHaveLength(proof.length);
        await expect(verifyInclusion({ index, size, leafHash: flipped(hash), root, proof })).rejects.toEqual(failing('inclusion-failed'));
        await expect(verifyInclusion({ index, size, leafHash: hash, root: flipped(root), proof })).rejects.toEqual(
          failing('inclusion-failed'),
        );
        await expect(verifyInclusion({ index, size, leafHash: hash, root, proof: [...proof, root] })).rejects.toEqual(
          failing('inclusion-failed'),
        );
        if (proof.length > 0)
          await expect(verifyInclusion({ index, size, leafHash: hash, root, proof: proof.slice(1) })).rejects.toEqual(
            failing('inclusion-failed'),
          );
      }
    }
  });

  test('proves that a log only grew, as src/log does, and knows which root is wrong', async () => {
    for (const size2 of [2, 9, 256, 700]) {
      const files2 = publish(entries(size2));
      const root2 = rootAt(files2);
      for (const size1 of new Set([1, 2, 3, 8, 255, 256, 300, size2 - 1, size2].filter((n) => n >= 1 && n <= size2))) {
        const root1 = rootAt(publish(entries(size1)));
        const path = await new TileProver(size2, reader(files2)).consistencyPath(size1);
        const theirs = await new log.TileProver(size2, async (name) => files2.get(name) ?? null).consistency(size1);
        const proof = isPowerOfTwo(size1) || size1 === size2 ? path.slice(1) : path;
        expect(proof.map(toHex)).toEqual(theirs.map((hash) => Buffer.from(hash).toString('hex')));
        await expect(verifyConsistency({ size1, root1, size2, root2, proof })).resolves.toBe(true);
        for (const wrong of [{ root1: flipped(root1) }, { root2: flipped(root2) }, { proof: [...proof, root1] }])
          await expect(verifyConsistency({ size1, root1, size2, root2, proof, ...wrong })).rejects.toEqual(failing('consistency-failed'));
        if (size1 === size2) continue;
        const { first, second } = await foldConsistency(size1, size2, path);
        expect([toHex(first), toHex(second)]).toEqual([toHex(root1), toHex(root2)]);
      }
    }
    const root = await sha256(utf8('root'));
    await expect(verifyConsistency({ size1: 0, root1: root, size2: 5, root2: root, proof: [] })).rejects.toEqual(
      failing('consistency-failed'),
    );
    await expect(verifyConsistency({ size1: 5, root1: root, size2: 4, root2: root, proof: [root] })).rejects.toEqual(
      failing('consistency-failed'),
    );
  });

  test('names tiles as src/log does, and reads no more of a tile or bundle than there is', () => {
    for (const index of [0, 999, 1000, 1_234_067, 999_999_999])
      for (const [level, width] of [
        [0, 256],
        [3, 7],
        ['entries', 255],
      ] as const)
        expect(tilePath(level, index, width)).toBe(log.tilePath({ level, index, width }));
    const bundle = octets(log.encodeBundle([Buffer.from('one'), Buffer.from(''), Buffer.from('three')]));
    expect(parseBundle(bundle, 3, 'b').map((entry) => Buffer.from(entry).toString())).toEqual(['one', '', 'three']);
    expect(() => parseBundle(bundle, 4, 'b')).toThrow(failing('log-corrupt'));
    expect(() => parseBundle(bundle.slice(0, -1), 3, 'b')).toThrow(failing('log-corrupt'));
    expect(parseTile(new Uint8Array(64), 2, 't')).toHaveLength(2);
    for (const length of [0, 63, 65, 32]) expect(() => parseTile(new Uint8Array(length), 2, 't')).toThrow(failing('log-corrupt'));
  });

  test('writes proofs that src/log verifies offline', async () => {
    const leaves = entries(300);
    const files = publish(leaves);
    const checkpoint = await openCheckpoint(octets(files.get('checkpoint') as Buffer), await parseVkey(vkeyOf(LOG_SIGNER)));
    const hash = await leafHash(octets(leaves[77] as Buffer));
    const proof = await new TileProver(300, reader(files)).inclusion(77);
    const folds = await verifyInclusion({ index: 77, size: 300, leafHash: hash, root: checkpoint.root, proof });
    const text = Buffer.from(encodeProof({ index: 77, folds }, checkpoint));
    expect(log.verifyTlogProof({ proof: text, leafHash: hash, log: vkeyOf(LOG_SIGNER) })).toMatchObject({ index: 77, size: 300 });
  });
});

describe('notes', () => {
  const witness = testSigner('witness.example');
  const checkpointOf = (signers: readonly log.Signer[]): Octets => octets(publish(entries(5), signers).get('checkpoint') as Buffer);
  const logKey = () => parseVkey(vkeyOf(LOG_SIGNER));

  test('a checkpoint that the log signed is opened, whoever else stands below', async () => {
    for (const signers of [[LOG_SIGNER], [witness, LOG_SIGNER], [LOG_SIGNER, witness, LOG_SIGNER]])
      await expect(openCheckpoint(checkpointOf(signers), await logKey())).resolves.toMatchObject({ origin: ORIGIN, size: 5 });
  });

  test('a checkpoint of another key, another text or another log is not', async () => {
    const good = Buffer.from(checkpointOf([LOG_SIGNER])).toString();
    const other = testSigner(ORIGIN, 'other');
    const cases: ReadonlyArray<readonly [Octets, FaultCode]> = [
      [checkpointOf([witness]), 'untrusted-note'],
      [checkpointOf([other]), 'untrusted-note'],
      [utf8(good.replace('\n5\n', '\n6\n')), 'untrusted-note'],
      [utf8(good.replace(/=+\n$/, '\n')), 'malformed-note'],
      [utf8(good.replace(/.(?=.{20}\n$)/, (char) => (char === 'Q' ? 'R' : 'Q'))), 'untrusted-note'],
      [utf8(good.slice(0, -1)), 'malformed-note'],
      [utf8(good.replace('\n\n', '\n')), 'malformed-note'],
      [utf8(good.replace(ORIGIN, `${ORIGIN}\u0007`)), 'malformed-note'],
      [utf8(`${good}${'\u2014 a AAAAAAAA\n'.repeat(101)}`), 'malformed-note'],
      [octets(Buffer.from([0xff, 0xfe])), 'malformed-note'],
      [utf8(log.signNote('other/log\n5\nAAAA\n', [LOG_SIGNER])), 'malformed-checkpoint'],
      [utf8(log.signNote(`other/log\n5\n${toBase64(new Uint8Array(32))}\n`, [LOG_SIGNER])), 'untrusted-note'],
      [utf8(log.signNote(`${ORIGIN}\n05\n${toBase64(new Uint8Array(32))}\n`, [LOG_SIGNER])), 'malformed-checkpoint'],
    ];
    for (const [note, code] of cases) await expect(openCheckpoint(note, await logKey())).rejects.toEqual(failing(code));
  });

  test('a key is taken whole, with the id that it has, or not at all', async () => {
    const vkey = vkeyOf(LOG_SIGNER);
    await expect(parseVkey(` ${vkey}\n`)).resolves.toMatchObject({ name: ORIGIN, type: 1 });
    for (const wrong of ['', vkey.slice(0, -4), vkey.replace(/\+[0-9a-f]{8}/, '+00000000'), `x${vkey}`, vkey.replaceAll('+', ' ')])
      await expect(parseVkey(wrong)).rejects.toEqual(failing('untrusted-note'));
    for (const point of ['00', '01', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', `${'00'.repeat(31)}80`]) {
      const octets33 = Buffer.from(`01${point.padEnd(64, '0')}`, 'hex');
      const id = createHash('sha256')
        .update(Buffer.concat([Buffer.from(`${ORIGIN}\n`), octets33]))
        .digest('hex')
        .slice(0, 8);
      await expect(parseVkey(`${ORIGIN}+${id}+${octets33.toString('base64')}`)).rejects.toEqual(failing('untrusted-note'));
    }
    const cosigner = await parseVkey(vkeyOf(witness, 4));
    await expect(openCheckpoint(checkpointOf([LOG_SIGNER]), cosigner)).rejects.toEqual(failing('untrusted-note'));
  });

  test('a cosignature tells when, and spoils the note when it does not hold', async () => {
    const text = `${ORIGIN}\n5\n${toBase64(new Uint8Array(32))}\n`;
    const { id, payload } = log.cosign(witness, text, 1_795_500_000n);
    const line = `\u2014 ${witness.name} ${toBase64(octets(Buffer.concat([Buffer.from(id, 'hex'), payload])))}\n`;
    const key = await asCosigner(await parseVkey(vkeyOf(witness)));
    await expect(verifyLines(splitNote(utf8(`${text}\n${line}`)), key)).resolves.toMatchObject([{ time: 1_795_500_000 }]);
    await expect(verifyLines(splitNote(utf8(`${text.replace('\n5\n', '\n6\n')}\n${line}`)), key)).rejects.toEqual(
      failing('untrusted-note'),
    );
    await expect(verifyLines(splitNote(utf8(`${text}\n${line}`)), await logKey())).resolves.toEqual([]);
  });
});

describe('octets', () => {
  test('have one spelling', () => {
    for (let length = 0; length < 5; length += 1) {
      const some = Uint8Array.from({ length }, (_, i) => 250 + i);
      expect(fromBase64(toBase64(some))).toEqual(some);
      expect(fromBase64url(toBase64url(some))).toEqual(some);
      expect(toBase64url(some)).toBe(Buffer.from(some).toString('base64url'));
    }
    for (const wrong of ['A', 'AA', 'AA=', 'AB==', 'AAB=', 'AA==\n', 'AA-_', '====']) expect(fromBase64(wrong)).toBeNull();
    for (const wrong of ['A', 'AB', 'AAB', 'AA==', 'A+/A']) expect(fromBase64url(wrong)).toBeNull();
  });
});
