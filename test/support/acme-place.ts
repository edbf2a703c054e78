import { randomBytes } from 'node:crypto';
import { encodePem } from '../../src/encoding/index.js';
import {
  checkScope,
  issueCa,
  issueEndEntity,
  issueRevocationList,
  issueRoot,
  newKeyPair,
  pathOf,
  subjectName,
  certifyCa,
  type Authority,
  type EndEntityContent,
  type Grant,
  type NumberRange,
  type IssuedCredential,
} from '../../src/issuance/index.js';
import {
  ACME_RESOURCES,
  AcmeServer,
  type AcmeLimits,
  type CredentialDesk,
  type DelegateOrder,
  type Delegation,
  type ResourceName,
  type TokenAuthorityTrust,
} from '../../src/issuance/acme/index.js';
import type { AcmeJournal } from '../../src/ports/index.js';
import { Refusal, Unavailable } from '../../src/reasons/index.js';
import {
  AcmeCaller,
  Key,
  bodyOf,
  joseToken,
  newJti,
  opensslCsr,
  tnExtension,
  tnListDer,
  type Got,
  type Json,
  type Transport,
} from './acme-client.js';

export const START = Date.UTC(2026, 10, 24, 12) / 1000;
export const ORIGIN = 'https://np1.example:8444';
export const SPC = '709J';
const DAY = 86_400;
const YEAR = 365 * DAY;

/** The numbers that a.example is granted: one range. */
export const RANGE = ['12025550100', 100] as const;
export const LIST = tnListDer(RANGE);
export const VALUE = LIST.toString('base64url');

class MemoryJournal implements AcmeJournal {
  readonly entries: unknown[] = [];
  append(entry: object): Promise<void> {
    this.entries.push(JSON.parse(JSON.stringify(entry)));
    return Promise.resolve();
  }
  read = (): Promise<readonly unknown[]> => Promise.resolve([...this.entries]);
  close = (): Promise<void> => Promise.resolve();
}

const pemOf = ({ key }: IssuedCredential): string => key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const x5cOf = (path: readonly Buffer[]): string[] => path.map((der) => der.toString('base64'));

/** An NP's CA in memory, with what it grants and what it revoked. */
class PlaceDesk implements CredentialDesk {
  readonly grants = new Map<string, readonly Grant[]>();
  readonly revoked: Array<{ serial: string; reason: string }> = [];
  readonly place: AcmePlace;
  /** While set, the desk cannot be had. */
  isBusy = false;

  constructor(place: AcmePlace) {
    this.place = place;
  }

  grantsOf(domain: string): Promise<readonly Grant[]> {
    if (this.isBusy) return Promise.reject(new Unavailable('overloaded'));
    return Promise.resolve(this.grants.get(domain) ?? []);
  }

  issue({ domain, spki, entries, notBefore, notAfter, ca }: DelegateOrder): Promise<readonly Buffer[]> {
    const { ca: issuer, now } = this.place;
    checkScope([{ spc: SPC }, { start: '12025550000', count: 10_000 }], entries);
    const terms = { random: randomBytes, notBefore, notAfter };
    if (notBefore < now) return Promise.reject(new Refusal('malformed-request', 'backdated'));
    if (ca)
      return Promise.resolve(
        pathOf(certifyCa(issuer, spki, { subject: subjectName({ commonName: domain }), numbers: entries }, terms), issuer),
      );
    const content = { subject: subjectName({ commonName: domain }), numbers: entries, binding: { provider: domain } };
    return Promise.resolve(pathOf(issueEndEntity(issuer, spki, content, terms), issuer));
  }

  revoke(serial: string, reason: string): Promise<void> {
    this.revoked.push({ serial, reason });
    return Promise.resolve();
  }

  isRevoked(serials: readonly string[]): Promise<boolean> {
    return Promise.resolve(this.revoked.some(({ serial }) => serials.includes(serial)));
  }

  ownCredential(): Promise<IssuedCredential> {
    return Promise.resolve(this.place.own);
  }
}

