import { compactVerify, errors } from 'jose';
import type { Certificate, CrlSet } from '../../x509/index.js';
import { readEntries } from './entries.js';
import { invalid, objectOf, openTrustList, type SignedForm } from './form.js';
import { judgeListSigner } from './signer.js';

/** What was accepted last: no list goes back behind it. */
export interface TrustListFloor {
  readonly sequence: number;
  /** Of the payload. */
  readonly digest: string;
}

export interface TrustListInput {
  readonly octets: Uint8Array;
  /** DER behind the header's x5u, or as the operator has it; null: the header's x5c. */
  readonly chain: readonly Uint8Array[] | null;
  readonly roots: readonly Certificate[];
  /** Hosts that the header's x5u may name. */
  readonly hosts: readonly string[];
  readonly floor: TrustListFloor | null;
  /** CRLs at hand; null: none are looked at. */
  readonly crls: CrlSet | null;
  /** ms since 1970; cut to whole seconds. */
  readonly at: number;
}

/** A list that holds. */
export interface TrustList extends TrustListFloor {
  readonly version: string;
  /** Seconds: from then on it counts no more, by its `exp` or because its signer's path has run out. */
  readonly until: number;
  /** The roots that it names, DER, each once: anchors of `shaken`, and of nothing else. */
  readonly anchors: readonly Uint8Array[];
  /** Entries that give no anchor, with why: the operator may want to ask. */
  readonly leftOut: readonly string[];
}

/** Details that operators are told of by themselves: someone gives out a list that was good once. */
export const ROLLED_BACK = 'sequence lower than the last accepted';
export const SEQUENCE_REUSED = 'sequence of the last accepted with other content';

/**
 * The STI-PA's list of trusted STI-CAs (ATIS-1000084), a JWS. Proves that a key under a pinned root signed it, that it is in force at `at`, and that it is
 * not older than the last one; not that it is the newest there is. Whether its sequence counts is asked once the signature holds, so that nobody else
 * can raise the alarm.
 * @throws Refusal `trust-list-invalid`, its detail says what is wrong
 */
export const readTrustList = async (input: TrustListInput): Promise<TrustList> => {
  const second = Math.floor(input.at / 1000);
  const form = openTrustList(input.octets);
  const { certificates, endEntity, until } = judgeListSigner({ ...input, chain: chainOf(form, input) });
  await checkSignature(form.compact, endEntity);
  const { version, sequence, exp, trustList } = objectOf(form.payload, 'payload');
  // Members beside these are ignored (RFC 7519 section 4): none can make an anchor.
  if (typeof version !== 'string' || !isCount(sequence) || !isCount(exp)) return invalid('payload');
  const { floor } = input;
  if (floor !== null && sequence < floor.sequence) return invalid(ROLLED_BACK);
  if (floor !== null && sequence === floor.sequence && form.digest !== floor.digest) return invalid(SEQUENCE_REUSED);
  if (exp <= second) return invalid('exp');
  const { roots, leftOut } = readEntries(trustList, [...input.roots, ...certificates]);
  return { version, sequence, digest: form.digest, until: Math.min(exp, until + 1), anchors: roots.map(({ der }) => der), leftOut };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const chainOf = ({ x5c, x5u }: SignedForm, { chain, hosts }: TrustListInput): readonly Uint8Array[] => {
  if (x5u !== null && !hosts.includes(new URL(x5u).hostname)) return invalid('x5u host');
  const [inBand] = x5c ?? [];
  const [given] = chain ?? [];
  // Standards: stir 5.4: two sources must name one signer.
  if (inBand !== undefined && given !== undefined && Buffer.compare(inBand, given) !== 0) return invalid('signer: credential-mismatch');
  return x5c ?? chain ?? invalid('signer: credential-missing');
};

/** @throws Refusal `trust-list-invalid` */
export const checkSignature = async (compact: string, { publicKey }: Certificate): Promise<void> => {
  // RFC 7518 section 3.4: ES256 is P-256; a root that signs itself may have another key.
  if (publicKey.form.kind !== 'ec' || publicKey.form.curve !== 'P-256') return invalid('signer: unsupported-key');
  try {
    // The algorithm is ours to say, never the header's (RFC 8725 section 3.1).
    await compactVerify(compact, publicKey.keyObject, { algorithms: ['ES256'] });
  } catch (error) {
    if (error instanceof errors.JOSEError) return invalid('signature');
    throw error;
  }
};
