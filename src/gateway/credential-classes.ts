import { createHash } from 'node:crypto';
import { Unavailable, refuse, type OffProfile } from '../reasons/index.js';
import type { ClassStorage } from '../ports/index.js';
import type { CredentialClass, SignerKind, TrustProfile } from '../verification/index.js';

/*
 * Records of the class storage, text throughout. Their numbers are what names them, also in the sealed events of the log.
 *   C<base64>   DER of a CA's certificate
 *   K[...]      JSON: version 1, profile, kind, numbers of the CAs' records, and the other members of a class in order
 */

/** Classes that credentials of live mappings are of: some 1 KB each. An NP that made a CA for every number would fill the memory otherwise. */
const MOST_CLASSES = 262_144;
/** Of CAs' certificates, in all: one may have 8 KiB, and whoever may issue CAs can present another with every PASSporT. Some 60,000 usual ones. */
const MOST_OCTETS = 64 * 1024 * 1024;
/** What may be forgotten is looked for once there is twice as much as was needed, and so much more. */
const CROWD = { factor: 2, classes: 10_000, octets: 4 * 1024 * 1024 } as const;

type ClassRecord = [
  version: number,
  profile: TrustProfile,
  kind: SignerKind,
  authorities: number[],
  anchor: string,
  anchorKey: string,
  scope: string,
  points: string | null,
  usages: string[],
  policy: string | null,
  consent: string,
  findings: OffProfile[],
];

const corrupt = (what: string): never => refuse('log-corrupt', `classes ${what}: restore the folder from a mirror`);

/** The credential classes that a gateway has met, under their numbers. */
export class CredentialClasses {
  readonly #storage: ClassStorage;
  readonly #byNumber = new Map<number, CredentialClass>();
  readonly #numbers = new Map<string, number>();
  /** Numbers of CAs' records by their digest, and the one copy that all classes share. */
  readonly #authorities = new Map<string, { readonly number: number; readonly der: Uint8Array }>();
  readonly #known = new WeakMap<CredentialClass, number>();
  #knownAuthorities = new WeakMap<Uint8Array, number>();
  /** Of the CAs' certificates. */
  #octets = 0;
  /** After the last `keep`. */
  #kept = { classes: 0, octets: 0 };

  private constructor(storage: ClassStorage) {
    this.#storage = storage;
  }

  /** @throws Refusal `log-corrupt` */
  static async load(storage: ClassStorage): Promise<CredentialClasses> {
    const classes = new CredentialClasses(storage);
    const certificates = new Map<number, Uint8Array>();
    let number = 0;
    for await (const octets of storage.read()) {
      classes.#read(number, Buffer.from(octets).toString('latin1'), certificates);
      number += 1;
    }
    return classes;
  }

  get size(): number {
    return this.#byNumber.size;
  }

  /** Whether there is much that perhaps nothing names any more. */
  get isCrowded(): boolean {
    const { factor, classes, octets } = CROWD;
    return this.size > factor * this.#kept.classes + classes || this.#octets > factor * this.#kept.octets + octets;
  }

  /** The class with that number. @throws Refusal `log-corrupt` when there is none: what names it is in the log */
  of(number: number): CredentialClass {
    return this.#byNumber.get(number) ?? corrupt(`lacks class ${number}`);
  }

