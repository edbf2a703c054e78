import { row, type Family, type ReasonRow } from './reason-row.js';

const about = (family: Family, http: number, title: string, advice: string, clause = 'docs/provider-attestation.md'): ReasonRow =>
  row(family, http, '-', clause, title, advice);

/** Reasons of a provider that attests for an AP what its subscriber wishes (docs/adr/0011). */
export const ATTESTATION_REASONS = {
  'proof-not-offered': about(
    'request',
    501,
    "the provider does not take this proof of a subscriber's wish",
    'Use a proof that the detail names; if it names none, this provider does not attest.',
  ),
  'proof-malformed': about(
    'request',
    400,
    'the evidence is not of the documented form',
    'Send a bearer token as it is; have the portal sign a compact JWT with the documented header members and claims and no others.',
    'RFC 8725 section 3.11',
  ),
  'proof-mismatch': about(
    'request',
    403,
    'the proof is about something else than the request',
    'Ask for exactly what the subscriber agreed to: number, AP, SSI, purpose, kind and circle.',
  ),
  'proof-failed': about('request', 403, 'the proof does not hold', 'Have the subscriber try again; after five wrong codes begin anew.'),
  'proof-expired': about('request', 403, 'the proof has run out', 'Begin anew.'),
  'proof-replayed': about('request', 409, 'the proof was used before', 'Get a fresh one: each serves once.', 'RFC 7519 section 4.1.7'),
  'too-many-attempts': about('request', 403, 'too many wrong codes: the proof is dead', 'Begin anew.'),
  'too-many-proofs': about(
    'unavailable',
    429,
    'more proofs of one number or address, or by one AP, or wrong codes of one AP, than the provider takes in that time',
    'Wait as Retry-After says.',
    'RFC 6585 section 4',
  ),
  'proof-unavailable': about(
    'unavailable',
    502,
    'what the proof needs (the message hook, the mobile network) gives no usable answer; nothing was signed',
    'Retry after the time given.',
  ),
} as const satisfies Record<string, ReasonRow>;
