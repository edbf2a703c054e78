import { leafHash, parseLeaf } from '../log/index.js';
import type { WriteAheadLog } from '../ports/index.js';
import { Refusal } from '../reasons/index.js';
import type { SearchFilling } from './search-filling.js';
import type { Monitored } from './use-cases.js';

export interface MonitorParts {
  readonly wal: Pick<WriteAheadLog, 'get'>;
  readonly filling: SearchFilling;
  /** tlog-proof text. @throws Refusal `not-published` */
  readonly proof: (index: number) => Promise<string>;
}

/** Entries that are looked for at a time, and looked through. */
const PAGE = 64;
const BUDGET = 4_194_304;

/**
 * The published entries that a provider signed, each with its proof, from index `from` on. Returns from where to go on.
 * @throws Unavailable `search-unavailable`
 */
export async function* monitorName({ wal, filling, proof }: MonitorParts, name: string, from: number): AsyncGenerator<Monitored, number> {
  const index = filling.whole();
  const end = index.size;
  const wanted = { filter: {}, subject: null, signer: name };
  let begin = from;
  while (begin < end) {
    const { found, rest } = await index.walk(wanted, { begin, end, newestFirst: false, most: PAGE, budget: BUDGET });
    for (const at of found) {
      const { leaf } = await wal.get(at);
      const { np } = parseLeaf(leaf);
      if (np === null || (np.spc !== name && np.dom !== name)) continue;
      const text = await orUnpublished(proof(at));
      if (text === null) return at;
      yield { index: at, leaf, leafHash: leafHash(leaf), proof: text };
    }
    begin = rest?.begin ?? end;
  }
  return Math.max(from, end);
}

const orUnpublished = async (proof: Promise<string>): Promise<string | null> => {
  try {
    return await proof;
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'not-published') return null;
    throw error;
  }
};
