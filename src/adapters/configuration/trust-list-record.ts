import { z } from 'zod';
import { JsonError, decodeBase64, encodeBase64, parseStrictJson } from '../../encoding/index.js';
import type { Register } from '../../ports/index.js';
import type { TrustListFloor } from '../../verification/index.js';
import { ConfigurationProblems } from './problems.js';

/** A list as it came, with the path of its signer where the list does not hold it. */
export interface TrustListOctets {
  readonly octets: Uint8Array;
  /** DER. */
  readonly chain: readonly Uint8Array[] | null;
}

/** The last good list: what a restart has when nothing newer can be had, and behind which no list goes back. */
export interface TrustListRecord extends TrustListFloor, TrustListOctets {}

const octetsField = z.string().transform((text, context) => {
  const octets = decodeBase64(text);
  if (octets !== null) return octets;
  context.addIssue({ code: 'custom', message: 'not base64' });
  return z.NEVER;
});

const schema = z.strictObject({
  sequence: z.int().nonnegative(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  octets: octetsField,
  chain: z.array(octetsField).nullable(),
});

/** @throws ConfigurationProblems when what is kept cannot be read: without it a list of the past would pass for a new one. */
export const readRecord = async (register: Register, name: string): Promise<TrustListRecord | null> => {
  const stored = await register.read();
  if (stored === null) return null;
  const parsed = schema.safeParse(jsonOf(stored));
  if (parsed.success) return parsed.data;
  throw new ConfigurationProblems([
    `the last good trust list ${name} in the data directory is damaged: restore it; or remove it, and see to it that the list now given out is the newest`,
  ]);
};

const jsonOf = (octets: Uint8Array): unknown => {
  try {
    return parseStrictJson(octets);
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

/** Durable when it resolves. */
export const writeRecord = (register: Register, { sequence, digest, octets, chain }: TrustListRecord): Promise<void> => {
  const record = { sequence, digest, octets: encodeBase64(octets), chain: chain?.map(encodeBase64) ?? null };
  return register.write(Buffer.from(`${JSON.stringify(record)}\n`));
};