  /** The number of a class; one that is new is durable after the next `flush`. @throws Unavailable `overloaded` */
  numberOf(cls: CredentialClass): number {
    const known = this.#known.get(cls);
    if (known !== undefined && this.#byNumber.has(known)) return known;
    const authorities = cls.authorities.map((der) => this.#authorityOf(der));
    const key = JSON.stringify(recordOf(cls, authorities));
    const number = this.#numbers.get(key) ?? this.#add(key, cls);
    this.#known.set(cls, number);
    return number;
  }

  flush(): Promise<void> {
    return this.#storage.flush();
  }

  /** The number of a class that is there already; null: it is not. */
  find(cls: CredentialClass): number | null {
    const known = this.#known.get(cls);
    if (known !== undefined && this.#byNumber.has(known)) return known;
    const authorities = cls.authorities.map((der) => this.#authorities.get(digestOf(der))?.number);
    return this.#numbers.get(JSON.stringify(recordOf(cls, authorities as number[]))) ?? null;
  }

  /** Forgets the classes that nothing names any more, and their CAs; in memory alone, their numbers are never given again. */
  keep(named: ReadonlySet<number>): void {
    for (const [key, number] of this.#numbers) {
      if (named.has(number)) continue;
      this.#numbers.delete(key);
      this.#byNumber.delete(number);
    }
    const needed = new Set([...this.#byNumber.values()].flatMap(({ authorities }) => authorities));
    for (const [digest, { der }] of this.#authorities) {
      if (needed.has(der)) continue;
      this.#authorities.delete(digest);
      this.#octets -= der.length;
    }
    this.#knownAuthorities = new WeakMap();
    this.#kept = { classes: this.size, octets: this.#octets };
  }

  #add(key: string, cls: CredentialClass): number {
    if (this.#byNumber.size >= MOST_CLASSES) throw new Unavailable('overloaded', 'credential classes', null, 60);
    return this.#put(this.#storage.append(Buffer.from(`K${key}`, 'latin1')), key, cls);
  }

  #put(number: number, key: string, cls: CredentialClass): number {
    this.#numbers.set(key, number);
    this.#byNumber.set(number, { ...cls, authorities: cls.authorities.map((der) => this.#authorities.get(digestOf(der))?.der ?? der) });
    return number;
  }

  #authorityOf(der: Uint8Array): number {
    const number = this.#knownAuthorities.get(der) ?? this.#numberOfAuthority(der);
    this.#knownAuthorities.set(der, number);
    return number;
  }

  #numberOfAuthority(der: Uint8Array): number {
    const digest = digestOf(der);
    let known = this.#authorities.get(digest);
    if (known === undefined) {
      if (this.#octets + der.length > MOST_OCTETS) throw new Unavailable('overloaded', 'certificates of CAs', null, 60);
      const number = this.#storage.append(Buffer.from(`C${Buffer.from(der).toString('base64')}`, 'latin1'));
      known = this.#putAuthority(digest, number, new Uint8Array(der));
    }
    return known.number;
  }

  #putAuthority(digest: string, number: number, der: Uint8Array): { readonly number: number; readonly der: Uint8Array } {
    const authority = { number, der };
    this.#octets += der.length - (this.#authorities.get(digest)?.der.length ?? 0);
    this.#authorities.set(digest, authority);
    return authority;
  }

  #read(number: number, text: string, certificates: Map<number, Uint8Array>): void {
    if (text.startsWith('C')) {
      const read = Buffer.from(text.slice(1), 'base64');
      const digest = digestOf(read);
      // One that was forgotten and came back is there twice.
      const der = this.#authorities.get(digest)?.der ?? read;
      certificates.set(number, der);
      this.#putAuthority(digest, number, der);
      return;
    }
    if (!text.startsWith('K')) return corrupt(`has a record that this build does not know, ${number}`);
    this.#put(
      number,
      text.slice(1),
      classOf(text.slice(1), (named) => certificates.get(named) ?? corrupt(`lacks certificate ${named}`)),
    );
  }
}

const digestOf = (der: Uint8Array): string => createHash('sha256').update(der).digest('base64');

const recordOf = (cls: CredentialClass, authorities: number[]): ClassRecord => [
  1,
  cls.profile,
  cls.kind,
  authorities,
  cls.anchor,
  cls.anchorKey,
  cls.scope,
  cls.points,
  [...cls.usages],
  cls.policy,
  cls.consent,
  [...cls.findings],
];

const classOf = (json: string, certificateOf: (number: number) => Uint8Array): CredentialClass => {
  const [version, profile, kind, authorities, anchor, anchorKey, scope, points, usages, policy, consent, findings] = JSON.parse(
    json,
  ) as ClassRecord;
  if (version !== 1) return corrupt(`has a class of version ${version}, which this build does not know`);
  return {
    profile,
    kind,
    authorities: authorities.map(certificateOf),
    anchor,
    anchorKey,
    scope,
    points,
    usages,
    policy,
    consent,
    findings,
  };
};
