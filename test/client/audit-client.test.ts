import { afterEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, sign } from 'node:crypto';
import { AuditClient } from '../../src/client/index.js';
import { encodeTlogProof, formatCheckpoint, formatVkey, leafHash, nodeHash, signNote, tilePath } from '../../src/log/index.js';
import { answerJson, rejectionOf, scriptedGateway, type Script, type ScriptedGateway } from '../support/scripted-gateway.js';

const ORIGIN = 'dp.example/log';

const newSigner = (name: string) => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    name,
    publicKey: new Uint8Array(spki.subarray(spki.length - 32)),
    sign: (message: Uint8Array) => new Uint8Array(sign(null, message, privateKey)),
  };
};

const log = newSigner(ORIGIN);
const logVkey = formatVkey(log.name, log.publicKey);
const leaves = [Buffer.from('first'), Buffer.from('second')] as const;
const [first, second] = [leafHash(leaves[0]), leafHash(leaves[1])];
const root = nodeHash(first, second);

const checkpoint = (size = 2, under = root, signer = log, origin = ORIGIN): string =>
  signNote(formatCheckpoint({ origin, size, root: under }), [signer]);

const proofOf = (index: number, note = checkpoint()): string =>
  encodeTlogProof({ index, proof: [index === 0 ? second : first], checkpoint: note });

interface Log {
  readonly checkpoint?: string;
  readonly proofs?: readonly string[];
  readonly leaf?: Uint8Array;
}

let gateway: ScriptedGateway | null = null;
let client: AuditClient | null = null;

afterEach(async () => {
  client?.close();
  await gateway?.close();
});

const audit = async (published: Log): Promise<AuditClient> => {
  const files: Record<string, string | Uint8Array | undefined> = {
    '/log/checkpoint': published.checkpoint ?? checkpoint(),
    [`/log/${tilePath({ level: 0, index: 0, width: 2 })}`]: Buffer.concat([first, second]),
  };
  leaves.forEach((leaf, index) => {
    files[`/v1/entries/${index}`] = published.leaf ?? leaf;
    files[`/v1/entries/${index}/proof`] = published.proofs?.[index] ?? proofOf(index);
  });
  const script: Script = ({ path }, response) => {
    const file = files[path];
    if (file === undefined) answerJson(response, 404, { reason: 'not-found' });
    else response.writeHead(200).end(file);
  };
  gateway = await scriptedGateway(script);
  const { url, ca, cert, key } = gateway;
  return (client = new AuditClient({ url, ca, cert, key, logVkey, patience: { attempts: 1, total: 0 } }));
};

describe('a checkpoint', () => {
  it('that the log signed is opened', async () => {
    const { origin, size, root: seen } = await (await audit({})).checkpoint();
    expect({ origin, size: Number(size), seen: Buffer.from(seen) }).toEqual({ origin: ORIGIN, size: 2, seen: Buffer.from(root) });
  });

  it.each([
    ['signed by another key of the same name', checkpoint(2, root, newSigner(ORIGIN)), 'untrusted-note'],
    ['of another log', checkpoint(2, root, log, 'other.example/log'), 'untrusted-note'],
    ['that is not a note', 'dp.example/log\n2\n', 'malformed-note'],
  ])('%s is refused', async (_what, text, reason) => {
    expect(await rejectionOf((await audit({ checkpoint: text })).checkpoint())).toMatchObject({ reason });
  });

  it('is consistent with an older one whose log it continues, and not with one that it rewrites', async () => {
    const auditor = await audit({});
    const newer = await auditor.checkpoint();
    expect(await auditor.consistent({ origin: ORIGIN, size: 1, root: first }, newer)).toBe(true);
    const rewritten = auditor.consistent({ origin: ORIGIN, size: 1, root: second }, newer);
    expect(await rejectionOf(rewritten)).toMatchObject({ reason: 'consistency-failed' });
  });
});

describe('an entry', () => {
  it('is proven by leaf, proof and checkpoint', async () => {
    const proven = await (await audit({})).proof(1);
    expect({ leaf: Buffer.from(proven.leaf).toString(), index: proven.index, size: Number(proven.size) }).toEqual({
      leaf: 'second',
      index: 1,
      size: 2,
    });
    expect(Buffer.from(proven.leafHash)).toEqual(Buffer.from(second));
  });

  it('with one octet changed is refused', async () => {
    expect(await rejectionOf((await audit({ leaf: Buffer.from('secomd') })).proof(1))).toMatchObject({ reason: 'inclusion-failed' });
  });

  it('whose proof is of another index is refused, though the proof is sound', async () => {
    const auditor = await audit({ leaf: leaves[0], proofs: [proofOf(0), proofOf(0)] });
    expect(await rejectionOf(auditor.proof(1))).toMatchObject({ reason: 'inclusion-failed' });
  });

  it('whose proof hangs on a checkpoint of another key is refused', async () => {
    const forged = proofOf(0, checkpoint(2, root, newSigner(ORIGIN)));
    expect(await rejectionOf((await audit({ proofs: [forged, forged] })).proof(0))).toMatchObject({ reason: 'untrusted-note' });
  });

  it('that is not there throws what the gateway says', async () => {
    expect(await rejectionOf((await audit({})).entry(7))).toMatchObject({ name: 'Refusal', status: 404, reason: 'not-found' });
  });
});
