/**
 * The packed form of a subject, version 2. Integers are LEB128; a text is its length and its UTF-8 octets.
 *
 *   head        octet: the version in the high half, HEAD flags in the low half
 *   keySlot, leafIndex
 *   fence       if HEAD.fenced
 *   counts      providers, marks, mappings; unless HEAD.ordinary: one of each
 *   providers   texts; mark i is provider i's, and mappings name their provider by number
 *   marks       iat - EPOCH, signed; jti: 2 x length + 1 and its text, or 2 x length and the octets that it is the base64url of
 *   mappings    octet: MAPPING flags in the low half, the provider's number in the high half (15: the number follows); user;
 *               how far leafIndex lies behind the subject's, unless MAPPING.latest; twice how far firstIndex lies behind leafIndex,
 *               and 1 more where it must be attested;
 *               expires - LIFETIME - the provider's iat (EPOCH where it has no mark), signed;
 *               credential, 16 octets; authority, a text; circle, 32 octets if MAPPING.circle
 *   preference  if HEAD.preference: an octet of PREFERRED bits, then one provider's number for each
 */
export const VERSION = 2;

/** Seconds; 2026-11-01. Times near it take four octets, until 2031. */
export const EPOCH = 1_793_491_200;

/** Seconds; a mapping usually runs out 30 days after its last registration. */
export const LIFETIME = 30 * 86_400;

export const HEAD = { quarantined: 1, fenced: 2, preference: 4, ordinary: 8 } as const;

export const MAPPING = { business: 1, service: 2, circle: 4, latest: 8 } as const;

/** Provider numbers from here on do not fit into the mapping's first octet. */
export const FAR_PROVIDER = 15;

export const PREFERRED = { default: 1, consumer: 2, business: 4 } as const;

export const PREFERENCES = ['default', 'consumer', 'business'] as const;
