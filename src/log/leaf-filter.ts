import { isReason, refuse } from '../reasons/index.js';
import { LEAF_KINDS, type LeafFields, type LeafKind } from './leaf.js';
import { nameInLeaf } from './leaf-parts.js';

export const VERDICTS = ['accepted', 'refused'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The names under which filters are given, over HTTP and on the command line. */
export const FILTER_NAMES = ['verdict', 'kind', 'provider', 'spc', 'reason', 'action', 'since', 'until', 'tok'] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export type FilterTexts = Partial<Readonly<Record<FilterName, string | undefined>>>;

/** What leaves are looked for: every member that is there must fit. */
export interface LeafFilter {
  readonly verdict?: Verdict;
  readonly kind?: LeafKind;
  /** Domain of the client, or of the e-mail provider that signed; a long one also as leaves spell it. */
  readonly provider?: string;
  /** SPC of the number provider that signed. */
  readonly spc?: string;
  /** `OK`, or a reason code. */
  readonly reason?: string;
  readonly action?: string;
  /** ms; not before. */
  readonly since?: number;
  /** ms; before. */
  readonly until?: number;
  /** SHA-256 of a compact PASSporT, base64url. */
  readonly tok?: string;
}

/** What each filter may be: one grammar for the gateway and for who reads tiles. */
export const FILTER_GRAMMAR: Readonly<Record<FilterName, RegExp>> = {
  verdict: /^(?:accepted|refused)$/,
  kind: new RegExp(`^(?:${LEAF_KINDS.join('|')})$`),
  provider: /^(?:[a-z0-9](?:[a-z0-9-]{0,62})(?:\.[a-z0-9](?:[a-z0-9-]{0,62}))*|#[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/,
  spc: /^[0-9A-Z]{1,20}$/,
  reason: /^(?:OK|[a-z][a-z0-9-]{0,47})$/,
  action: /^[a-z][a-z-]{0,31}$/,
  since: /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z)?$/,
  until: /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z)?$/,
  tok: /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/,
};

/** Kinds of leaves by the verdict that they say. */
const KINDS_OF: Readonly<Record<Verdict, readonly LeafKind[]>> = { accepted: ['accept'], refused: ['reject', 'batch'] };

export const kindsOfVerdict = (verdict: Verdict): readonly LeafKind[] => KINDS_OF[verdict];

/**
 * A filter from its texts. A reason code that nobody knows is refused: to look for it would find nothing, and look like an answer.
 * @throws Refusal `malformed-request` naming the filter
 */
export const parseLeafFilter = (texts: FilterTexts): LeafFilter => {
  for (const name of FILTER_NAMES) {
    const text = texts[name];
    if (text !== undefined && (typeof text !== 'string' || text.length > 253 || !FILTER_GRAMMAR[name].test(text)))
      return refuse('malformed-request', name);
  }
  const { verdict, kind, provider, spc, reason, action, since, until, tok } = texts;
  if (reason !== undefined && reason !== 'OK' && !isReason(reason)) return refuse('malformed-request', 'reason: no such code');
  return {
    ...(verdict === undefined ? {} : { verdict: verdict as Verdict }),
    ...(kind === undefined ? {} : { kind: kind as LeafKind }),
    ...(provider === undefined ? {} : { provider }),
    ...(spc === undefined ? {} : { spc }),
    ...(reason === undefined ? {} : { reason }),
    ...(action === undefined ? {} : { action }),
    ...(since === undefined ? {} : { since: momentOf('since', since) }),
    ...(until === undefined ? {} : { until: momentOf('until', until) }),
    ...(tok === undefined ? {} : { tok }),
  };
};

/** ISO 8601 in UTC; a day begins at its midnight. */
const momentOf = (name: FilterName, text: string): number => {
  const ms = Date.parse(text);
  // Date.parse takes 30 February for 2 March: an instant has one spelling.
  return Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(text.slice(0, 19)) ? refuse('malformed-request', name) : ms;
};

const fits = <T>(wanted: T | undefined, value: T): boolean => wanted === undefined || wanted === value;

/** Whether a leaf fits every member of the filter. */
export const matchesLeaf = (filter: LeafFilter, leaf: LeafFields): boolean => {
  const { verdict, kind, provider, spc, reason, action, since = 0, until = Infinity, tok } = filter;
  return (
    leaf.t >= since &&
    leaf.t < until &&
    (verdict === undefined || KINDS_OF[verdict].includes(leaf.k)) &&
    fits(kind, leaf.k) &&
    fits<string | null>(reason, leaf.why) &&
    fits<string | null>(action, leaf.act) &&
    fits<string | null>(tok, leaf.tok) &&
    (spc === undefined || leaf.np?.spc === spc) &&
    (provider === undefined || isProvider(providerInLeaf(provider), leaf))
  );
};

/** A filter's provider as leaves spell it. */
export const providerInLeaf = (provider: string): string => (provider.startsWith('#') ? provider : nameInLeaf(provider));

const isProvider = (name: string, { ap, np }: LeafFields): boolean => ap === name || np?.dom === name;
