import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { decodePem } from '../../encoding/index.js';
import type { TrustPolicy } from '../../policy/index.js';
import type { AnchorMaterial } from '../../verification/index.js';
import { parseCertificate, parseCrlInSlices, type Crl } from '../../x509/index.js';
import type { ProblemList } from './problems.js';

/** The octets that trust.yaml names; and until when each issuer's newest CRL holds, in seconds since 1970. */
export interface TrustFiles {
  readonly anchors: readonly AnchorMaterial[];
  readonly crlAnchors: readonly Uint8Array[];
  readonly crls: readonly Crl[];
  readonly crlSigners: readonly Uint8Array[];
  readonly crlHorizons: ReadonlyMap<string, number>;
}

/** Reads the files of trust.yaml; paths are relative to `base`. A file that does not hold what it should is a problem in the list. */
export const readTrustFiles = async (policy: TrustPolicy, base: string, list: ProblemList): Promise<TrustFiles> => {
  const reader = new TrustReader(base, list);
  const anchors: AnchorMaterial[] = [];
  for (const { profile, file, speaksFor } of policy.anchors)
    for (const certificate of await reader.certificates(file, `an anchor of ${profile}`)) anchors.push({ profile, certificate, speaksFor });
  const crlAnchors = [];
  for (const { file } of policy.crlAnchors) crlAnchors.push(...(await reader.certificates(file, 'an anchor for CRLs')));
  const crlSigners = [];
  for (const path of policy.crlSigners) crlSigners.push(...(await reader.certificates(path, 'a signer of CRLs')));
  const crls = [];
  for (const path of policy.crls) crls.push(...(await reader.crls(path)));
  return { anchors, crlAnchors, crls, crlSigners, crlHorizons: reader.horizons };
};

class TrustReader {
  readonly horizons = new Map<string, number>();
  readonly #base: string;
  readonly #list: ProblemList;

  constructor(base: string, list: ProblemList) {
    this.#base = base;
    this.#list = list;
  }

  async certificates(path: string, whatFor: string): Promise<Uint8Array[]> {
    const found: Uint8Array[] = [];
    for (const file of await this.#files(path, whatFor))
      for (const der of await this.#blocks(file, whatFor, ['CERTIFICATE', 'TRUSTED CERTIFICATE']))
        if (this.#list.parse(file, whatFor, () => parseCertificate(der)) !== null) found.push(der);
    return found;
  }

  async crls(path: string): Promise<Crl[]> {
    const found: Crl[] = [];
    for (const file of await this.#files(path, 'a CRL'))
      for (const der of await this.#blocks(file, 'a CRL', ['X509 CRL'])) {
        // In slices: a reload goes on beside requests, and a CRL may have a million entries.
        const crl = await this.#list.parseLater(file, 'a CRL', () => parseCrlInSlices(der, () => nextTurn()));
        if (crl === null) continue;
        found.push(crl);
        this.horizons.set(crl.scope, Math.max(crl.nextUpdate ?? 0, this.horizons.get(crl.scope) ?? 0));
      }
    return found;
  }

  /** A file, or every PEM file of a folder in the order of names. An empty folder of CRLs is no problem: what needs one is then refused. */
  async #files(path: string, whatFor: string): Promise<string[]> {
    const place = resolve(this.#base, path);
    try {
      if (!(await stat(place)).isDirectory()) return [place];
      const names = (await readdir(place)).filter((name) => /\.(?:pem|crl)$/.test(name)).sort();
      return names.map((name) => join(place, name));
    } catch {
      // Reading it says what is wrong with it.
      await this.#list.read(place, whatFor);
      return [];
    }
  }

  async #blocks(file: string, whatFor: string, labels: readonly string[]): Promise<Uint8Array[]> {
    const text = await this.#list.read(file, whatFor);
    if (text === null) return [];
    const blocks = this.#list.parse(file, whatFor, () => decodePem(text)) ?? [];
    const fitting = blocks.filter(({ label }) => labels.includes(label));
    if (blocks.length > 0 && fitting.length !== blocks.length)
      this.#list.add(`${file}: holds something else than ${whatFor}: PEM of ${labels[0]} alone belongs here`);
    return fitting.map(({ der }) => der);
  }
}
