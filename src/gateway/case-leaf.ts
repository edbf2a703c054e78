import { commitCase, encodeLeaf, nameInLeaf, versionsInLeaf, type LeafErased, type LeafOpened } from '../log/index.js';
import type { LeafOrigin } from './leaf-record.js';
import type { Versions } from '../verification/index.js';

/** What an auditor or operator (`client`) did under a case. */
export interface CaseDecision extends LeafOrigin {
  readonly caseId: string;
  readonly versions: Versions;
}

type Said = { readonly k: 'open'; readonly opened: LeafOpened } | { readonly k: 'erase'; readonly erased: LeafErased };

const caseLeaf = ({ client, time, gateway, versions }: CaseDecision, { k, ...member }: Said): Buffer =>
  encodeLeaf({
    v: 1,
    k,
    t: time,
    act: null,
    ap: nameInLeaf(client),
    np: null,
    tok: null,
    sii: null,
    map: null,
    why: 'OK',
    ...versionsInLeaf(versions),
    gw: gateway,
    ...member,
  });

/** @param index of the entry that is opened */
export const openedLeaf = (decision: CaseDecision, index: number): Buffer =>
  caseLeaf(decision, { k: 'open', opened: { ref: String(index), case: commitCase(decision.opening, decision.caseId) } });

export const erasedLeaf = (decision: CaseDecision): Buffer =>
  caseLeaf(decision, { k: 'erase', erased: { case: commitCase(decision.opening, decision.caseId) } });
