import type { PrincipalTerms } from '../policy/index.js';
import type { Draft } from './draft.js';
import { changeOfLeaf, principalLeaf, type PrincipalChange } from './principal-record.js';
import { versionsOf, type World } from './world.js';

/** What an operator says of a domain. */
export interface PrincipalRequest {
  readonly domain: string;
  /** Null: removed. */
  readonly terms: PrincipalTerms | null;
  readonly by: string;
  /**
   * Makes what the leaf says durable beside the log, and puts it in force. Called within the commit, once the leaf is durable: so a snapshot never covers
   * a leaf whose record is not written. What it throws stops the sequencer: the next start finishes it.
   */
  readonly finish: (change: PrincipalChange) => Promise<void>;
}

export interface LoggedPrincipal {
  readonly change: PrincipalChange;
  readonly leafHash: Uint8Array;
}

/** A leaf that changes no subject: who a domain is. */
export const decidePrincipal = (
  draft: Draft,
  time: number,
  { domain, terms, by, finish }: PrincipalRequest,
  { gateway, world }: { readonly gateway: string; readonly world: () => World },
  resolve: (logged: LoggedPrincipal) => void,
): void => {
  const leaf = principalLeaf({ domain, terms, by, time, gateway, versions: versionsOf(world()) });
  const change = changeOfLeaf(draft.next, leaf);
  if (change === null) throw new Error('a leaf about a principal says nothing of one');
  const leafHash = draft.record({ leaf, sealed: new Uint8Array(), keySlot: 0 });
  draft.finishing.push(() => finish(change));
  draft.answers.push(() => resolve({ change, leafHash }));
};

/** What the leaves say of domains from some index on: the last of each counts. */
export class PrincipalTail {
  readonly #changes = new Map<string, PrincipalChange>();

  /** @throws Refusal `log-corrupt` */
  take(index: number, leaf: Uint8Array): void {
    const change = changeOfLeaf(index, leaf);
    if (change !== null) this.#changes.set(change.domain, change);
  }

  get changes(): readonly PrincipalChange[] {
    return [...this.#changes.values()];
  }
}
