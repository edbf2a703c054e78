import { openNote, parseCheckpoint, parseTlogProof } from '../log/index.js';
import { Refusal, type Reason } from '../reasons/index.js';
import type { InspectedKind, Inspection } from '../verification/inspection/index.js';

type Facts = Inspection['facts'];

const result = (kind: InspectedKind | null, reason: Reason | null, facts: Facts): Inspection => ({
  ok: reason === null,
  kind,
  reason,
  tnAuthList: null,
  findings: [],
  facts,
});

const attempt = (kind: InspectedKind, read: () => Facts): Inspection => {
  try {
    return result(kind, null, read());
  } catch (error) {
    if (error instanceof Refusal) return result(kind, error.reason, {});
    throw error;
  }
};

/** The form of a signed note (C2SP signed-note): without keys only a note of the right form gets as far as `untrusted-note`. @throws Refusal `malformed-note` */
const checkForm = (note: string): void => {
  try {
    openNote(note, []);
  } catch (error) {
    if (!(error instanceof Refusal) || error.reason !== 'untrusted-note') throw error;
  }
};

const signersOf = (note: string): string[] =>
  note
    .slice(note.lastIndexOf('\n\n') + 2)
    .split('\n')
    .flatMap((line) => (line.startsWith('\u2014 ') ? [line.split(' ')[1] ?? ''] : []));

/** CONTRACT section 2: origin, index, leaf hash, unix ms. */
const RECEIPT = /^([^\n]+)\n(0|[1-9][0-9]{0,19})\n([A-Za-z0-9+/]{43}=)\n([1-9][0-9]{0,15})\n$/;

const inspectReceipt = (note: string, [, origin = '', index = '', leafHash = '', time = '']: readonly string[]): Inspection =>
  attempt('receipt', () => {
    checkForm(note);
    return { origin, index, leafHash, time: new Date(Number(time)).toISOString(), signers: signersOf(note) };
  });

const inspectCheckpoint = (note: string, text: string): Inspection =>
  attempt('checkpoint', () => {
    checkForm(note);
    const { origin, size, root } = parseCheckpoint(text);
    return { origin, size: String(size), root: Buffer.from(root).toString('base64'), signers: signersOf(note) };
  });

const inspectProof = (text: string): Inspection =>
  attempt('proof', () => {
    const { index, proof, checkpoint } = parseTlogProof(text);
    checkForm(checkpoint);
    const { origin, size } = parseCheckpoint(checkpoint.slice(0, checkpoint.lastIndexOf('\n\n') + 1));
    return { index: String(index), hashes: proof.length, origin, size: String(size), signers: signersOf(checkpoint) };
  });

const looksLikeCheckpoint = (text: string): boolean => /^[^\n]+\n[0-9]+\n[A-Za-z0-9+/=]+\n/.test(text);

/** What a log publishes: receipt, checkpoint, proof, or another signed note; null for other text. No signature is verified. */
export const inspectNote = (text: string): Inspection | null => {
  if (text.startsWith('c2sp.org/tlog-proof@')) return inspectProof(text);
  if (!/(^|\n)\u2014 /.test(text)) return null;
  const body = text.slice(0, text.lastIndexOf('\n\n') + 1);
  const receipt = RECEIPT.exec(body);
  if (receipt !== null) return inspectReceipt(text, receipt);
  if (looksLikeCheckpoint(body)) return inspectCheckpoint(text, body);
  return attempt('note', () => {
    checkForm(text);
    return { signers: signersOf(text) };
  });
};
