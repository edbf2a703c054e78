import { z } from 'zod';
import { refuse } from '../../reasons/index.js';
import { parseAccountKey, thumbprintOf, type AccountKey } from './account-key.js';
import { checkExternalBinding, type BindingKeys } from './external-binding.js';
import { HOUR, type AcmeLimits } from './limits.js';
import { checkRate, payloadOf } from './payload.js';
import { AcmeRefusal } from './problem.js';
import type { Account } from './record.js';
import type { AcmeRecords } from './records.js';
import { checkRequestSignature, parseObject, readSignedRequest } from './signed-request.js';
import type { AcmeUrls } from './urls.js';

/** RFC 6068 section 2 without header fields or a second address, which RFC 8555 section 7.3 forbids. */
const MAILTO = /^mailto:[^\s,?@]+@[^\s,?@]+$/;
const contact = z.array(z.string().max(320)).max(10);

const newAccount = z.object({
  contact: contact.default([]),
  onlyReturnExisting: z.boolean().default(false),
  termsOfServiceAgreed: z.boolean().default(false),
  externalAccountBinding: z.looseObject({}).optional(),
});
const update = z.object({ contact: contact.optional(), status: z.literal('deactivated').optional() });
const keyChange = z.object({ account: z.string(), oldKey: z.looseObject({}) });

const checkContact = (contacts: readonly string[]): void => {
  if (!contacts.every((one) => MAILTO.test(one))) refuse('contact-not-taken');
};

interface AccountParts {
  readonly records: AcmeRecords;
  readonly bindingKeys: BindingKeys;
  readonly urls: AcmeUrls;
  readonly limits: AcmeLimits;
  /** Null: there are none to agree to. */
  readonly termsOfService: string | null;
}

/** Accounts of RFC 8555 section 7.3: each is one AP's, by the key that the provider printed for it. */
export class Accounts {
  readonly #parts: AccountParts;

  constructor(parts: AccountParts) {
    this.#parts = parts;
  }

  /**
   * @throws Refusal `account-unknown`, `account-deactivated`, `binding-required`, `binding-wrong`, `binding-used`, `contact-not-taken`, `terms-not-agreed`, `rate-limited`,
   * `malformed-request`
   */
  async create(key: AccountKey, payload: Uint8Array, url: string): Promise<{ readonly account: Account; readonly created: boolean }> {
    const { records } = this.#parts;
    const asked = payloadOf(payload, newAccount);
    const known = records.state.accountOfKey(thumbprintOf(key));
    if (known !== null) return known.active ? { account: known, created: false } : refuse('account-deactivated');
    if (asked.onlyReturnExisting) return refuse('account-unknown');
    // Read again as received: the schema's copy has lost what strict JSON says of it.
    const inner = parseObject(payload, 'malformed-request')['externalAccountBinding'];
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return refuse('binding-required');
    checkContact(asked.contact);
    if (this.#parts.termsOfService !== null && !asked.termsOfServiceAgreed) return refuse('terms-not-agreed');
    const { kid, domain } = await checkExternalBinding(inner, key, url, this.#parts.bindingKeys);
    return await records.alone(() => this.#add(key, kid, domain, asked.contact));
  }

  async #add(key: AccountKey, kid: string, domain: string, contact: string[]): Promise<{ account: Account; created: boolean }> {
    const { records, limits } = this.#parts;
    const { state } = records;
    const known = state.accountOfKey(thumbprintOf(key));
    if (known !== null) return { account: known, created: false };
    // One key, one account: a key that leaks after it was used opens nothing.
    if (state.isBindingUsed(kid)) return refuse('binding-used');
    const at = records.now();
    checkRate(state.accountsSince(at - HOUR), limits.accountsPerHour, at, 'accounts');
    const id = records.newId();
    await records.record({ event: 'account', at, id, jwk: key.jwk, domain, kid, contact });
    return { account: this.active(id), created: true };
  }

  /** @throws Refusal `account-unknown`, `account-deactivated` */
  active(id: string): Account {
    const account = this.#parts.records.state.account(id) ?? refuse('account-unknown');
    return account.active ? account : refuse('account-deactivated');
  }

  /** The account that a kid names. @throws Refusal as `active` */
  named(kid: string): Account {
    return this.active(this.#parts.urls.accountOf(kid) ?? refuse('account-unknown', 'kid'));
  }

  /** RFC 8555 sections 7.3.2 and 7.3.6; an empty payload changes nothing. @throws Refusal `contact-not-taken`, `rate-limited`, `malformed-request` */
  async update(id: string, payload: Uint8Array): Promise<Account> {
    const { records } = this.#parts;
    const asked = payload.length === 0 ? {} : payloadOf(payload, update);
    if (asked.contact !== undefined) checkContact(asked.contact);
    return await records.alone(async () => {
      const account = this.active(id);
      const at = records.now();
      if (asked.contact !== undefined) this.#checkChanges(id, at);
      if (asked.contact !== undefined) await records.record({ event: 'contact', at, account: account.id, contact: asked.contact });
      if (asked.status !== undefined) await records.record({ event: 'deactivated', at, account: account.id });
      return records.state.account(id) ?? account;
    });
  }

  /**
   * RFC 8555 section 7.3.5: the new key signs that it takes this account over from the old one, inside what the old one signs.
   * @throws Refusal `malformed-json`, `jws-malformed`, `jws-alg-not-allowed`, `jws-key-not-allowed`, `jws-signature-wrong`, `key-change-mismatch`,
   * `account-key-taken`, `rate-limited`, `malformed-request`
   */
  async changeKey(id: string, payload: Uint8Array, url: string): Promise<Account> {
    const { records, urls } = this.#parts;
    const inner = readSignedRequest(payload, 'key-change');
    if (!('key' in inner.signer)) return refuse('jws-malformed', 'jwk');
    const { key } = inner.signer;
    checkRequestSignature(inner, key);
    if (inner.url !== url) return refuse('key-change-mismatch', 'url');
    const asked = payloadOf(inner.payload, keyChange);
    if (asked.account !== urls.account(id)) return refuse('key-change-mismatch', 'account');
    const old = parseAccountKey(parseObject(inner.payload, 'malformed-request')['oldKey']);
    return await records.alone(async () => {
      const account = this.active(id);
      if (!old.thumbprint.equals(account.key.thumbprint)) return refuse('key-change-mismatch', 'oldKey');
      const holder = records.state.accountOfKey(thumbprintOf(key));
      if (holder !== null) throw new AcmeRefusal('account-key-taken', undefined, { location: urls.account(holder.id) });
      const at = records.now();
      this.#checkChanges(id, at);
      await records.record({ event: 'key-changed', at, account: id, jwk: key.jwk });
      return this.active(id);
    });
  }

  #checkChanges(id: string, at: number): void {
    const { records, limits } = this.#parts;
    checkRate(records.state.changesOf(id, at - HOUR), limits.changesPerHour, at, 'changes of the account');
  }
}
