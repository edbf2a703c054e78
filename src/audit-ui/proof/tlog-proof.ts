import type { OpenedCheckpoint } from './checkpoint.js';
import type { Fold } from './inclusion.js';
import { concat, toBase64, utf8, type Octets } from './octets.js';

/** C2SP tlog-proof: what others verify offline. */
export const encodeProof = (
  { index, folds }: { readonly index: number; readonly folds: readonly Fold[] },
  checkpoint: Pick<OpenedCheckpoint, 'octets'>,
): Octets =>
  concat(
    utf8(`c2sp.org/tlog-proof@v1\nindex ${index}\n${folds.map(({ sibling }) => `${toBase64(sibling)}\n`).join('')}\n`),
    checkpoint.octets,
  );
