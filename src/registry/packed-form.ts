/**
 * The packed form of a subject. Version 2 is of a subject that no port and no NP's own AP has to do with, version 3 of any other. Integers are LEB128; a text is its length and its UTF-8 octets.
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
 *               credential, 16 octets; authority, a text; circle, 32 octets if MAPPING.circle;
 *               of version 3, OPERATOR octet, and the operator, a text, if OPERATOR.other
 *   preference  if HEAD.preference: an octet of PREFERRED bits, then one provider's number for each
 *   ports       of version 3: octet: PORTS flags in the low half, how many halves in the high half; record: SPC, since;
 *               port: from, to, effective, attestBy, how many pending mappings, and they; halves: their PARTIES octet, from, to, effective, iat, until, jti.
 *               Times as the iat of marks
 */
export const VERSION = { plain: 2, ported: 3 } as const;

/** Seconds; 2026-11-01. Times near it take four octets, until 2031. */
export const EPOCH = 1_793_491_200;

/** Seconds; a mapping usually runs out 30 days after its last registration. */
export const LIFETIME = 30 * 86_400;

export const HEAD = { quarantined: 1, fenced: 2, preference: 4, ordinary: 8 } as const;

export const MAPPING = { business: 1, service: 2, circle: 4, latest: 8 } as const;

/** Provider numbers from here on do not fit into the mapping's first octet. */
export const FAR_PROVIDER = 15;

/** Usually nobody, or the NP that vouched. */
export const OPERATOR = { none: 0, authority: 1, other: 2 } as const;

export const PORTS = { record: 1, port: 2 } as const;

export const PARTIES = ['from', 'to', 'authority'] as const;

export const PREFERRED = { default: 1, consumer: 2, business: 4 } as const;

export const PREFERENCES = ['default', 'consumer', 'business'] as const;
