import type { Random } from './random.js';

/** Changes of octets that know nothing of what they mean. */

const EDGES: readonly number[] = [0x00, 0x01, 0x7f, 0x80, 0x81, 0x82, 0xfe, 0xff];
const WIDE_EDGES: readonly bigint[] = [
  0n,
  1n,
  127n,
  128n,
  255n,
  256n,
  32767n,
  65535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
];

const WHOLE_CUT = 400;

type Edit = (octets: Buffer, random: Random, donor: Buffer) => Buffer;

const spliced = (octets: Buffer, from: number, to: number, put: Uint8Array): Buffer =>
  Buffer.concat([octets.subarray(0, from), put, octets.subarray(Math.max(from, to))]);

const withOctet = (octets: Buffer, at: number, value: number): Buffer => {
  const copy = Buffer.from(octets);
  if (copy.length > 0) copy[at] = value;
  return copy;
};

const place = (octets: Buffer, random: Random): number => random.below(octets.length);
/** Mostly a few octets, at times up to a whole part. */
const span = (random: Random): number => (random.once(4) ? random.below(WHOLE_CUT) : 1 + random.below(8));

/** An integer edge over 1 to 8 octets, big-endian. */
const wide: Edit = (octets, random) => {
  const width = 1 << random.below(4);
  const head = Buffer.alloc(8);
  head.writeBigUInt64BE(random.pick(WIDE_EDGES));
  const at = random.below(Math.max(1, octets.length - width + 1));
  const copy = Buffer.from(octets);
  head.copy(copy, at, 8 - width);
  return copy;
};

const EDITS: readonly Edit[] = [
  (octets, random) => {
    const at = place(octets, random);
    return withOctet(octets, at, (octets[at] ?? 0) ^ (1 << random.below(8)));
  },
  (octets, random) => withOctet(octets, place(octets, random), random.octet()),
  (octets, random) => withOctet(octets, place(octets, random), random.pick(EDGES)),
  (octets, random) => {
    const at = place(octets, random);
    return withOctet(octets, at, ((octets[at] ?? 0) + (random.once(2) ? 1 : 255)) & 0xff);
  },
  wide,
  (octets, random) => {
    const at = place(octets, random);
    return spliced(octets, at, at + span(random), Buffer.alloc(0));
  },
  (octets, random) => {
    const at = random.below(octets.length + 1);
    return spliced(octets, at, at, random.octets(1 + random.below(8)));
  },
  (octets, random) => {
    const [at, length] = [place(octets, random), span(random)];
    return spliced(octets, at, at, octets.subarray(at, at + length));
  },
  (octets, random, donor) => {
    const [at, from] = [place(octets, random), place(donor, random)];
    return spliced(octets, at, at + random.below(40), donor.subarray(from, from + random.below(40)));
  },
  (octets, random) => octets.subarray(0, random.below(octets.length + 1)),
  (octets, random, donor) => Buffer.concat([octets, random.once(2) ? donor : random.octets(1 + random.below(16))]),
];

/** One change of octets, or at times a few. */
export const mutateOctets = (octets: Buffer, random: Random, donor: Buffer): Buffer => {
  let changed = octets;
  do changed = random.pick(EDITS)(changed, random, donor);
  while (random.once(4));
  return changed;
};