/** A provider with its ACME server, and clients that speak to it as if over a network. */
export class AcmePlace {
  /** Seconds. */
  now = START;
  origin = ORIGIN;
  readonly root: Authority;
  readonly ca: Authority;
  /** The provider's own credential, which signs authority tokens. */
  readonly own: IssuedCredential;
  readonly desk = new PlaceDesk(this);
  readonly journal = new MemoryJournal();
  readonly delegations: Delegation[] = [];
  readonly bindingKeys = new Map<string, { domain: string; key: Uint8Array }>();
  readonly chains = new Map<string, readonly Buffer[]>();
  readonly fetched: string[] = [];
  trusted: TokenAuthorityTrust[];
  termsOfService: string | undefined;
  #server: AcmeServer | null = null;

  constructor() {
    const terms = { random: randomBytes, notBefore: START - DAY, notAfter: START + 5 * YEAR };
    this.root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'Delegate Root' }) }, terms);
    this.ca = issueCa(this.root, newKeyPair(), { subject: subjectName({ commonName: 'NP CA 709J' }), numbers: [{ spc: SPC }] }, terms);
    this.own = this.credential({ subject: subjectName({ commonName: 'Example NP' }), numbers: [{ spc: SPC }] });
    this.trusted = [
      {
        name: { spc: SPC },
        anchors: [this.root.certificate],
        crls: [this.crl(this.root), this.crl(this.ca)],
        profile: 'delegate',
        revocation: 'required',
        fingerprint: 'rfc7638',
      },
    ];
    this.grant('a.example', [{ start: RANGE[0], count: RANGE[1] }]);
  }

  grant(domain: string, numbers: readonly NumberRange[], ca = false, lifetimeMax: number | null = null): void {
    this.desk.grants.set(domain, [{ to: domain, numbers, mailboxes: [], ca, lifetimeMax, at: this.now, why: null }]);
  }

  credential(content: EndEntityContent, issuer: Authority = this.ca, lifetime = YEAR): IssuedCredential {
    const key = newKeyPair();
    const terms = { random: randomBytes, notBefore: this.now, notAfter: this.now + lifetime };
    return { path: pathOf(issueEndEntity(issuer, key.spki, content, terms), issuer), key };
  }

  crl(signer: Authority, serials: readonly Uint8Array[] = []): Buffer {
    return issueRevocationList(signer, {
      number: 1 + serials.length,
      thisUpdate: START,
      nextUpdate: START + YEAR,
      entries: serials.map((serial) => ({ serial, revokedAt: START })),
    });
  }

  async open(limits: Partial<AcmeLimits> = {}, journal: AcmeJournal = this.journal): Promise<this> {
    this.#server = await AcmeServer.open({
      origin: () => this.origin,
      desk: this.desk,
      journal,
      bindingKeys: { find: (kid) => Promise.resolve(this.bindingKeys.get(kid) ?? null) },
      delegations: { of: (domain) => Promise.resolve(this.delegations.filter((one) => one.domain === domain)) },
      trustedAuthorities: () => Promise.resolve(this.trusted),
      chain: (url) => {
        this.fetched.push(url);
        const path = this.chains.get(url);
        return path === undefined ? Promise.reject(new Unavailable('credential-unavailable')) : Promise.resolve(path);
      },
      random: randomBytes,
      now: () => this.now * 1000,
      termsOfService: this.termsOfService,
      limits,
    });
    return this;
  }

  get server(): AcmeServer {
    if (this.#server === null) throw new Error('not open');
    return this.#server;
  }

  /** The key that the provider prints for an AP. */
  print(domain: string): { kid: string; key: string } {
    const kid = newJti();
    const key = randomBytes(32);
    this.bindingKeys.set(kid, { domain, key });
    return { kid, key: key.toString('base64url') };
  }

  transport: Transport = async ({ method, url, type = '', body = '' }) => {
    const path = url.slice(this.origin.length);
    const asked = { path, mediaType: type, body: Buffer.from(body) };
    const told = async (): ReturnType<AcmeServer['answer']> => {
      const token = /^\/at\/account\/([^/]+)\/token$/.exec(path);
      if (token !== null) return await this.server.authorityToken(token[1] ?? '', this.client, { ...asked, params: {} });
      for (const [name, resource] of Object.entries(ACME_RESOURCES)) {
        const params = paramsOf(resource.path, path);
        const fits = resource.method === (method === 'HEAD' ? 'GET' : method);
        if (params !== null && fits) return await this.server.answer(name as ResourceName, { ...asked, params });
      }
      throw new Error(`no resource at ${path}`);
    };
    const answer = await told();
    const headers = new Map(answer.headers.map(([name, value]) => [name.toLowerCase(), value]));
    return { status: answer.status, headers: headers.set('content-type', answer.type), text: answer.body };
  };

  /** The domain of the client certificate that the transport shows. */
  client: string | null = null;

  async caller(): Promise<AcmeCaller> {
    return await new AcmeCaller(this.transport, this.origin, await Key.make()).start();
  }

  /** A client with an account. */
  async enrolled(domain = 'a.example'): Promise<AcmeCaller> {
    const caller = await this.caller();
    await caller.enrol(this.print(domain));
    return caller;
  }

  /** Claims and header of a token that is good for this account. */
  async token(account: Key, changes: { atc?: Json; claims?: Json; header?: Json; signer?: IssuedCredential } = {}): Promise<string> {
    const signer = changes.signer ?? this.own;
    const atc = { tktype: 'TNAuthList', tkvalue: VALUE, ca: false, fingerprint: account.fingerprint, ...changes.atc };
    return await joseToken({
      pem: pemOf(signer),
      header: { alg: 'ES256', typ: 'JWT', x5c: x5cOf(signer.path), ...changes.header },
      claims: { iss: ORIGIN, exp: this.now + 600, jti: newJti(), atc: defined(atc), ...changes.claims },
    });
  }

  async order(caller: AcmeCaller, more: Json = {}, value = VALUE): Promise<Got> {
    return await caller.post(caller.url('newOrder'), { identifiers: [{ type: 'TNAuthList', value }], ...more });
  }

  /** The order's one challenge. */
  async challengeOf(caller: AcmeCaller, order: Json): Promise<string> {
    const authorization = await caller.read((order['authorizations'] as string[])[0] ?? '');
    return String((authorization['challenges'] as Json[])[0]?.['url']);
  }

  /** An order that is ready, and where. */
  async ready(caller: AcmeCaller, more: Json = {}, atc: Json = {}, value = VALUE): Promise<{ order: Json; url: string }> {
    const made = await this.order(caller, more, value);
    const tkauth = await this.token(caller.key, { atc: { tkvalue: value, ...atc } });
    const answered = await caller.post(await this.challengeOf(caller, bodyOf(made)), { tkauth });
    if (bodyOf(answered)['status'] !== 'valid') throw new Error(answered.text);
    return { order: bodyOf(made), url: made.headers.get('location') ?? '' };
  }

  async csr(key?: Key, ...more: string[]): Promise<string> {
    const csr = await opensslCsr({ ...(key === undefined ? {} : { key }), extensions: [tnExtension(LIST), ...more] });
    return csr.toString('base64url');
  }

  /** A whole order: the chain as PEM, the key, the order. */
  async issued(caller: AcmeCaller, more: Json = {}): Promise<{ pem: string; key: Key; order: Json; url: string }> {
    const { order, url } = await this.ready(caller, more);
    const key = await Key.make();
    const final = await caller.post(String(order['finalize']), { csr: await this.csr(key) });
    if (final.status !== 200) throw new Error(final.text);
    const done = bodyOf(final);
    const pem = (await caller.post(String(done['certificate'] ?? done['star-certificate']), '')).text;
    return { pem, key, order: done, url };
  }

  get rootPem(): string {
    return encodePem('CERTIFICATE', this.root.certificate);
  }
}

const defined = (object: Json): Json => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

const paramsOf = (pattern: string, path: string): Record<string, string> | null => {
  const names = [...pattern.matchAll(/:([a-z]+)/g)].map((match) => match[1] ?? '');
  const match = new RegExp(`^${pattern.replaceAll(/:[a-z]+/g, '([A-Za-z0-9_-]+)')}$`).exec(path);
  return match === null ? null : Object.fromEntries(names.map((name, i) => [name, match[i + 1] ?? '']));
};
