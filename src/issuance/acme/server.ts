import type { AcmeJournal, RandomSource } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import { Accounts } from './accounts.js';
import { emptyAnswer, link, problemAnswer, type AcmeAnswer } from './answer.js';
import { AutoRenewals, type RenewalTurn } from './auto-renewals.js';
import type { ChainSource } from './challenge.js';
import { Challenges } from './challenges.js';
import type { CredentialDesk } from './credential-desk.js';
import type { Delegations } from './csr-template.js';
import type { BindingKeys } from './external-binding.js';
import { Finalization } from './finalization.js';
import { HANDLERS, type AcmeParts } from './handlers.js';
import { Issuing } from './issuing.js';
import { ACME_LIMITS, type AcmeLimits } from './limits.js';
import { Nonces } from './nonces.js';
import { Orders } from './orders.js';
import { AcmeRecords } from './records.js';
import { ACME_RESOURCES, type ResourceName } from './resources.js';
import { Revocations } from './revocations.js';
import { checkRequestSignature, readSignedRequest, type SignedRequest } from './signed-request.js';
import { TokenAuthority } from './token-authority.js';
import type { TokenAuthorityTrust } from './token-authorities.js';
import { AcmeUrls } from './urls.js';
import type { AccountKey } from './account-key.js';
import type { Account } from './record.js';

export interface AcmeServerOptions {
  /** Where clients reach it: `https://np.example:8444`. */
  readonly origin: () => string;
  readonly desk: CredentialDesk;
  readonly journal: AcmeJournal;
  readonly bindingKeys: BindingKeys;
  readonly delegations: Delegations;
  readonly trustedAuthorities: () => Promise<readonly TokenAuthorityTrust[]>;
  readonly chain: ChainSource;
  readonly random: RandomSource;
  /** ms since 1970. */
  readonly now: () => number;
  readonly termsOfService?: string | undefined;
  readonly limits?: Partial<AcmeLimits>;
}

export interface AcmeRequest {
  /** As received, from the root. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Media type of the body, lower case, without parameters. */
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/** The one media type of requests (RFC 8555 section 6.2). */
export const JOSE_TYPE = 'application/jose+json';

/**
 * An ACME server (RFC 8555) for delegate credentials, with renewal (RFC 8739), delegations (RFC 9115) and authority tokens (RFC 9447, RFC 9448).
 * Knows no socket: whoever carries requests here has read them whole and bounded.
 */
export class AcmeServer {
  readonly #parts: AcmeParts;
  readonly #nonces: Nonces;
  readonly #renewals: AutoRenewals;

  private constructor(options: AcmeServerOptions, records: AcmeRecords) {
    const { desk, random, delegations, bindingKeys, trustedAuthorities: trusted, chain } = options;
    const urls = new AcmeUrls(options.origin);
    const limits = { ...ACME_LIMITS, ...options.limits };
    const termsOfService = options.termsOfService ?? null;
    const accounts = new Accounts({ records, bindingKeys, urls, limits, termsOfService });
    const orders = new Orders({ records, accounts, desk, delegations, urls, limits });
    const issuing = new Issuing(records, desk);
    const stands = async (delegation: string | null, domain: string): Promise<boolean> =>
      delegation === null || (await delegations.of(domain)).some(({ id }) => id === delegation);
    this.#nonces = new Nonces(random, options.now);
    this.#renewals = new AutoRenewals(records, issuing, ({ delegation }, domain) => stands(delegation, domain));
    this.#parts = {
      records,
      urls,
      limits,
      accounts,
      orders,
      challenges: new Challenges({ records, accounts, orders, limits, trusted, chain }),
      finalization: new Finalization({ records, accounts, orders, issuing, desk, limits }),
      revocations: new Revocations(records, desk),
      renewals: this.#renewals,
      tokenAuthority: new TokenAuthority(records, desk, random, limits.tokensPerHour, () => urls.at('')),
      termsOfService,
    };
  }

  /** Folds the journal first. @throws Error when it is broken */
  static async open(options: AcmeServerOptions): Promise<AcmeServer> {
    return new AcmeServer(options, await AcmeRecords.open(options.journal, options.random, options.now));
  }

  /** For a timer: renews what is due. */
  turn(): Promise<RenewalTurn> {
    return this.#renewals.turn();
  }

