import type { OpenedCheckpoint } from '../proof/checkpoint.js';
import { Fault } from '../proof/fault.js';
import { asCosigner, parseVkey, verifyLines } from '../proof/note.js';

/** A line below a checkpoint that is not the log's own. */
export interface Cosignature {
  readonly name: string;
  readonly id: string;
  /** Seconds; a time that nobody vouches for where `state` is not `holds`. */
  readonly time: number | null;
  readonly state: 'holds' | 'no-key' | 'broken';
}

/** C2SP tlog-cosignature: 8 octets of time before 64 of signature. */
const timeIn = (payload: Uint8Array): number | null =>
  payload.length === 72 ? Number(new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0)) : null;

/** Who else signed this checkpoint, each verified where its key is known. */
export const cosignaturesOf = async (checkpoint: OpenedCheckpoint, vkeys: readonly string[]): Promise<Cosignature[]> => {
  const keys = await Promise.all(
    vkeys.map((vkey) =>
      parseVkey(vkey)
        .then(asCosigner)
        .catch(() => null),
    ),
  );
  const others = checkpoint.note.lines.filter(
    // C2SP signed-note: one key signs once, however often its line stands there.
    ({ name, id, line }, i, lines) =>
      line !== checkpoint.line.line && lines.findIndex((other) => other.name === name && other.id === id) === i,
  );
  return Promise.all(
    others.map(async ({ name, id, signature }): Promise<Cosignature> => {
      const key = keys.find((known) => known?.name === name && known.id === id) ?? null;
      const line = { name, id, time: timeIn(signature) };
      if (key === null) return { ...line, state: 'no-key' };
      try {
        const [verified] = await verifyLines(checkpoint.note, key);
        return { ...line, time: verified?.time ?? null, state: 'holds' };
      } catch (error) {
        if (error instanceof Fault) return { ...line, time: null, state: 'broken' };
        throw error;
      }
    }),
  );
};
