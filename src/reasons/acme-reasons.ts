import { row, type ReasonRow } from './reason-row.js';

const request = (http: number, clause: string, title: string, advice: string): ReasonRow =>
  row('request', http, '-', clause, title, advice);

/** Reasons of the provider's ACME server and token authority. `issuance/acme/problem.ts` has the ACME error type of each. */
export const ACME_REASONS = {
  // requests
  'jws-malformed': request(
    400,
    'RFC 8555 section 6.2',
    'the request is not a flattened JWS with the header members that ACME demands',
    'Send protected, payload and signature alone; in the header alg, nonce, url and exactly one of jwk and kid.',
  ),
  'jws-alg-not-allowed': request(
    400,
    'RFC 8555 section 6.2',
    'alg is not ES256',
    'Sign with ES256; HS256 is for the inner JWS of the binding alone.',
  ),
  'jws-key-not-allowed': request(
    400,
    'RFC 8555 section 6.2',
    'the key is not a public P-256 JWK',
    'Use a P-256 key and send its public half.',
  ),
  'jws-signature-wrong': request(
    401,
    'RFC 8555 section 6.2',
    'the signature does not hold under the key',
    'Sign with the key that jwk or kid names.',
  ),
  'jws-url-mismatch': request(
    401,
    'RFC 8555 section 6.4',
    'url is not the URL of this request',
    'Put the URL that the request goes to in the header.',
  ),
  'bad-nonce': request(
    400,
    'RFC 8555 section 6.5',
    'the nonce is unknown, used or too old',
    'Try once more with the Replay-Nonce of this answer.',
  ),
  'rate-limited': request(429, 'RFC 8555 section 6.6', 'too many of these at a time', 'Wait as Retry-After says.'),
  // accounts
  'account-unknown': request(400, 'RFC 8555 section 7.3.1', 'there is no such account', 'Make an account first.'),
  'account-deactivated': request(
    401,
    'RFC 8555 section 7.3.6',
    'the account was deactivated',
    'Ask the provider for a new binding key and make another account.',
  ),
  'account-mismatch': request(403, 'RFC 8555 section 7', 'this belongs to another account', 'Use the account that it was made under.'),
  'account-key-taken': request(409, 'RFC 8555 section 7.3.5', 'the key is that of an account already', 'Make a fresh key.'),
  'key-change-mismatch': request(
    400,
    'RFC 8555 section 7.3.5',
    'the inner JWS of the key change does not fit the outer one',
    'Sign the inner JWS with the new key, with the same url; name the account and its old key in it.',
  ),
  'contact-not-taken': request(
    400,
    'RFC 8555 section 7.3',
    'a contact is not one mailto address',
    'Send mailto URLs with one address each, or none.',
  ),
  'terms-not-agreed': request(
    403,
    'RFC 8555 section 7.3',
    "the provider's terms were not agreed to",
    'Read termsOfService of the directory and send termsOfServiceAgreed.',
  ),
  'binding-required': request(
    403,
    'RFC 8555 section 7.3.4',
    'no external account binding',
    'Ask the provider for a binding key and send its externalAccountBinding.',
  ),
  'binding-wrong': request(
    403,
    'RFC 8555 section 7.3.4',
    'the external account binding does not hold',
    'Use kid and key as they were printed; bind the key of this account and this URL.',
  ),
  'binding-used': request(403, 'RFC 8555 section 7.3.4', 'the binding key has made an account before', 'Ask the provider for another one.'),
  // orders
  'identifier-not-supported': request(400, 'RFC 9448 section 3', 'an identifier is not of type TNAuthList', 'Order one TNAuthList.'),
  'identifier-malformed': request(
    400,
    'RFC 9448 section 3',
    'the value of an identifier is not base64url of a TNAuthList in DER',
    'Encode it with explicit tags, IA5String, counts of 2 and more; no padding.',
  ),
  'validity-not-allowed': request(
    400,
    'RFC 8555 section 7.4',
    'the times that were asked for cannot be given: in the past, in the wrong order, or too long',
    'Leave notBefore out or let it lie ahead; see the limits in the directory.',
  ),
  'order-not-ready': request(403, 'RFC 8555 section 7.4', 'the order is not in the state that this needs', 'Look at its status.'),
  'authorization-closed': request(400, 'RFC 8555 section 7.5.1', 'the authorization is no longer pending', 'Make a new order.'),
  'delegation-unknown': request(403, 'RFC 9115 section 2.3.2', 'the account has no such delegation', 'See its delegations.'),
  // RFC 9448 section 6, in the order of its steps
  'authority-token-malformed': request(
    400,
    'RFC 9448 section 6',
    'the authority token is not a compact JWT with the claims of RFC 9448 section 5',
    'Send typ JWT, alg ES256, one of x5u and x5c; exp, jti and atc with tktype, tkvalue and fingerprint.',
  ),
  'token-authority-untrusted': request(
    403,
    'RFC 9448 section 6',
    'the credential of the authority token is not that of a token authority trusted here',
    'Get it from the token authority that the challenge names.',
  ),
  'authority-token-signature': request(
    403,
    'RFC 9448 section 6',
    "the authority token is not signed with its credential's key",
    'Get a new one.',
  ),
  'authority-token-type': request(400, 'RFC 9448 section 6', 'tktype is not TNAuthList', 'Get a token of type TNAuthList.'),
  'authority-token-value': request(
    400,
    'RFC 9448 section 6',
    'tkvalue is not the identifier of the order',
    'Get an authority token for this very list.',
  ),
  'authority-token-expired': request(403, 'RFC 9448 section 6', 'the authority token is not valid now', 'Get a new one.'),
  'authority-token-replayed': request(403, 'RFC 9447 section 3.3', 'the authority token was used before', 'Get one for each order.'),
  'authority-token-fingerprint': request(
    400,
    'RFC 9448 section 5.4',
    'the fingerprint is not that of the account key',
    'Ask for an authority token with the fingerprint of the key that signs these requests.',
  ),
  'authority-token-ca': request(
    403,
    'RFC 9448 section 6',
    'ca of the authority token and cA of the request differ',
    'Ask for a CA only with an authority token that grants one, and for none otherwise.',
  ),
  // finalize
  'csr-malformed': request(
    400,
    'RFC 8555 section 7.4',
    'csr is not base64url of a PKCS#10 request in DER',
    'Send DER without padding, no PEM.',
  ),
  'csr-key-not-allowed': request(400, 'RFC 8226 section 4', 'the key of the request is not an uncompressed P-256 key', 'Use a P-256 key.'),
  'csr-key-of-account': request(400, 'RFC 8555 section 11.1', 'the request is for the account key', 'Use another key for each.'),
  'csr-signature-wrong': request(
    400,
    'RFC 2986 section 4.2',
    'the request is not signed with its own key',
    'Sign it with the key that it names.',
  ),
  'csr-identifier-mismatch': request(
    400,
    'RFC 9448 section 6',
    'the TNAuthList of the request is not that of the order, octet for octet',
    'Put the ordered TNAuthList in the request, once and not critical.',
  ),
  'csr-extension-not-allowed': request(
    400,
    'RFC 8555 section 7.4',
    'the request asks for an extension that this order does not give',
    'Ask for TNAuthList, and basicConstraints for a CA, alone.',
  ),
  'csr-template-mismatch': request(
    400,
    'RFC 9115 section 3.1',
    'the request does not fit the template of the delegation',
    'See csr-template.',
  ),
  // certificates
  'revocation-not-allowed': request(
    403,
    'RFC 8555 section 7.6',
    'neither the account nor the key may revoke this certificate',
    'Sign with the account that ordered it, or with its key.',
  ),
  'revocation-reason': request(
    400,
    'RFC 8555 section 7.6',
    'not a reason that may be given here',
    'Leave it out, or see RFC 5280 section 5.3.1.',
  ),
  'already-revoked': request(400, 'RFC 8555 section 7.6', 'the certificate is revoked already', 'Nothing is left to do.'),
  'auto-renewal-canceled': request(403, 'RFC 8739 section 3.1.2', 'the renewal was canceled', 'Make a new order.'),
  'auto-renewal-expired': request(403, 'RFC 8739 section 3.3', 'the renewal has come to its end', 'Make a new order.'),
  'auto-renewal-cancellation': request(
    400,
    'RFC 8739 section 3.1.2',
    'only a valid order under renewal can be canceled',
    'See its status.',
  ),
  'auto-renewal-revocation': request(
    403,
    'RFC 8739 section 6.6',
    'a certificate under renewal is not revoked but canceled',
    'Cancel the order: the certificate dies within two lifetimes.',
  ),
} as const satisfies Record<string, ReasonRow>;
