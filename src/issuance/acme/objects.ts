import { encodePem } from '../../encoding/index.js';
import type { Delegation } from './csr-template.js';
import { TN_AUTH_LIST } from './identifier.js';
import type { AcmeLimits } from './limits.js';
import { instantOf } from './payload.js';
import { problemDocument, type ProblemDocument } from './problem.js';
import { statusOfAuthorization, type Account, type Authorization, type IssuedCertificate, type Order, type OrderStatus } from './record.js';
import type { AcmeUrls } from './urls.js';

/** Orders in one page of an account's list (RFC 8555 section 7.1.2.1). */
export const ORDERS_PER_PAGE = 100;

/** RFC 8555 section 7.1.1, with the members of RFC 8739 section 3.2 and RFC 9115 section 2.3.3. */
export const directoryObject = (urls: AcmeUrls, limits: AcmeLimits, termsOfService: string | null): object => ({
  newNonce: urls.at('/acme/new-nonce'),
  newAccount: urls.at('/acme/new-account'),
  newOrder: urls.at('/acme/new-order'),
  revokeCert: urls.at('/acme/revoke-cert'),
  keyChange: urls.at('/acme/key-change'),
  meta: {
    ...(termsOfService === null ? {} : { termsOfService }),
    externalAccountRequired: true,
    'auto-renewal': {
      'min-lifetime': limits.minRenewalLifetime,
      'max-duration': limits.maxRenewalDuration,
      'allow-certificate-get': true,
    },
    'delegation-enabled': true,
    'allow-certificate-get': true,
  },
});

/** RFC 8555 section 7.1.2; `delegations` as in RFC 9115 section 2.3.1. */
export const accountObject = ({ id, active, contact }: Account, urls: AcmeUrls): object => ({
  status: active ? 'valid' : 'deactivated',
  contact,
  orders: urls.orders(id),
  delegations: urls.delegations(id),
});

export interface OrderPage {
  readonly orders: readonly string[];
  /** Where the next page begins, or null. */
  readonly next: number | null;
}

export const orderPage = (orders: readonly Order[], from: number, urls: AcmeUrls): OrderPage => ({
  orders: orders.slice(from, from + ORDERS_PER_PAGE).map(({ id }) => urls.order(id)),
  next: from + ORDERS_PER_PAGE < orders.length ? from + ORDERS_PER_PAGE : null,
});

const renewalMembers = ({ autoRenewal }: Order): object =>
  autoRenewal === null
    ? {}
    : {
        'auto-renewal': {
          ...(autoRenewal.start === null ? {} : { 'start-date': instantOf(autoRenewal.start) }),
          'end-date': instantOf(autoRenewal.end),
          lifetime: autoRenewal.lifetime,
          'lifetime-adjust': 0,
          'allow-certificate-get': autoRenewal.certificateGet,
        },
      };

const certificateMembers = ({ id, certificate, autoRenewal }: Order, urls: AcmeUrls): object => {
  if (certificate === null) return {};
  // RFC 8739 section 3.1.1: under renewal the one takes the place of the other.
  if (autoRenewal !== null) return { 'star-certificate': urls.star(id) };
  return { certificate: urls.certificate(certificate), x5u: urls.x5u(certificate) };
};

const errorOf = (authorization: Authorization | null): { error?: ProblemDocument } => {
  const error = authorization?.error ?? null;
  return error === null ? {} : { error: problemDocument(error.reason, error.detail ?? undefined) };
};

/** RFC 8555 section 7.1.3, RFC 8739 section 3.1.1, RFC 9115 section 2.3.2, RFC 9448 section 7. */
export const orderObject = (order: Order, status: OrderStatus, authorization: Authorization | null, urls: AcmeUrls): object => ({
  status,
  expires: instantOf(order.expires),
  identifiers: [{ type: TN_AUTH_LIST, value: order.identifier }],
  ...(order.notBefore === null ? {} : { notBefore: instantOf(order.notBefore) }),
  ...(order.notAfter === null ? {} : { notAfter: instantOf(order.notAfter) }),
  ...renewalMembers(order),
  ...(order.certificateGet && order.autoRenewal === null ? { 'allow-certificate-get': true } : {}),
  ...(order.delegation === null ? {} : { delegation: urls.delegation(order.delegation) }),
  authorizations: order.authorization === null ? [] : [urls.authorization(order.authorization)],
  finalize: urls.finalize(order.id),
  ...certificateMembers(order, urls),
  ...errorOf(authorization),
});

/** RFC 9448 section 4. */
export const challengeObject = (authorization: Authorization, domain: string, urls: AcmeUrls): object => {
  const { id, challenge, state, decidedAt } = authorization;
  return {
    type: 'tkauth-01',
    'tkauth-type': 'atc',
    'token-authority': urls.token(domain),
    url: urls.challenge(id),
    token: challenge,
    // A deactivated authorization says nothing of what its challenge had come to.
    status: state === 'deactivated' ? (decidedAt === null ? 'pending' : 'valid') : state,
    ...(decidedAt !== null && state !== 'invalid' ? { validated: instantOf(decidedAt) } : {}),
    ...errorOf(authorization),
  };
};

/** RFC 8555 section 7.1.4. */
export const authorizationObject = (authorization: Authorization, domain: string, now: number, urls: AcmeUrls): object => ({
  identifier: { type: TN_AUTH_LIST, value: authorization.identifier },
  status: statusOfAuthorization(authorization, now),
  expires: instantOf(authorization.expires),
  challenges: [challengeObject(authorization, domain, urls)],
});

/** RFC 9115 section 2.3.1.3. */
export const delegationObject = ({ template }: Delegation): object => ({ 'csr-template': template });

/** RFC 8555 section 9.1: application/pem-certificate-chain, the new certificate first, no anchor. */
export const chainText = ({ path }: IssuedCertificate): string => path.map((der) => encodePem('CERTIFICATE', der)).join('');
