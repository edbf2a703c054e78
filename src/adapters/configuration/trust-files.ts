import { dirname, join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodePem, readPkcs12 } from '../../encoding/index.js';
import type { NumberingFeedPolicy, TrustListPolicy, TrustPolicy } from '../../policy/index.js';
import type { AnchorMaterial } from '../../verification/index.js';
import { parseCertificate, parseCrlInSlices, type Certificate, type Crl } from '../../x509/index.js';
import type { ProblemList } from './problems.js';

/** What trust.yaml says of one trust list, its files read. */
export interface TrustListFiles {
  readonly policy: TrustListPolicy;
  readonly roots: readonly Certificate[];
  /** DER of the signer's path; null: the list names it. */
  readonly signer: readonly Uint8Array[] | null;
  /** What the file holds; null: the list is fetched, or the file cannot be read now, which is no reason to forget the last good list. */
  readonly octets: Uint8Array | null;
}

/** What trust.yaml says of one feed of numbering data, its statement read. */
export interface NumberingFeedFiles {
  readonly policy: NumberingFeedPolicy;
  readonly roots: readonly Certificate[];
  /** Null: the file cannot be read now, which is no reason to forget the last good one. */
  readonly octets: Uint8Array | null;
  /** Where its rows are, each file under its SHA-256. */
  readonly folder: string;
}

/** The octets that trust.yaml names; and until when each issuer's newest CRL holds, in seconds since 1970. */
export interface TrustFiles {
  readonly anchors: readonly AnchorMaterial[];
  readonly lists: readonly TrustListFiles[];
  readonly feeds: readonly NumberingFeedFiles[];
  readonly crlAnchors: readonly Uint8Array[];
  readonly crls: readonly Crl[];
  readonly crlSigners: readonly Uint8Array[];
  readonly crlHorizons: ReadonlyMap<string, number>;
}

/** Reads the files of trust.yaml; paths are relative to `base`. A file that does not hold what it should is a problem in the list. */
export const readTrustFiles = async (policy: TrustPolicy, base: string, list: ProblemList): Promise<TrustFiles> => {
  const reader = new TrustReader(base, list);
  const anchors: AnchorMaterial[] = [];
  for (const { profile, file, passwordFile, speaksFor } of policy.anchors) {
    const whatFor = `an anchor of ${profile}`;
    const read = passwordFile === undefined ? reader.certificates(file, whatFor) : reader.bundle(file, passwordFile, whatFor);
    for (const { der } of await read) anchors.push({ profile, certificate: der, speaksFor });
  }
  const lists = [];
  for (const one of policy.trustLists) lists.push(await reader.trustList(one));
  const feeds = [];
  for (const one of policy.numberingFeeds) feeds.push(await reader.feed(one));
  for (const { policy: one, roots } of lists) checkApart(`trust list ${one.name}`, roots, anchors, list);
  for (const { policy: one, roots } of feeds) checkApart(`numbering feed ${one.name}`, roots, anchors, list);
  const crlAnchors = [];
  for (const { file } of policy.crlAnchors) crlAnchors.push(...(await reader.certificates(file, 'an anchor for CRLs')));
  const crlSigners = [];
  for (const path of policy.crlSigners) crlSigners.push(...(await reader.certificates(path, 'a signer of CRLs')));
  const crls = [];
  for (const path of policy.crls) crls.push(...(await reader.crls(path)));
  return { anchors, lists, feeds, crlAnchors: derOf(crlAnchors), crls, crlSigners: derOf(crlSigners), crlHorizons: reader.horizons };
};

const derOf = (certificates: readonly Certificate[]): Uint8Array[] => certificates.map(({ der }) => der);

/** ATIS-1000084: who signs the list of trusted CAs is no CA of the list; an anchor over its key would let it sign for every number. So of who says whose they are. */
const checkApart = (what: string, roots: readonly Certificate[], anchors: readonly AnchorMaterial[], list: ProblemList): void => {
  const keys = new Set(roots.map(({ publicKey }) => Buffer.from(publicKey.spki).toString('hex')));
  const mixed = anchors.some(({ certificate }) => keys.has(Buffer.from(parseCertificate(certificate).publicKey.spki).toString('hex')));
  if (mixed) list.add(`trust.yaml: a root of the ${what} is an anchor too: take it out of the anchors`);
};

/** SHA-256 of the rows. */
const ROWS = /^[0-9a-f]{64}\.csv$/;

class TrustReader {
  readonly horizons = new Map<string, number>();
  readonly #base: string;
  readonly #list: ProblemList;

  constructor(base: string, list: ProblemList) {
    this.#base = base;
    this.#list = list;
  }

