/** DESIGN section 7: one provider's consumer and business entry, each with and without a circle. */
export const MAPPINGS_PER_PROVIDER = 4;

/** DESIGN sections 7 and 11: an answer stays small enough to be padded to a few sizes. */
export const MAPPINGS_PER_SUBJECT = 32;

/** Twice the mappings: every mapped provider has its mark, and as many again may have left lately (docs/adr/0003). */
export const ORDER_MARKS_PER_SUBJECT = 64;

/** Receivers that a number's holder may choose from; whoever has an SPC can say that a number comes to him. */
export const RECEIVERS_PER_SUBJECT = 3;

/** Seconds: how long after it a port may be told of, so that NPs need not be quicker than their networks are. */
export const MOST_BEHIND = 86_400;

/** Seconds: how long ahead a port may be agreed: ports take days to weeks, and numbering data should have the next word some day. */
export const MOST_AHEAD = 90 * 86_400;

/**
 * Seconds after which an order mark guards against nothing: a PASSporT lives at most 24 h (DESIGN section 5), so all that such a mark
 * would supersede have expired. Twice that, because a verifier's clock and the sequencer's may differ.
 */
export const ORDER_MARK_MEMORY = 48 * 3600;
