/** Names in a data directory. */
export const LAYOUT = {
  wal: 'wal',
  tiles: 'tiles',
  vault: 'vault',
  classes: 'classes',
  /** What each decision was made from, sealed. */
  evidence: 'evidence',
  /** Policies, trust material and CRLs that decisions were made under, each under its digest. */
  documents: 'evidence/documents',
  snapshot: 'snapshot',
  /** The search index, block by block. Derived: take it away and the next start makes it again. */
  index: 'index',
  keys: 'keys',
  /** The last good trust list of each name, with its sequence: what keeps an older one from coming back. */
  trustLists: 'trust-lists',
  /** The last good feed of numbering data of each name. Never restore it from a backup: it is what keeps an older one from coming back. */
  numbering: 'numbering',
  /** The last good CRL of each place. Never restore it from a backup: it is what keeps an older CRL from being taken again. */
  crls: 'crls',
  /** What was looked up in this epoch, in the embedded profile. Restoring an older one gives callers their numbers again. */
  quota: 'quota',
  /** What operators changed about principals: it overrules principals.yaml, so who was removed comes back where it is lost. */
  principals: 'principals',
  /** Where principals have their changes sent. */
  webhooks: 'webhooks',
  /** What was refused beyond a client's budget: the records behind batch leaves, for as many days as policy says. */
  rejects: 'rejects',
  /** The newest signed checkpoint. Never restore it from a backup: it is what keeps a restored log from signing a second history. */
  lastSigned: 'last-signed',
} as const;
