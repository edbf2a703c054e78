import { PLACE_OCTETS, type MappingPlace } from '../log/index.js';
import { refuse } from '../reasons/index.js';
import type { RevokeEvent, SweepEvent } from '../registry/index.js';
import { AS_JUDGED } from './sealed-event.js';

export type SweepEffect = RevokeEvent['effect'] | 'expired';

/** What the WAL holds sealed beside a `revoke` or `expire` leaf: what the fold needs, and the opening of the leaf's commitment to the list. */
export interface SealedSweep {
  readonly opening: Uint8Array;
  readonly effect: SweepEffect;
  /** Seconds; of what was marked. */
  readonly attestBy: number;
  /** In ascending order of index; an index is of one mapping. */
  readonly list: readonly MappingPlace[];
}

const EFFECTS: readonly SweepEffect[] = ['removed', 'marked', 'expired'];

/** Version octet, opening, effect octet, attestBy in 6 octets. */
const HEAD = 1 + 32 + 1 + 6;

/** Version 1: the head, and the list as `packPlaces` gives it. */
export const encodeSealedSweep = ({ opening, effect, attestBy }: Omit<SealedSweep, 'list'>, packed: Uint8Array): Buffer => {
  const head = Buffer.alloc(HEAD);
  head[0] = 1;
  head.set(opening, 1);
  head[33] = EFFECTS.indexOf(effect) + 1;
  head.writeUIntBE(attestBy, 34, 6);
  return Buffer.concat([head, packed]);
};

/** @throws Refusal `log-corrupt` */
export const decodeSealedSweep = (plaintext: Uint8Array): SealedSweep => {
  const octets = Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
  const version = octets[0];
  const effect = EFFECTS[(octets[33] ?? 0) - 1];
  if (octets.length < HEAD || (octets.length - HEAD) % PLACE_OCTETS !== 0 || version !== 1 || effect === undefined)
    return refuse('log-corrupt', 'sealed sweep');
  const list: MappingPlace[] = [];
  for (let at = HEAD; at < octets.length; at += PLACE_OCTETS)
    list.push({ index: octets.readUIntBE(at, 6), id: octets.toString('latin1', at + 6, at + PLACE_OCTETS) });
  return {
    opening: octets.subarray(1, 33),
    effect,
    attestBy: octets.readUIntBE(34, 6),
    list,
  };
};

/** As the registry applies it to each subject that the list names. */
export const sweepEventOf = ({ effect, attestBy, list }: SealedSweep): SweepEvent => {
  const registrations = new Set(list.map(({ index }) => index));
  if (effect === 'expired') return { type: 'expire', registrations };
  return { type: 'revoke', registrations, effect, attestBy, judgedUnder: AS_JUDGED };
};
