import { verify } from 'node:crypto';
import {
  Tree,
  cosign,
  encodeBundle,
  encodeLeaf,
  encodeTlogProof,
  formatCheckpoint,
  formatVkey,
  leafHash,
  nodeHash,
  openNote,
  parseBundle,
  parseCheckpoint,
  parseLeaf,
  parseTilePath,
  parseTlogProof,
  parseVkey,
  peekLeaf,
  receiptKeyName,
  signNote,
  signReceipt,
  tilePath,
  verifyReceipt,
  verifyTlogProof,
  type Signer,
} from '../../../src/log/index.js';
import { signatureLine } from '../../../src/log/note.js';
import { verifyEd25519 } from '../../../src/log/vkey.js';
import { testEntry, testLeaf, testSigner, vkeyOf } from '../../support/log-fixtures.js';
import { mutateOctets } from '../../support/mutation/octets.js';
import type { Random } from '../../support/mutation/random.js';
import { mutateText, mutateTextOctets } from '../../support/mutation/text.js';
import { judged, must, type Target } from '../target.js';

const ORIGIN = 'signpost.example/log';
const LOG = testSigner(ORIGIN);
const RECEIPTS = testSigner(receiptKeyName(ORIGIN));
const WITNESS = testSigner('witness.example');

const ENTRIES = Array.from({ length: 4 }, (_, n) => testEntry(n));
const [H0, H1, H2, H3] = ENTRIES.map((entry) => leafHash(entry)) as [Buffer, Buffer, Buffer, Buffer];

const checkpointText = (): string => {
  const tree = new Tree();
  for (const hash of [H0, H1, H2, H3]) tree.append(hash);
  return formatCheckpoint({ origin: ORIGIN, size: 4, root: tree.root() });
};

const cosigned = (note: string): string => {
  const { id, payload } = cosign(WITNESS, note.slice(0, note.lastIndexOf('\n\n') + 1), 1_795_500_000n);
  return note + signatureLine(WITNESS.name, id, payload);
};

const checkpointNote = (): string => cosigned(signNote(checkpointText(), [LOG]));
const proofText = (extra?: Buffer): string =>
  encodeTlogProof({ index: 2, proof: [H3, nodeHash(H0, H1)], checkpoint: checkpointNote(), ...(extra === undefined ? {} : { extra }) });

const texts = (...list: string[]): Buffer[] => list.map((text) => Buffer.from(text));

const isSignedBy = ({ publicKey }: Signer, message: string, signature: Uint8Array): boolean =>
  verify(
    null,
    Buffer.from(message),
    { key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey).toString('base64url') }, format: 'jwk' },
    signature,
  );

/** Looks for a signature of the text in the note's last lines, by node:crypto alone. */
const checkNoteSigned = (note: string, signer: Signer): void => {
  const end = note.lastIndexOf('\n\n') + 1;
  const signatures = note
    .slice(end + 1)
    .split('\n')
    .filter((line) => line.startsWith(`\u2014 ${signer.name} `))
    .map((line) => Buffer.from(line.split(' ')[2] ?? '', 'base64').subarray(4));
  must(
    signatures.some((one) => one.length === 64 && isSignedBy(signer, note.slice(0, end), one)),
    'no signature that OpenSSL finds',
  );
};

/** Changes the text of a note and mostly signs it again, or changes the whole. */
const mutateNote =
  (signers: readonly Signer[]) =>
  (input: Buffer, random: Random, donor: Buffer): Buffer => {
    const note = input.toString();
    const end = note.lastIndexOf('\n\n') + 1;
    if (end === 0 || random.once(2)) return mutateTextOctets(input, random, donor);
    const text = mutateText(note.slice(0, end), random, donor.toString());
    const signed = signers
      .map((signer) => signatureLine(signer.name, vkeyOf(signer).split('+')[1] ?? '', signer.sign(Buffer.from(text))))
      .join('');
    return Buffer.from(`${text}\n${signed}`);
  };

const NOTE: Target = {
  name: 'notes',
  share: 12_000,
  seeds: () => [...texts(checkpointNote(), signNote('text\n', [LOG, WITNESS]), signNote('a\n\nb\n', [LOG]))],
  mutate: mutateNote([LOG]),
  run: (input) =>
    judged(() => {
      const { signatures, text } = openNote(input, [vkeyOf(LOG)]);
      must(signatures.length === 1 && text.endsWith('\n'), 'a note of other keys');
      checkNoteSigned(input.toString(), LOG);
    }),
};