  async certificates(path: string, whatFor: string): Promise<Certificate[]> {
    const found: Certificate[] = [];
    for (const file of await this.#files(path))
      for (const der of await this.#blocks(file, whatFor, ['CERTIFICATE', 'TRUSTED CERTIFICATE']))
        found.push(...this.#parsed(file, whatFor, der));
    return found;
  }

  /** The certificates of a PKCS#12 bundle. One with a private key is a problem: what many can read is no place for it. */
  async bundle(path: string, passwordFile: string, whatFor: string): Promise<readonly Certificate[]> {
    const file = resolve(this.#base, path);
    const secret = resolve(this.#base, passwordFile);
    const prints = [await this.#list.look(file, whatFor), await this.#list.look(secret, 'the password of a bundle')];
    const read = (): Promise<Certificate[] | null> => this.#flawless(() => this.#bundle(file, secret, whatFor));
    return (await this.#list.parsed.bundles.get(file, prints.join(), read)) ?? [];
  }

  async #bundle(file: string, secret: string, whatFor: string): Promise<Certificate[]> {
    const octets = await this.#list.readOctets(file, whatFor);
    const password = await this.#list.read(secret, 'the password of a bundle');
    if (octets === null || password === null) return [];
    const bundle = this.#list.parse(file, whatFor, () => readPkcs12(octets, password.replace(/\r?\n$/, '')));
    if (bundle === null) return [];
    if (bundle.keys > 0) this.#list.add(`${file}: holds a private key: export it again without (openssl pkcs12 -export -nokeys)`);
    if (bundle.certificates.length === 0) this.#list.add(`${file}: holds no certificate`);
    return bundle.certificates.flatMap((der) => this.#parsed(file, whatFor, der));
  }

  /** Null where the work added a problem. */
  async #flawless<T>(work: () => Promise<T>): Promise<T | null> {
    const before = this.#list.problems.length;
    const value = await work();
    return this.#list.problems.length > before ? null : value;
  }

  async trustList(policy: TrustListPolicy): Promise<TrustListFiles> {
    const roots = [];
    for (const path of policy.roots) roots.push(...(await this.certificates(path, `a root of the trust list ${policy.name}`)));
    if (roots.length === 0) this.#list.add(`trust.yaml: the trust list ${policy.name} has no root: name who may sign it`);
    const signer =
      policy.signer === undefined ? null : await this.certificates(policy.signer, `the signer of the trust list ${policy.name}`);
    return { policy, roots, signer: signer === null ? null : derOf(signer), octets: await this.#listOctets(policy.file) };
  }

  async feed(policy: NumberingFeedPolicy): Promise<NumberingFeedFiles> {
    const roots = [];
    for (const path of policy.roots) roots.push(...(await this.certificates(path, `a root of the numbering feed ${policy.name}`)));
    if (roots.length === 0) this.#list.add(`trust.yaml: the numbering feed ${policy.name} has no root: name who may sign it`);
    const folder = dirname(resolve(this.#base, policy.file));
    // Rows may come after their statement: the feed is looked at again then.
    await this.#list.files.names(folder, (name) => ROWS.test(name));
    return { policy, roots, octets: await this.#listOctets(policy.file), folder };
  }

  async #listOctets(file: string | undefined): Promise<Uint8Array | null> {
    if (file === undefined) return null;
    try {
      return await this.#list.files.read(resolve(this.#base, file));
    } catch {
      return null;
    }
  }

  #parsed(file: string, whatFor: string, der: Uint8Array): Certificate[] {
    const certificate = this.#list.parse(file, whatFor, () => parseCertificate(der));
    return certificate === null ? [] : [certificate];
  }

  async crls(path: string): Promise<Crl[]> {
    const found: Crl[] = [];
    for (const file of await this.#files(path)) {
      const print = (await this.#list.look(file, 'a CRL')) ?? '';
      found.push(...((await this.#list.parsed.crls.get(file, print, () => this.#flawless(() => this.#crls(file)))) ?? []));
    }
    for (const { scope, nextUpdate } of found) this.horizons.set(scope, Math.max(nextUpdate ?? 0, this.horizons.get(scope) ?? 0));
    return found;
  }

  async #crls(file: string): Promise<Crl[]> {
    const found: Crl[] = [];
    for (const der of await this.#blocks(file, 'a CRL', ['X509 CRL'])) {
      // In slices: a reload goes on beside requests, and a CRL may have a million entries.
      const crl = await this.#list.parseLater(file, 'a CRL', () => parseCrlInSlices(der, () => nextTurn()));
      if (crl !== null) found.push(crl);
    }
    return found;
  }

  /** A file, or every PEM file of a folder in the order of names. An empty folder is no problem: it gives nothing. */
  async #files(path: string): Promise<string[]> {
    const place = resolve(this.#base, path);
    const names = await this.#list.files.names(place, (name) => /\.(?:pem|crl)$/.test(name));
    return names === null ? [place] : names.map((name) => join(place, name));
  }

  async #blocks(file: string, whatFor: string, labels: readonly string[]): Promise<Uint8Array[]> {
    const text = await this.#list.read(file, whatFor);
    if (text === null) return [];
    const blocks = this.#list.parse(file, whatFor, () => decodePem(text)) ?? [];
    // Whoever may read an anchor must not read a key (peers: private keys inside public files).
    if (blocks.some(({ label }) => label.endsWith('PRIVATE KEY')))
      this.#list.add(`${file}: holds a private key: take it out, and make a new one`);
    const fitting = blocks.filter(({ label }) => labels.includes(label));
    if (blocks.length > 0 && fitting.length !== blocks.length)
      this.#list.add(`${file}: holds something else than ${whatFor}: PEM of ${labels[0]} alone belongs here`);
    return fitting.map(({ der }) => der);
  }
}
