import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Attestation, AttestingDesk, Registration } from '../../issuance/attestation/index.js';
import { claimsOf, type IssuedCredential, type IssuingSources } from '../../issuance/index.js';
import { signPassport } from '../../passport/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { parseCertificate } from '../../x509/index.js';
import type { Desk } from './desk.js';
import type { DeskFiles } from './desk-files.js';
import { DeskLock, PATIENCE } from './desk-lock.js';
import { writeSecret } from './pem-files.js';

const SUBJECT_KEY = 'attestation.key';
const KEY_OCTETS = 32;

/**
 * The key under which the ledger knows who was attested; made on first use, under the desk's lock, so that two servers at one desk have one.
 * @throws Error when the file holds something else
 */
export const openSubjectKey = (files: DeskFiles, random: IssuingSources['random']): Promise<KeyObject> =>
  new DeskLock(files.path('lock'), files.disk, PATIENCE).hold(async () => {
    const path = files.path(SUBJECT_KEY);
    const known = files.disk.read(path);
    const octets = known ?? Buffer.from(random(KEY_OCTETS));
    if (octets.length !== KEY_OCTETS) throw new Error(`${path}: is not ${KEY_OCTETS} octets: restore it, or take it away for a new one`);
    if (known === null) writeSecret(path, octets, files.disk);
    return createSecretKey(octets);
  });

export interface DeskAttestationParts {
  readonly desk: Desk;
  readonly files: DeskFiles;
  readonly subjectKey: KeyObject;
  /** Seconds that a PASSporT may be presented. */
  readonly lifetime: number;
  readonly sources: IssuingSources;
}

type Own = IssuedCredential & { readonly serial: string; readonly notBefore: number; readonly notAfter: number };

/** The files that `DeskFiles.own` looks at. */
const OWN_FILES = ['own.pem', 'own.key.pem', 'own.next.key.pem'];

/** Signs on a subscriber's wish with the desk's own credential, read again when a file changed: commands may replace it beside a running server. */
export class DeskAttestations implements AttestingDesk {
  readonly #parts: DeskAttestationParts;
  #known: { readonly identity: string; readonly own: Own } | null = null;

  constructor(parts: DeskAttestationParts) {
    this.#parts = parts;
  }

  /** What keeps the desk from signing now, in words for operators; none: nothing. */
  get problems(): readonly string[] {
    try {
      this.#credential();
      return [];
    } catch (error) {
      if (error instanceof Refusal) return ['the desk has no credential of its own that outlives a PASSporT: issue one'];
      throw error;
    }
  }

  async check(sii: string): Promise<void> {
    await oursOrNot(() => this.#parts.desk.checkSpeaksFor(sii));
    this.#credential();
  }

  /**
   * Order of writes: (1) claims, with a jti, in memory; (2) the ledger's line, durable; (3) the signature. A process that ends after (2) leaves a line of a
   * PASSporT that never was, which does no harm; one that the ledger does not know is never signed.
   */
  async attest(registration: Registration): Promise<Attestation> {
    const { desk, subjectKey, sources } = this.#parts;
    const { sii, provider: to, consent } = registration;
    const { path, key, serial } = this.#credential();
    const claims = claimsOf(registration, Math.floor(sources.now() / 1000), sources.random);
    const subject = createHmac('sha256', subjectKey).update(sii, 'utf8').digest('base64url');
    await oursOrNot(() => desk.recordAttested(sii, serial, { to, subject, jti: claims.jti, consent }));
    return { passport: signPassport({ claims, x5c: path, key: key.privateKey }), expires: claims.exp * 1000 };
  }

  /** @throws Unavailable `not-ready` */
  #credential(): Own {
    const { lifetime, sources } = this.#parts;
    const own = this.#own();
    const now = sources.now() / 1000;
    if (now < own.notBefore || now + lifetime >= own.notAfter) return refuse('not-ready', "the desk's own credential");
    return own;
  }

  #own(): Own {
    const { files } = this.#parts;
    const identity = OWN_FILES.map((name) => files.disk.stat(files.path(name))?.identity ?? '').join();
    if (this.#known?.identity === identity) return this.#known.own;
    const credential = files.own() ?? refuse('not-ready', "the desk's own credential");
    const { serial, notBefore, notAfter } = parseCertificate(credential.path[0] ?? Buffer.alloc(0));
    const own = { ...credential, serial: Buffer.from(serial).toString('hex'), notBefore, notAfter };
    this.#known = { identity, own };
    return own;
  }
}

const NOT_OURS = new Set(['tn-out-of-scope', 'not-encompassed', 'number-on-hold', 'authority-type-mismatch']);

/** docs/adr/0011: an AP learns whether an SII is ours to speak for, and no more: neither by which rule it is not, nor that a port is pending. */
const oursOrNot = async (check: () => Promise<void>): Promise<void> => {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (NOT_OURS.has(error.reason)) return refuse('tn-out-of-scope');
    if (error.reason === 'email-out-of-scope') return refuse('email-out-of-scope');
    throw error;
  }
};
