import { refuse } from '../../reasons/index.js';
import type { AccountKey } from './account-key.js';
import type { Accounts } from './accounts.js';
import { chainAnswer, emptyAnswer, link, location, objectAnswer, type AcmeAnswer, type Header } from './answer.js';
import type { AutoRenewals } from './auto-renewals.js';
import type { Challenges } from './challenges.js';
import type { Finalization } from './finalization.js';
import type { AcmeLimits } from './limits.js';
import {
  accountObject,
  authorizationObject,
  chainText,
  challengeObject,
  delegationObject,
  directoryObject,
  orderObject,
  orderPage,
} from './objects.js';
import type { Orders } from './orders.js';
import { checkEmpty } from './payload.js';
import type { Account, IssuedCertificate, Order } from './record.js';
import type { AcmeRecords } from './records.js';
import type { ResourceName } from './resources.js';
import type { Revocations } from './revocations.js';
import type { AcmeRequest } from './server.js';
import type { TokenAuthority } from './token-authority.js';
import type { AcmeUrls } from './urls.js';

/** What the resources are made of. */
export interface AcmeParts {
  readonly records: AcmeRecords;
  readonly urls: AcmeUrls;
  readonly limits: AcmeLimits;
  readonly accounts: Accounts;
  readonly orders: Orders;
  readonly challenges: Challenges;
  readonly finalization: Finalization;
  readonly revocations: Revocations;
  readonly renewals: AutoRenewals;
  readonly tokenAuthority: TokenAuthority;
  readonly termsOfService: string | null;
}

/** A request of which the signature held. */
export interface Signed extends AcmeRequest {
  readonly account: Account | null;
  readonly key: AccountKey | null;
  readonly payload: Buffer;
}

type Handler = (parts: AcmeParts, signed: Signed) => AcmeAnswer | Promise<AcmeAnswer>;

const idOf = ({ params }: Signed): string => params['id'] ?? '';
const accountOf = ({ account }: Signed): Account => account ?? refuse('account-unknown');

/** An account is seen by itself alone. @throws Refusal `account-mismatch` */
const ownAccount = (signed: Signed): Account => {
  const account = accountOf(signed);
  return account.id === idOf(signed) ? account : refuse('account-mismatch', 'account');
};

const orderAnswer = ({ orders, records, urls }: AcmeParts, status: number, order: Order, ...headers: Header[]): AcmeAnswer =>
  objectAnswer(status, orderObject(order, orders.statusOf(order), records.state.authorizationOf(order), urls), ...headers);

const newAccount: Handler = async ({ accounts, urls }, { key, payload, path }) => {
  if (key === null) return refuse('jws-malformed', 'jwk');
  const { account, created } = await accounts.create(key, payload, urls.at(path));
  return objectAnswer(created ? 201 : 200, accountObject(account, urls), location(urls.account(account.id)));
};

const account: Handler = async ({ accounts, urls }, signed) => {
  const updated = await accounts.update(ownAccount(signed).id, signed.payload);
  return objectAnswer(200, accountObject(updated, urls), location(urls.account(updated.id)));
};

const ordersFrom: Handler = ({ orders, records, urls }, signed) => {
  const { id } = ownAccount(signed);
  checkEmpty(signed.payload);
  const from = Number(signed.params['from'] ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) return refuse('not-found', 'page');
  // RFC 8555 section 7.1.2.1: invalid ones are left out.
  const shown = records.state.ordersOf(id).filter((order) => orders.statusOf(order) !== 'invalid');
  const page = orderPage(shown, from, urls);
  return objectAnswer(200, { orders: page.orders }, ...(page.next === null ? [] : [link(urls.ordersFrom(id, page.next), 'next')]));
};

const delegations: Handler = async ({ orders, urls }, signed) => {
  const { domain } = ownAccount(signed);
  checkEmpty(signed.payload);
  const found = await orders.delegationsOf(domain);
  return objectAnswer(200, { delegations: found.map(({ id }) => urls.delegation(id)) });
};

const delegation: Handler = async ({ orders }, signed) => {
  checkEmpty(signed.payload);
  const found = (await orders.delegationsOf(accountOf(signed).domain)).find(({ id }) => id === idOf(signed));
  return objectAnswer(200, delegationObject(found ?? refuse('delegation-unknown')));
};

const newOrder: Handler = async (parts, signed) => {
  const order = await parts.orders.create(accountOf(signed).id, signed.payload);
  return orderAnswer(parts, 201, order, location(parts.urls.order(order.id)));
};

