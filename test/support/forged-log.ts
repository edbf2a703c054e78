import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FileEvidence, openWal } from '../../src/adapters/files/index.js';
import { openReplaySource, type ReplaySource } from '../../src/cli/audit-replay-source.js';
import { decodeEvidence, encodeEvidence, evidenceContext, type Evidence } from '../../src/gateway/evidence.js';
import { sealingContext } from '../../src/gateway/journal.js';
import { decodeSealedEvent, decodeSealedRefusal } from '../../src/gateway/sealed-event.js';
import { encodeLeaf, parseLeaf, type LeafFields } from '../../src/log/index.js';
import { START } from './open-gateway.js';

/** What an operator who has every key may write in place of an entry. */
export interface Forgery {
  readonly leaf?: (leaf: LeafFields) => LeafFields;
  readonly evidence?: (evidence: Evidence) => Evidence;
}

const evidenceOf = (source: ReplaySource, index: number, { sealed, keySlot }: { sealed: Uint8Array; keySlot: number }): Evidence | null => {
  const plaintext = sealed.length === 0 ? null : source.vault.open(keySlot, evidenceContext(index), sealed);
  return plaintext === null ? null : decodeEvidence(plaintext);
};

let copies = 0;

/** A copy of a data directory in which one entry is another. */
export const forged = async (
  dataDir: string,
  at: number,
  { leaf = (same) => same, evidence = (same) => same }: Forgery,
): Promise<string> => {
  copies += 1;
  const copy = join(dirname(dataDir), `forged-${copies}`);
  await cp(dataDir, copy, { recursive: true });
  const source = await openReplaySource(dataDir, START);
  // Sealing needs a vault that may write.
  const { FileVault, openKeys } = await import('../../src/adapters/files/index.js');
  const { vaultKey } = await openKeys(join(copy, 'keys'), { origin: 'dp.example/log', mayCreate: false });
  const vault = await FileVault.open(join(copy, 'vault'), { vaultKey, clock: { now: () => START } });
  await rm(join(copy, 'wal'), { recursive: true });
  for (const name of ['0000000000000000.wal', 'first']) await rm(join(copy, 'evidence', name));
  const wal = await openWal(join(copy, 'wal'));
  const beside = await FileEvidence.open(join(copy, 'evidence'), { logSize: 0 });
  for await (const { index, record } of source.wal.read(0)) {
    const kept = (await source.evidence.get(index)) ?? { sealed: new Uint8Array(), keySlot: 0 };
    const submitted = index === at ? evidenceOf(source, index, kept) : null;
    const sealed = submitted === null ? kept.sealed : vault.seal(kept.keySlot, evidenceContext(index), encodeEvidence(evidence(submitted)));
    await beside.append(index, [{ ...kept, sealed }]);
    const octets = index === at ? encodeLeaf(leaf(parseLeaf(record.leaf))) : record.leaf;
    await wal.append(index, [{ ...record, leaf: octets }]);
  }
  for (const part of [source, vault, wal, beside]) await part.close();
  return copy;
};

/** An entry as `audit open` gives it. */
export const openedEntry = async (dataDir: string, index: number): Promise<object> => {
  const source = await openReplaySource(dataDir, START);
  try {
    const { leaf, sealed, keySlot } = await source.wal.get(index);
    const kept = await source.evidence.get(index);
    if (kept === null) throw new Error('no evidence');
    const plaintext = source.vault.open(keySlot, sealingContext(index), sealed) ?? new Uint8Array();
    const { opening } = parseLeaf(leaf).k === 'accept' ? decodeSealedEvent(plaintext) : decodeSealedRefusal(plaintext);
    const evidence = JSON.parse(Buffer.from(source.vault.open(keySlot, evidenceContext(index), kept.sealed) ?? []).toString()) as object;
    return { index, leaf: parseLeaf(leaf), opening: Buffer.from(opening).toString('base64url'), evidence };
  } finally {
    await source.close();
  }
};
