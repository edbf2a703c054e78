/**
 * The table of reasons: every "no" and every "cannot decide now" of the gateway, once.
 * A code that was released is never renamed or given another meaning.
 */

/** Refused: a verdict. Request: malformed or not allowed, before any verdict. Unavailable: nothing was decided. Fault: ours. */
export type Family = 'refused' | 'request' | 'unavailable' | 'fault';

export interface ReasonRow {
  readonly family: Family;
  readonly http: number;
  /** The SIP status of RFC 8224 section 6.2.2 that comes nearest, or "-". */
  readonly sip: string;
  readonly clause: string;
  readonly title: string;
  readonly advice: string;
}

const row = (family: Family, http: number, sip: string, clause: string, title: string, advice: string): ReasonRow => ({
  family,
  http,
  sip,
  clause,
  title,
  advice,
});

export const REASONS = {
  // parse-passport
  'token-required': row('refused', 422, '428', 'RFC 8224 section 6.2.2', 'no PASSporT was given', 'Send one compact JWS as the body.'),
  'malformed-token': row('refused', 422, '438', 'RFC 7515 section 5.2', 'not three strict base64url parts holding JSON objects', 'Sign again with a strict JWS library; JSON serialization and JWE are not PASSporTs here.'),
  'compact-form-not-allowed': row('refused', 422, '438', 'RFC 8225 section 7', 'the compact form leaves out header and payload', 'Send the full form.'),
  'token-too-large': row('refused', 413, '438', 'DESIGN section 11', 'the PASSporT is larger than 16 KiB', 'Shorten the path in x5c, or use x5u.'),
  'duplicate-member': row('refused', 422, '438', 'RFC 7515 section 10.12', 'a JSON member name occurs twice', 'Serialise each member once.'),
  'non-canonical': row('refused', 422, '438', 'RFC 8225 section 9', 'the JSON is not in the deterministic form', 'Serialise as RFC 8225 section 9: no white space, members in code point order, integers, shortest escapes.'),
  // check-header
  'alg-not-allowed': row('refused', 422, '437', 'RFC 8225 section 4.2', 'alg is not ES256', 'Sign with ES256.'),
  'wrong-typ': row('refused', 422, '438', 'RFC 8225 section 4.1', 'typ is not "passport"', 'Set typ to "passport".'),
  'unsupported-ppt': row('refused', 422, '428', 'RFC 8225 section 8.1', 'ppt is not "mimi"', 'A PASSporT for calls cannot be used here; sign one with ppt "mimi".'),
  'crit-unsupported': row('refused', 422, '438', 'RFC 7515 section 4.1.11', 'crit names extensions that are not supported', 'Sign without crit.'),
  'header-not-allowed': row('refused', 422, '438', 'RFC 8725 section 3.10', 'the header has a member that the profile does not allow', 'Use alg, ppt, typ and one of x5c, x5u only.'),
  'credential-missing': row('refused', 422, '436', 'RFC 8225 section 4.3', 'neither x5c nor x5u is there', 'Put the certificate path in x5c.'),
  'x5u-not-allowed': row('refused', 422, '436', 'RFC 7515 section 4.1.5', 'the x5u URL is not one that may be fetched', 'Use https, port 443 or 8443, a host name, and no user, query or fragment.'),
  'malformed-chain': row('refused', 422, '437', 'RFC 9060 section 7', 'the list of certificates is not one path from end-entity to anchor', 'Give each certificate once, signer first, each next one certifying the one before.'),
  // check-claims
  'malformed-claims': row('refused', 422, '438', 'RFC 7519 section 7.2', 'the payload is not a JSON object of the allowed depth', 'Sign a JSON object.'),
  'claim-missing': row('refused', 422, '438', 'RFC 8225 section 5', 'a required claim is absent', 'Add the claim.'),
  'claim-type': row('refused', 422, '438', 'RFC 7519 section 2', 'a claim has the wrong JSON type', 'Give the claim the type that the profile names.'),
  'claim-value': row('refused', 422, '438', 'DESIGN section 5', 'a claim has a value outside its grammar', 'Give the claim a value that the profile names.'),
  'claim-not-allowed': row('refused', 422, '438', 'DESIGN section 5', 'a claim is not in the profile for this action', 'Remove the claim.'),
  'bad-orig': row('refused', 422, '438', 'RFC 8225 section 5.2.1', 'orig is not exactly one tn or one uri', 'Give one tn or one uri, a string.'),
  'bad-dest': row('refused', 422, '438', 'RFC 8225 section 5.2.1', 'dest is not an object with one uri in an array', 'Give one uri in an array.'),
  'non-canonical-tn': row('refused', 422, '438', 'RFC 8224 section 8.3', 'the number is not in canonical form', 'Give country code and number, digits only, no plus sign.'),
  'non-canonical-uri': row('refused', 422, '438', 'RFC 8224 section 8.5', 'the URI is not in canonical form', 'Give the lower-case canonical form with A-label domains.'),
  'aud-mismatch': row('refused', 403, '438', 'RFC 8725 section 3.9', 'aud is not this discovery provider', 'Sign for this discovery provider\'s id.'),
  'bad-jti': row('refused', 422, '438', 'DESIGN section 5', 'jti is not 22 to 128 base64url characters', 'Use at least 128 random bits.'),
  'bad-action': row('refused', 422, '438', 'DESIGN section 5', 'action is not one of the profile', 'Use register, withdraw, prefer, release or port.'),
  'ap-mismatch': row('refused', 403, '438', 'DESIGN section 6', 'provider, the host of the SSI and the authenticated client are not the same', 'Only the AP that a PASSporT names may present it.'),
  'consent-too-weak': row('refused', 403, '438', 'DESIGN section 5', 'the consent that counts is weaker than policy\'s minimum', 'Have the NP or EP state the consent, or pin it in the credential.'),
  // check-freshness
  'future-iat': row('refused', 403, '403', 'RFC 8225 section 10.1', 'iat is more than 30 s ahead', 'Set the signer\'s clock.'),
  'bad-exp': row('refused', 403, '403', 'RFC 7519 section 4.1.4', 'exp is not after iat, or later than the lifetime allows', 'Keep iat < exp <= iat + lifetime.'),
  'expired-token': row('refused', 403, '403', 'RFC 7519 section 4.1.4', 'exp has passed', 'Sign a new PASSporT.'),
  // acquire credential
  'credential-unavailable': row('unavailable', 502, '436', 'RFC 8224 section 6.2.2', 'the credential behind x5u could not be had', 'Retry, or send the path in x5c.'),
  'credential-mismatch': row('refused', 422, '437', 'RFC 7515 section 4.1.6', 'x5c and the path that was handed in begin with different certificates', 'Hand in the path of the certificate that signed.'),
  // verify-path
  'malformed-cert': row('refused', 422, '437', 'RFC 5280 section 4.1', 'a certificate is not canonical DER of an X.509 v3 certificate', 'Have the certificate issued again.'),
  'cert-too-large': row('refused', 413, '437', 'DESIGN section 11', 'a certificate is larger than 8 KiB', 'Issue a smaller TNAuthList.'),
  'duplicate-extension': row('refused', 422, '437', 'RFC 5280 section 4.2', 'an extension occurs twice', 'Have the certificate issued again.'),
  'unknown-critical-ext': row('refused', 403, '437', 'RFC 5280 section 4.2', 'a critical extension is not understood', 'Have the certificate issued without it.'),
  'precertificate': row('refused', 403, '437', 'RFC 6962 section 3.1', 'a precertificate was presented', 'Present the final certificate.'),
  'unsupported-key': row('refused', 403, '437', 'RFC 8226 section 4', 'a key is not of an allowed kind, or not on its curve', 'Use a named P-256 key, uncompressed.'),
  'unsupported-cert-alg': row('refused', 403, '437', 'RFC 8226 section 4', 'a certificate\'s signature algorithm is not allowed', 'Use ECDSA with SHA-256, or SHA-384 under a P-384 authority.'),
  'untrusted-chain': row('refused', 403, '437', 'RFC 9060 section 6', 'the path does not end in an anchor of a fitting trust profile', 'Check the anchors with the discovery provider.'),
  'aki-mismatch': row('refused', 403, '437', 'RFC 9060 section 7', 'an authority key identifier is missing or not the issuer\'s subject key identifier', 'Have the certificate issued again.'),
  'bad-cert-signature': row('refused', 403, '437', 'RFC 5280 section 6.1.3', 'a certificate\'s signature does not verify under its issuer\'s key', 'Check that the path belongs together.'),
  'cert-expired': row('refused', 403, '437', 'RFC 5280 section 6.1.3', 'a certificate has expired', 'Renew the certificate.'),
  'cert-not-yet-valid': row('refused', 403, '437', 'RFC 5280 section 6.1.3', 'a certificate is not valid yet', 'Wait, or set the clock.'),
  'cert-validity-iat': row('refused', 403, '437', 'RFC 8224 section 6.2', 'a certificate was not valid at iat', 'Sign within the validity of the whole path.'),
  'not-a-ca': row('refused', 403, '437', 'RFC 5280 section 6.1.4', 'an issuer is not a CA that may sign certificates', 'Use an issuer with cA TRUE and keyCertSign.'),
  'leaf-is-ca': row('refused', 403, '437', 'RFC 9060 section 4', 'the end-entity is a CA', 'Mint an end-entity certificate and sign with that.'),
  'path-length': row('refused', 403, '437', 'RFC 5280 section 6.1.4', 'the path is longer than a certificate or policy allows', 'Shorten the path.'),
  'name-constraints': row('refused', 403, '437', 'RFC 5280 section 6.1.3', 'a name is outside the name constraints above it', 'Have a certificate issued for a permitted name.'),
  'bad-policy': row('refused', 403, '437', 'RFC 5280 section 6.1.5', 'the certificate policies do not satisfy the path or profile', 'Have it issued under an accepted policy.'),
  'anchor-out-of-scope': row('refused', 403, '437', 'DESIGN section 5', 'the anchor may not speak for this calling code or domain', 'Use a credential under an authority for this number or domain.'),
  // check-revocation
  'cert-revoked': row('refused', 403, '437', 'RFC 5280 section 6.3', 'a certificate on the path is revoked', 'Ask the issuer for a new credential.'),
  'malformed-crl': row('unavailable', 503, '436', 'RFC 5280 section 5', 'a CRL is not canonical DER of a CRL', 'The CRL\'s issuer must publish it again.'),
  'status-unavailable': row('unavailable', 503, '436', 'RFC 5280 section 6.3.3', 'the status of a certificate, or who holds the number, cannot be decided now', 'Retry later; the CRL or the numbering data is missing, stale or not to be trusted.'),
  'no-status-source': row('refused', 403, '437', 'RFC 8226 section 10', 'a certificate that needs a status source names none', 'Issue it with a CRL distribution point, or for at most 24 h.'),
  // check-profile
  'bad-key-usage': row('refused', 403, '437', 'RFC 5280 section 4.2.1.3', 'keyUsage is not what the profile demands', 'Issue with critical digitalSignature alone.'),
  'bad-eku': row('refused', 403, '437', 'RFC 5280 section 4.2.1.12', 'an extended key usage is not one the profile allows', 'Issue without extended key usage.'),
  'tnauthlist-critical': row('refused', 403, '437', 'RFC 8226 section 9', 'TNAuthList is marked critical', 'Issue it non-critical.'),
  'tnauthlist-missing': row('refused', 403, '437', 'RFC 8226 section 9', 'a certificate that needs a TNAuthList has none', 'Issue with a TNAuthList.'),
  'tnlist-unavailable': row('unavailable', 502, '436', 'RFC 8226 section 10.1', 'the TNAuthList by reference could not be had', 'Retry, or issue the list by value.'),
  'malformed-tnauthlist': row('refused', 422, '437', 'RFC 8226 section 9', 'the TNAuthList is not DER of its module', 'Encode it with explicit tags, IA5String, counts of 2 and more.'),
  'range-overflow': row('refused', 422, '437', 'RFC 8226 section 9', 'a range runs past the last number of its length', 'Split the range: start + count < 10^D.'),
  'not-encompassed': row('refused', 403, '437', 'RFC 9060 section 4', 'a TNAuthList goes beyond its parent\'s', 'Delegate only what the parent holds.'),
  'profile-violation': row('refused', 403, '437', 'RFC 8226 section 8', 'the path does not fit the trust profile it stands under', 'See docs/token-profile.md for the shape of each profile.'),
  'subject-spc-mismatch': row('refused', 403, '437', 'ATIS-1000080 section 6.4.1', 'the common name says SHAKEN but not the certificate\'s SPC', 'Issue it with CN "SHAKEN <SPC>".'),
  'malformed-claim-constraints': row('refused', 422, '437', 'RFC 9118 section 3', 'the claim constraints are not DER of their module, or contradict it', 'Encode them as RFC 9118 says.'),
  // verify-signature
  'bad-signature': row('refused', 422, '438', 'RFC 7515 section 5.2', 'the signature does not verify under the end-entity\'s key', 'Sign the exact octets with the end-entity\'s key.'),
  // check-claim-constraints
  'claim-constraint': row('refused', 403, '438', 'RFC 9118 section 4', 'the credential\'s claim constraints forbid these claims', 'Sign only what the credential permits.'),
  // check-authority
  'authority-type-mismatch': row('refused', 403, '438', 'RFC 8226 section 4', 'a number was signed for with an e-mail credential, or the reverse', 'Use a credential of the right kind.'),
  'tn-out-of-scope': row('refused', 403, '438', 'RFC 8226 section 9', 'the number is not the signer\'s', 'Use a credential of the number\'s provider of record.'),
  'spc-unknown': row('refused', 403, '438', 'RFC 9060 section 12', 'the numbering data does not know this SPC', 'Have the provider onboarded.'),
  'email-out-of-scope': row('refused', 403, '438', 'RFC 5280 section 4.2.1.10', 'the mailbox is not the signer\'s', 'Use a credential for exactly this domain or mailbox.'),
  // authorize
  'action-not-authorised': row('refused', 403, '438', 'DESIGN section 5', 'this kind of credential may not sign this action', 'See the table in docs/token-profile.md.'),
  // check-replay
  'jti-replay': row('refused', 409, '438', 'RFC 8225 section 10.1', 'this PASSporT was used already', 'Sign a new PASSporT.'),
  'jti-conflict': row('refused', 409, '438', 'RFC 7519 section 4.1.7', 'this signer used the same jti for another PASSporT', 'Use a fresh random jti.'),
  // check-order
  'superseded': row('refused', 409, '438', 'DESIGN section 7', 'a later PASSporT of this number and provider was accepted already', 'Sign a new PASSporT.'),
  'credential-predates-assignment': row('refused', 403, '437', 'DESIGN section 7', 'the credential is older than the number\'s last release or port', 'Have the credential issued again by the number\'s provider.'),
  'mapping-limit': row('refused', 409, '-', 'DESIGN section 7', 'the subject holds as many mappings as it may', 'Withdraw a mapping first.'),
  // requests
  'malformed-request': row('request', 400, '-', 'CONTRACT section 2', 'the request is not of the documented shape', 'See /openapi.json.'),
  'malformed-json': row('request', 400, '-', 'RFC 8259 section 2', 'the body is not JSON by our strict rules', 'Send UTF-8 JSON, no member twice, depth at most 8.'),
  'too-large': row('request', 413, '-', 'DESIGN section 11', 'the request or line is larger than allowed', 'Send less at once.'),
  'unsupported-media-type': row('request', 415, '-', 'RFC 9110 section 15.5.16', 'the body has another media type or coding than this route takes', 'See /openapi.json.'),
  'client-unknown': row('request', 401, '-', 'CONTRACT section 2', 'no client certificate with one known domain', 'Present a client certificate with exactly one dNSName that is onboarded.'),
  'client-not-allowed': row('request', 403, '-', 'CONTRACT section 2', 'this kind of client may not use this route', 'Use a principal of the right kind.'),
  'action-not-offered': row('request', 501, '-', 'DESIGN section 7', 'the gateway does not carry out this action yet', 'Use register, withdraw or release.'),
  'not-found': row('request', 404, '-', 'RFC 9110 section 15.5.5', 'there is nothing here', 'See /openapi.json.'),
  'method-not-allowed': row('request', 405, '-', 'RFC 9110 section 15.5.6', 'the route does not take this method', 'See the Allow header.'),
  'not-published': row('request', 404, '-', 'C2SP tlog-tiles', 'the entry is in the log but no checkpoint covers it yet', 'Retry after the next checkpoint.'),
  'overloaded': row('unavailable', 503, '-', 'DESIGN section 2', 'the gateway takes no more work now', 'Retry after the time given.'),
  'store-unavailable': row('unavailable', 503, '-', 'DESIGN section 2', 'the mapping store cannot be reached or is behind the log', 'Retry after the time given.'),
  'log-unavailable': row('unavailable', 503, '-', 'DESIGN section 2', 'the log cannot be written', 'Retry after the time given.'),
  'not-ready': row('unavailable', 503, '-', 'DESIGN section 2', 'a promise cannot be kept now', 'Operators: ask /readyz with an operator certificate, or read the log.'),
  'draining': row('unavailable', 503, '-', 'CONTRACT section 2', 'the gateway is stopping', 'Retry elsewhere.'),
  'internal-error': row('fault', 500, '-', 'DESIGN section 6', 'a fault of ours', 'Report the requestId.'),
  // issuing
  'key-reuse': row('request', 409, '-', 'RFC 9118 section 8', 'the key is certified for another subject already', 'Make a fresh key for each subject: two certificates over one key leave open which limits hold.'),
  // transparency log, for verifiers of proofs
  'malformed-note': row('refused', 422, '-', 'C2SP signed-note', 'not a signed note', 'Fetch it again.'),
  'untrusted-note': row('refused', 422, '-', 'C2SP signed-note', 'no signature by a known key, or a known key\'s signature is wrong', 'Check the keys.'),
  'malformed-checkpoint': row('refused', 422, '-', 'C2SP tlog-checkpoint', 'not a checkpoint', 'Fetch it again.'),
  'malformed-proof': row('refused', 422, '-', 'C2SP tlog-proof', 'not a proof', 'Fetch it again.'),
  'inclusion-failed': row('refused', 422, '-', 'RFC 9162 section 2.1.3.2', 'the inclusion proof does not hold', 'Keep the proof and the checkpoint: they are evidence.'),
  'consistency-failed': row('refused', 422, '-', 'RFC 9162 section 2.1.4.2', 'the consistency proof does not hold', 'Keep both checkpoints: they are evidence.'),
  'quorum-missing': row('refused', 422, '-', 'C2SP tlog-policy', 'too few witnesses have cosigned', 'Wait for cosignatures, or check the policy.'),
  'log-corrupt': row('refused', 422, '-', 'C2SP tlog-tiles', 'stored log data do not fit each other', 'Run audit fsck; restore from a mirror.'),
} as const satisfies Record<string, ReasonRow>;

export type Reason = keyof typeof REASONS;

export const isReason = (code: string): code is Reason => Object.hasOwn(REASONS, code);

/** The RFC 9457 problem type of a reason. */
export const problemType = (reason: Reason): string => `urn:signpost:reason:${reason}`;

