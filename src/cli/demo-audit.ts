import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiRefusal, AuditClient, type Proven } from '../client/index.js';
import { leafHash, parseLeaf, verifyTlogProof } from '../log/index.js';
import { CAST, tlsFor } from './demo-cast.js';
import type { Scene } from './demo-crimes.js';
import { MAIN } from './demo-gateway.js';

/** Milliseconds: checkpoints are published every few seconds. */
const PUBLICATION = 20_000;

/** The auditor fetches leaf and proof of every decision, and then needs the gateway no more. */
export const fetchProofs = async (scene: Scene): Promise<Proven[]> => {
  scene.narrator.chapter('An auditor collects the evidence');
  const auditor = new AuditClient({ url: scene.gateway.url, logVkey: scene.gateway.logVkey, ...tlsFor(scene.pki, CAST.auditor) });
  try {
    const proven: Proven[] = [];
    for (const index of scene.decisions) proven.push(await published(() => auditor.proof(index)));
    const { size } = await auditor.checkpoint();
    const { length } = scene.decisions;
    scene.narrator.claim(`a leaf and a proof for each of the ${length} decisions`, length > 0 && proven.length === length);
    scene.narrator.claim('and the log holds no other entry', Number(size) === length, `${size} entries`);
    return proven;
  } finally {
    auditor.close();
  }
};

const published = async <T>(ask: () => Promise<T>): Promise<T> => {
  const deadline = Date.now() + PUBLICATION;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.reason !== 'not-published' || Date.now() > deadline) throw error;
      await wait(200);
    }
  }
};

/** With the gateway stopped: every proof again from its text alone, and the whole log from its files. */
export const auditOffline = (scene: Scene, proven: readonly Proven[], data: string): void => {
  scene.narrator.chapter('The gateway is stopped; the auditor proves every decision offline');
  for (const { index, leaf, proof } of proven) {
    const holds = verifyTlogProof({ proof, leafHash: leafHash(leaf), log: scene.gateway.logVkey });
    scene.narrator.claim(`entry ${index} is in the log: ${describe(leaf)}`, BigInt(holds.index) === BigInt(index));
  }
  const forged = Buffer.from(proven[0]?.leaf ?? []);
  forged[forged.length - 2] = (forged[forged.length - 2] ?? 0) ^ 1;
  scene.narrator.claim('a leaf with one bit changed is not', !holdsFor(proven[0]?.proof ?? '', forged, scene.gateway.logVkey));
  scene.narrator.claim(
    'nothing in the leaves tells the number or the name',
    proven.every(({ leaf }) => isSilent(leaf)),
  );
  const fsck = spawnSync(process.execPath, [MAIN, 'audit', 'fsck', data, '--json'], { encoding: 'utf8' });
  scene.narrator.claim(
    'audit fsck derives every root and the whole map again, and finds them equal',
    fsck.status === 0,
    `exit ${fsck.status}`,
  );
};

const holdsFor = (proof: string, leaf: Uint8Array, log: string): boolean => {
  try {
    return Boolean(verifyTlogProof({ proof, leafHash: leafHash(leaf), log }));
  } catch {
    return false;
  }
};

const isSilent = (leaf: Uint8Array): boolean => !/2025550142|alice/i.test(Buffer.from(leaf).toString('latin1'));

const describe = (leaf: Uint8Array): string => {
  const { act, why } = parseLeaf(leaf);
  return `${act ?? 'unread'} ${why === 'OK' ? 'accepted' : `refused, ${why}`}`;
};
