import {
  authorityKeyIdentifier,
  basicConstraints,
  keyUsage,
  newKeyPair,
  signCertificate,
  signStructure,
  signedPart,
  subjectKeyIdentifier,
  subjectName,
  type Extension,
  type KeyPair,
} from '../../../src/issuance/index.js';

/** 2026-11-24T00:00:00Z in seconds: when every misfit is judged. */
export const NOW = Date.UTC(2026, 10, 24) / 1000;
export const DAY = 86_400;

/** One certificate of a path before it is made: right in all, until one thing is changed. */
export interface Link {
  readonly commonName: string;
  readonly key: KeyPair;
  /** DER Name; made of the common name when absent. */
  readonly subject?: Buffer;
  /** DER Name of the issuer; that of the link above when absent. */
  readonly issuer?: Buffer;
  /** Signs in place of the link above. */
  readonly signer?: KeyPair;
  readonly serial: Buffer;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Without the key identifiers, which follow from the keys. */
  readonly extensions: readonly Extension[];
  /** In place of the right key identifiers. */
  readonly identifiers?: readonly Extension[];
  /** Changes the signed part; the signature then holds over the changed octets. */
  readonly tbs?: (tbs: Buffer) => Buffer;
  /** Signs in another way than ECDSA by the issuer's curve. */
  readonly sign?: (tbs: Buffer, signer: KeyPair) => Buffer;
  /** Changes the whole, after the signature. */
  readonly der?: (der: Buffer) => Buffer;
}

/** A few keys serve all misfits: what is wrong is never the key, unless it says so. */
const pool = new Map<string, KeyPair>();
export const keyFor = (role: string): KeyPair => {
  const key = pool.get(role) ?? newKeyPair();
  pool.set(role, key);
  return key;
};

let serials = 0;
/** Nine octets, never twice: CRLs tell certificates apart by them. */
const serial = (): Buffer => {
  serials += 1;
  const octets = Buffer.alloc(9);
  octets[0] = 0x51;
  octets.writeUInt32BE(serials, 5);
  return octets;
};

export const authority = (commonName: string, ...extensions: Extension[]): Link => ({
  commonName,
  key: keyFor(commonName),
  serial: serial(),
  notBefore: NOW - 100 * DAY,
  notAfter: NOW + 1000 * DAY,
  extensions: [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign'), ...extensions],
});

export const endEntity = (commonName: string, ...extensions: Extension[]): Link => ({
  commonName,
  key: keyFor('end-entity'),
  serial: serial(),
  notBefore: NOW - 10 * DAY,
  notAfter: NOW + 80 * DAY,
  extensions: [basicConstraints(false), keyUsage('digitalSignature'), ...extensions],
});

export const nameOf = (link: Link): Buffer =>
  link.subject ?? subjectName({ country: 'US', organization: 'Misfits', commonName: link.commonName });

const certified = new WeakMap<Link, WeakMap<Link, Buffer>>();

/** The certificate of a link under the one above; a root is under itself. Made once: most misfits share all but one certificate. */
export const certify = (link: Link, above: Link): Buffer => {
  const under = certified.get(link) ?? new WeakMap<Link, Buffer>();
  const der = under.get(above) ?? make(link, above);
  certified.set(link, under.set(above, der));
  return der;
};

const make = (link: Link, above: Link): Buffer => {
  const signer = link.signer ?? above.key;
  const identifiers = link.identifiers ?? [subjectKeyIdentifier(link.key.spki), authorityKeyIdentifier(above.key.spki)];
  const right = signCertificate(
    {
      serial: link.serial,
      issuer: link.issuer ?? nameOf(above),
      subject: nameOf(link),
      notBefore: link.notBefore,
      notAfter: link.notAfter,
      spki: link.key.spki,
      extensions: [...link.extensions, ...identifiers],
    },
    signer.privateKey,
  );
  if (link.tbs === undefined && link.sign === undefined) return link.der?.(right) ?? right;
  const tbs = link.tbs?.(signedPart(right)) ?? signedPart(right);
  const signed = link.sign?.(tbs, signer) ?? signStructure(tbs, signer.privateKey);
  return link.der?.(signed) ?? signed;
};

/** The extensions without one, with one in place of another, and with one more. */
export const without = (link: Link, oid: string): Link => ({ ...link, extensions: link.extensions.filter((one) => one.oid !== oid) });
export const replaced = (link: Link, extension: Extension): Link => ({
  ...link,
  extensions: link.extensions.map((one) => (one.oid === extension.oid ? extension : one)),
});
export const added = (link: Link, ...more: Extension[]): Link => ({ ...link, extensions: [...link.extensions, ...more] });