const CHECKPOINT: Target = {
  name: 'checkpoints',
  share: 65_000,
  seeds: () =>
    texts(checkpointText(), `${checkpointText()}extension\n`, `${ORIGIN}\n18446744073709551615\n${Buffer.alloc(32).toString('base64')}\n`),
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const text = input.toString();
      must(text.startsWith(formatCheckpoint(parseCheckpoint(text))), 'two spellings of a checkpoint');
    }),
};

const PROOF: Target = {
  name: 'tlog proofs',
  share: 25_000,
  seeds: () => texts(proofText(), proofText(Buffer.from('extra'))),
  mutate: (input, random, donor) => {
    const text = input.toString();
    const blank = text.indexOf('\n\n');
    if (blank < 0 || random.once(3)) return mutateTextOctets(input, random, donor);
    return Buffer.from(mutateText(text.slice(0, blank), random, donor.toString()) + text.slice(blank));
  },
  run: (input) =>
    judged(() => {
      must(encodeTlogProof(parseTlogProof(input)) === input.toString(), 'two spellings of a proof');
      const proven = verifyTlogProof({ proof: input, leafHash: H2, log: vkeyOf(LOG), witnesses: [vkeyOf(WITNESS, 4)] });
      must(proven.index === 2 && proven.size === 4 && proven.origin === ORIGIN && proven.witnesses.length === 1, 'another entry is proven');
    }),
};

const RECEIPT: Target = {
  name: 'receipts',
  share: 8_000,
  seeds: () => texts(signReceipt({ origin: ORIGIN, index: 7, leafHash: H1, time: 1_795_500_000_000 }, RECEIPTS)),
  mutate: mutateNote([RECEIPTS]),
  run: (input) =>
    judged(() => {
      const receipt = verifyReceipt(input, vkeyOf(RECEIPTS));
      const again = signReceipt(receipt, RECEIPTS);
      const text = input.toString();
      must(text.slice(0, text.lastIndexOf('\n\n')) === again.slice(0, again.lastIndexOf('\n\n')), 'two spellings of a receipt');
      checkNoteSigned(text, RECEIPTS);
    }),
};

const LEAF: Target = {
  name: 'leaves',
  share: 40_000,
  seeds: () => [
    ...ENTRIES.slice(0, 1),
    encodeLeaf(testLeaf(5, { k: 'reject', why: 'cert-revoked', np: null, map: null })),
    encodeLeaf(
      testLeaf(6, { ap: '#'.concat(testLeaf(1).pol), np: { spc: null, dom: 'mail.example', iss: [testLeaf(2).pol], ee: testLeaf(3).pol } }),
    ),
  ],
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const leaf = parseLeaf(input);
      const { k, t } = peekLeaf(input);
      must(encodeLeaf(leaf).equals(input) && k === leaf.k && t === leaf.t, 'two spellings of a leaf');
    }),
};

const BUNDLE: Target = {
  name: 'bundles of entries',
  share: 32_000,
  seeds: () => [encodeBundle(ENTRIES)],
  mutate: mutateOctets,
  run: (input) => judged(() => must(encodeBundle(parseBundle(input, ENTRIES.length)).equals(input), 'two spellings of a bundle')),
};

const TILE_PATH: Target = {
  name: 'paths of tiles',
  share: 45_000,
  seeds: () => texts('tile/0/x001/234.p/7', 'tile/entries/000', 'tile/7/x018/x446/x744/x073/x709/x551/615', 'tile/entries/x001/067.p/255'),
  mutate: mutateTextOctets,
  run: (input) => {
    const path = input.toString();
    const tile = parseTilePath(path);
    must(tile === null || tilePath(tile) === path, 'two spellings of a path');
    return tile === null ? 'no-path' : `accepted ${String(tile.level)}`;
  },
};

const VKEY: Target = {
  name: 'verification keys',
  share: 10_000,
  seeds: () => texts(vkeyOf(LOG), vkeyOf(WITNESS, 4)),
  mutate: mutateTextOctets,
  run: (input) =>
    judged(() => {
      const text = input.toString();
      const key = parseVkey(text);
      const folded = text.slice(0, key.name.length) + text.slice(key.name.length).replace(/^\+[0-9A-F]{8}/i, (id) => id.toLowerCase());
      must(formatVkey(key.name, key.publicKey, key.type) === folded, 'two spellings of a key');
      must(!verifyEd25519(key, Buffer.from('never signed'), Buffer.alloc(64)), 'a key under which nothing was signed');
    }),
};

export const LOG_TARGETS: readonly Target[] = [NOTE, CHECKPOINT, PROOF, RECEIPT, LEAF, BUNDLE, TILE_PATH, VKEY];