const order: Handler = async (parts, signed) => {
  const { id } = accountOf(signed);
  const isRead = signed.payload.length === 0;
  const found = isRead ? parts.orders.order(id, idOf(signed)) : await parts.orders.cancel(id, idOf(signed), signed.payload);
  return orderAnswer(parts, 200, found);
};

const finalize: Handler = async (parts, signed) => {
  const found = await parts.finalization.finalize(accountOf(signed).id, idOf(signed), signed.payload);
  return orderAnswer(parts, 200, found, location(parts.urls.order(found.id)));
};

const authorization: Handler = async ({ orders, records, urls }, signed) => {
  const { id, domain } = accountOf(signed);
  const isRead = signed.payload.length === 0;
  const found = isRead ? orders.authorization(id, idOf(signed)) : await orders.deactivate(id, idOf(signed), signed.payload);
  return objectAnswer(200, authorizationObject(found, domain, records.now(), urls));
};

const challenge: Handler = async ({ orders, challenges, urls }, signed) => {
  const { id, domain } = accountOf(signed);
  const isRead = signed.payload.length === 0;
  const found = isRead ? orders.authorization(id, idOf(signed)) : await challenges.answer(id, idOf(signed), signed.payload);
  // RFC 8555 section 7.5.1.
  return objectAnswer(200, challengeObject(found, domain, urls), link(urls.authorization(found.id), 'up'));
};

/** A certificate by its own URL; one under renewal has none. @throws Refusal `not-found` */
const certificateOf = ({ records }: AcmeParts, signed: Signed): { certificate: IssuedCertificate; order: Order } => {
  const certificate = records.state.certificate(idOf(signed)) ?? refuse('not-found', 'certificate');
  const order = records.state.order(certificate.order) ?? refuse('not-found', 'certificate');
  return order.autoRenewal === null ? { certificate, order } : refuse('not-found', 'certificate');
};

const certificate: Handler = (parts, signed) => {
  const found = certificateOf(parts, signed);
  checkEmpty(signed.payload);
  if (found.order.account !== accountOf(signed).id) return refuse('account-mismatch', 'certificate');
  return chainAnswer(chainText(found.certificate));
};

/** RFC 9115 section 2.3.2: whoever has the URL, where the order says so. */
const certificateGet: Handler = (parts, signed) => {
  const found = certificateOf(parts, signed);
  return found.order.certificateGet ? chainAnswer(chainText(found.certificate)) : refuse('not-found', 'certificate');
};

/** RFC 9448 section 7: a PASSporT's x5u is fetched by anybody, who then knows what the PASSporT said already. */
const x5u: Handler = (parts, signed) => chainAnswer(chainText(certificateOf(parts, signed).certificate));

/** RFC 8739 section 3.3: when to come again. */
const starAnswer = ({ renewals }: AcmeParts, found: Order): AcmeAnswer => {
  const current = renewals.current(found);
  const date = (seconds: number): string => new Date(seconds * 1000).toUTCString();
  return chainAnswer(chainText(current), ['Cert-Not-Before', date(current.notBefore)], ['Cert-Not-After', date(current.notAfter)]);
};

const star: Handler = (parts, signed) => {
  const found = parts.orders.order(accountOf(signed).id, idOf(signed));
  checkEmpty(signed.payload);
  return starAnswer(parts, found);
};

const starGet: Handler = (parts, signed) => {
  const found = parts.records.state.order(idOf(signed));
  return found?.certificateGet === true ? starAnswer(parts, found) : refuse('not-found', 'certificate');
};

const revokeCert: Handler = async ({ revocations }, { account: by, key, payload }) => {
  await revocations.revoke(by === null ? { key: key ?? refuse('jws-malformed', 'jwk') } : { account: by }, payload);
  return emptyAnswer(200);
};

const keyChange: Handler = async ({ accounts, urls }, signed) => {
  const changed = await accounts.changeKey(accountOf(signed).id, signed.payload, urls.at(signed.path));
  return objectAnswer(200, accountObject(changed, urls), location(urls.account(changed.id)));
};

/** What answers at each resource, once who signs is known. */
export const HANDLERS: Readonly<Record<Exclude<ResourceName, 'newNonce'>, Handler>> = {
  directory: ({ urls, limits, termsOfService }) => objectAnswer(200, directoryObject(urls, limits, termsOfService)),
  newAccount,
  account,
  orders: ordersFrom,
  moreOrders: ordersFrom,
  delegations,
  delegation,
  keyChange,
  newOrder,
  order,
  finalize,
  authorization,
  challenge,
  certificate,
  certificateGet,
  x5u,
  star,
  starGet,
  revokeCert,
};
