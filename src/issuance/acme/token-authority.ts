import { createHash, sign } from 'node:crypto';
import { z } from 'zod';
import { encodeBase64, encodeBase64url } from '../../encoding/index.js';
import type { RandomSource } from '../../ports/index.js';
import { refuse } from '../../reasons/index.js';
import type { IssuedCredential } from '../credential.js';
import { FINGERPRINT } from './account-key.js';
import type { CredentialDesk } from './credential-desk.js';
import { TN_AUTH_LIST, checkOrderable, parseTnValue } from './identifier.js';
import { HOUR } from './limits.js';
import { checkRate, payloadOf } from './payload.js';
import type { AcmeRecords } from './records.js';

/** Long enough to be carried to a challenge by hand; the less a token lives, the less a copy of it is worth. */
const TOKEN_LIFETIME = 600;

const atc = z.strictObject({
  tktype: z.literal(TN_AUTH_LIST),
  tkvalue: z.string().max(16 * 1024),
  fingerprint: z.string().regex(FINGERPRINT),
  ca: z.boolean().default(false),
});
/** RFC 9447 section 5.1 wraps the members in atc, RFC 9448 section 5.5 does not. */
const tokenRequest = z.union([z.strictObject({ atc }), atc]);

const part = (value: object): string => encodeBase64url(Buffer.from(JSON.stringify(value)));

const signToken = (claims: object, { path, key }: IssuedCredential): string => {
  const signingInput = `${part({ alg: 'ES256', typ: 'JWT', x5c: path.map(encodeBase64) })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signingInput), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signingInput}.${encodeBase64url(signature)}`;
};

/** The provider as token authority (RFC 9447 section 5, RFC 9448 section 5.6): says with its own credential what it lets an AP have. */
export class TokenAuthority {
  readonly #records: AcmeRecords;
  readonly #desk: CredentialDesk;
  readonly #random: RandomSource;
  readonly #issuer: () => string;
  readonly #perHour: number;

  /** @param perHour tokens for one AP @param issuer this authority's URL, for iss */
  constructor(records: AcmeRecords, desk: CredentialDesk, random: RandomSource, perHour: number, issuer: () => string) {
    this.#records = records;
    this.#desk = desk;
    this.#random = random;
    this.#issuer = issuer;
    this.#perHour = perHour;
  }

  /**
   * A token for an AP that has shown who it is. Proves that the provider grants all of the list to it now; the key that the fingerprint names is the
   * AP's to choose, and another AP's account gets nothing by it, since orders are held to the grants of their own AP.
   * @throws Refusal `malformed-json`, `malformed-request`, `identifier-malformed`, `not-granted`, `rate-limited`,
   * `credential-missing`
   */
  async issue(domain: string, body: Uint8Array): Promise<string> {
    const asked = payloadOf(body, tokenRequest);
    const { tktype, tkvalue, fingerprint, ca } = 'atc' in asked ? asked.atc : asked;
    checkOrderable(await this.#desk.grantsOf(domain), parseTnValue(tkvalue), { ca });
    const credential = await this.#desk.ownCredential();
    const now = this.#records.now();
    const jti = encodeBase64url(this.#random(16));
    const claims = { iss: this.#issuer(), iat: now, exp: now + TOKEN_LIFETIME, jti, atc: { tktype, tkvalue, ca, fingerprint } };
    const token = signToken(claims, credential);
    const digest = createHash('sha256').update(tkvalue).digest('base64url');
    // Nothing is out there that the desk does not know.
    await this.#records.alone(async () => {
      checkRate(this.#records.state.tokensOf(domain, now - HOUR), this.#perHour, now, 'authority tokens');
      await this.#records.record({ event: 'authority-token', at: now, domain, jti, digest, ca });
    });
    return token;
  }

  /** RFC 9447 section 5.1: whoever is not the AP of this URL is refused with 403. @throws Refusal `account-mismatch` */
  checkRequester(domain: string | null, id: string): string {
    return domain === id ? domain : refuse('account-mismatch', 'the requester is not the AP of this URL');
  }
}
