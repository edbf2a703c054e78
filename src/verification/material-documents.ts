import { hash } from 'node:crypto';
import { planOfDocuments } from '../numbering/index.js';
import { authorizerOfDocument, gatewayPolicyOf } from '../policy/index.js';
import { refuse } from '../reasons/index.js';
import type { AnchorMaterial, Material, Scope } from './material.js';
import { TRUST_PROFILES, type TrustProfile, type Versions } from './verdict.js';

/** Octets under their SHA-256 (lower-case hex); null: not to be had. */
export type ReadDocument = (digest: string) => Promise<Uint8Array | null>;

type Lines = readonly string[];

/**
 * Material made again of the documents that `documentsOf` gave. The versions are digests of documents, so whoever knows the versions of a leaf knows that
 * nothing was put in place of what it was judged under, wherever the documents come from.
 */
export class MaterialDocuments {
  readonly #read: ReadDocument;

  constructor(read: ReadDocument) {
    this.#read = read;
  }

  /** @throws Refusal `log-corrupt` naming the document that is missing or is not what its digest says */
  async materialOf({ trust, revocation, numbering, policy }: Versions): Promise<Material> {
    const [trusted, status] = [await this.#lines(trust), await this.#lines(revocation)];
    const [authorizerVersion, policyText] = (await this.#json(policy)) as [string, string];
    const authorizer = authorizerOfDocument(await this.#text(authorizerVersion));
    const gatewayPolicy = gatewayPolicyOf(JSON.parse(policyText));
    if (gatewayPolicy === null || !authorizer.ok) return broken(policy, 'is no policy of this build');
    return {
      anchors: await this.#anchors(trusted),
      crlAnchors: await this.#named(trusted, 'crl '),
      crls: await this.#all(status.filter((line) => !line.includes(' '))),
      crlSigners: await this.#named(status, 'signer '),
      offeredSigners: await this.#named(status, 'offered '),
      numbering: await planOfDocuments(await this.#text(numbering), (digest) => this.#document(digest)),
      policy: gatewayPolicy,
      authorizer: authorizer.value,
    };
  }

  async #anchors(lines: Lines): Promise<AnchorMaterial[]> {
    const anchors: AnchorMaterial[] = [];
    const scopes = new Map<string, Scope>([['any', 'any']]);
    for (const line of lines.filter((one) => !one.startsWith('crl '))) {
      const [profile = '', fingerprint = '', scope = ''] = line.split(' ');
      if (!isProfile(profile)) return refuse('log-corrupt', `trust profile ${profile}`);
      const speaksFor = scopes.get(scope) ?? (await this.#lines(scope));
      scopes.set(scope, speaksFor);
      anchors.push({ profile, certificate: await this.#document(fingerprint), speaksFor });
    }
    return anchors;
  }

  #named(lines: Lines, prefix: string): Promise<Uint8Array[]> {
    return this.#all(lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length)));
  }

  async #all(digests: Lines): Promise<Uint8Array[]> {
    const documents: Uint8Array[] = [];
    for (const digest of digests) documents.push(await this.#document(digest));
    return documents;
  }

  async #lines(digest: string): Promise<string[]> {
    return (await this.#json(digest)) as string[];
  }

  async #json(digest: string): Promise<unknown> {
    const text = await this.#text(digest);
    try {
      return JSON.parse(text);
    } catch {
      return broken(digest, 'is not JSON');
    }
  }

  async #text(digest: string): Promise<string> {
    return Buffer.from(await this.#document(digest)).toString('utf8');
  }

  async #document(digest: string): Promise<Uint8Array> {
    const octets = await this.#read(digest);
    if (octets === null) return broken(digest, 'is missing');
    return hash('sha256', octets, 'hex') === digest ? octets : broken(digest, 'is not what its digest says');
  }
}

const isProfile = (name: string): name is TrustProfile => TRUST_PROFILES.some((profile) => profile === name);

const broken = (digest: string, what: string): never => refuse('log-corrupt', `document ${digest} ${what}`);
