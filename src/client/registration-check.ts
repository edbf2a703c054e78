import { encodeBase64 } from '../encoding/index.js';
import { TILE_WIDTH, VerifiedLog, type Checkpoint, type ReadFile } from '../log/index.js';
import type { LookupAnswer } from './answers.js';
import type { Query } from './ap-client.js';

/** What an AP keeps of a registration: of the gateway's answer to it. */
export interface KeptRegistration {
  readonly sii: string;
  readonly ssi: string;
  readonly logIndex: number;
  /** base64. */
  readonly leafHash: string;
  /** base64url of SHA-256 of the circle code, of who registered for a circle. */
  readonly circle?: string | undefined;
}

/**
 * `gone`: lookups do not name the SSI any more; `registered-again`: they do, by another entry; `expires-soon`; `not-published`: no checkpoint covers the entry yet;
 * `other-leaf`: the log holds another leaf there, so the receipt is broken.
 */
export type RegistrationFault = 'gone' | 'registered-again' | 'expires-soon' | 'not-published' | 'other-leaf';

export interface CheckedRegistration {
  readonly registration: KeptRegistration;
  /** Empty: as it was registered. */
  readonly faults: readonly RegistrationFault[];
  /** When it runs out; null: it is gone. */
  readonly expires: string | null;
}

export interface CheckSources {
  readonly lookup: (queries: readonly Query[]) => Promise<readonly LookupAnswer[]>;
  /** ms; what runs out before is `expires-soon`. */
  readonly soon: number;
  readonly read: ReadFile;
  readonly checkpoint: Checkpoint;
}

/**
 * Whether an AP's mappings are still what it registered: what lookups answer, and the leaves under a checkpoint. Its own numbers cost no quota.
 * @throws Refusal `log-corrupt` when the tiles do not give the checkpoint's root
 */
export const checkRegistrations = async (
  { lookup, soon, read, checkpoint }: CheckSources,
  registrations: readonly KeptRegistration[],
): Promise<CheckedRegistration[]> => {
  const answers = await lookup(registrations.map(({ sii, circle }) => ({ sii, view: 'all', ...(circle === undefined ? {} : { circle }) })));
  const hashes = await hashesOf(await VerifiedLog.open(read, checkpoint), registrations);
  return registrations.map((registration, i) => {
    const { ssi, logIndex, leafHash } = registration;
    const mappings = answers[i]?.mappings.filter((mapping) => mapping.ssi === ssi) ?? [];
    const mapping = mappings.find((one) => one.logIndex === logIndex) ?? mappings[0];
    const hash = hashes.get(logIndex);
    const faults: RegistrationFault[] = [];
    if (mapping === undefined) faults.push('gone');
    else if (mapping.logIndex !== logIndex) faults.push('registered-again');
    if (mapping !== undefined && Date.parse(mapping.expires) < soon) faults.push('expires-soon');
    if (hash === undefined) faults.push('not-published');
    else if (hash !== leafHash) faults.push('other-leaf');
    return { registration, faults, expires: mapping?.expires ?? null };
  });
};

/** Leaf hashes at the indices, base64: a bundle is read once for all of its entries. */
const hashesOf = async (log: VerifiedLog, registrations: readonly KeptRegistration[]): Promise<ReadonlyMap<number, string>> => {
  const wanted = new Set(registrations.map(({ logIndex }) => logIndex));
  const hashes = new Map<number, string>();
  for (const bundle of new Set([...wanted].map((index) => Math.floor(index / TILE_WIDTH)))) {
    if (bundle * TILE_WIDTH >= log.size) continue;
    for await (const { index, leafHash } of log.entries(bundle * TILE_WIDTH, (bundle + 1) * TILE_WIDTH))
      if (wanted.has(index)) hashes.set(index, encodeBase64(leafHash));
  }
  return hashes;
};