  /** What keeps it from working, in words for operators; none: nothing does. */
  get problems(): readonly string[] {
    return this.#parts.records.failed ? ['the ACME journal could not be written: see the log, then start again'] : [];
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    return this.#parts.records.close();
  }

  /** One request to one resource. @throws whatever is not a Refusal: a fault of ours, for the caller's log */
  answer(name: ResourceName, request: AcmeRequest): Promise<AcmeAnswer> {
    return this.#finished(async () => {
      if (name === 'newNonce') return emptyAnswer(204);
      const { signedBy } = ACME_RESOURCES[name];
      if (signedBy === 'nobody')
        return await HANDLERS[name](this.#parts, { ...request, account: null, key: null, payload: Buffer.alloc(0) });
      const { jws, account, key } = this.#authenticated(request, signedBy);
      return await HANDLERS[name](this.#parts, { ...request, account, key, payload: jws.payload });
    });
  }

  /**
   * The token authority (RFC 9447 section 5): `id` is the AP's domain. `client` is the domain of a client certificate, and counts for a plain body; a body
   * signed by an account's key needs none.
   */
  authorityToken(id: string, client: string | null, request: AcmeRequest): Promise<AcmeAnswer> {
    const { tokenAuthority } = this.#parts;
    return this.#finished(async () => {
      const isSigned = request.mediaType === JOSE_TYPE;
      const signed = isSigned ? this.#authenticated(request, 'account') : null;
      const domain = tokenAuthority.checkRequester(signed === null ? client : (signed.account?.domain ?? null), id);
      const token = await tokenAuthority.issue(domain, signed?.jws.payload ?? request.body);
      return { ...emptyAnswer(200), body: JSON.stringify({ token }) };
    });
  }

  /** A request that no resource takes, or that was refused before it came here, answered as ACME answers. */
  refusal(thrown: unknown): AcmeAnswer {
    return this.#completed(problemAnswer(thrown));
  }

  async #finished(work: () => Promise<AcmeAnswer>): Promise<AcmeAnswer> {
    try {
      return this.#completed(await work());
    } catch (error) {
      const answer = problemAnswer(error);
      if (answer.reason === 'internal-error') throw error;
      return this.#completed(answer);
    }
  }

  /** RFC 8555 sections 6.5.1 and 7.1: a fresh nonce with every answer, and the way back to the directory. */
  #completed(answer: AcmeAnswer): AcmeAnswer {
    const common = [
      ['Replay-Nonce', this.#nonces.issue()],
      ['Cache-Control', 'no-store'],
      link(this.#parts.urls.directory(), 'index'),
    ] as const;
    return { ...answer, headers: [...common, ...answer.headers] };
  }

  /**
   * RFC 8555 sections 6.2 to 6.5. The signature before the nonce, so that nobody else's nonce can be spent by who has no key.
   * @throws Refusal `unsupported-media-type`, `malformed-json`, `jws-malformed`, `jws-alg-not-allowed`, `jws-key-not-allowed`, `jws-signature-wrong`,
   * `jws-url-mismatch`, `bad-nonce`, `account-unknown`, `account-deactivated`
   */
  #authenticated(request: AcmeRequest, by: 'account' | 'key' | 'either'): Authenticated {
    if (request.mediaType !== JOSE_TYPE) return refuse('unsupported-media-type', JOSE_TYPE);
    const jws = readSignedRequest(request.body, 'request');
    const { signer } = jws;
    if ('key' in signer && by === 'account') return refuse('jws-malformed', 'kid');
    if ('kid' in signer && by === 'key') return refuse('jws-malformed', 'jwk');
    const account = 'kid' in signer ? this.#parts.accounts.named(signer.kid) : null;
    const key = 'key' in signer ? signer.key : (account?.key ?? refuse('account-unknown'));
    checkRequestSignature(jws, key);
    if (jws.url !== this.#parts.urls.at(request.path)) return refuse('jws-url-mismatch');
    this.#nonces.spend(jws.nonce ?? '');
    return { jws, account, key };
  }
}

interface Authenticated {
  readonly jws: SignedRequest;
  /** Null where a key of no account signed. */
  readonly account: Account | null;
  readonly key: AccountKey;
}
