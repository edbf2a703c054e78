import { encodePem } from '../encoding/index.js';
import { parseCertificate, parseCrl } from '../x509/index.js';

/** Something that a desk makes public, under a path that stays the same. */
export interface Publication {
  /** Below the desk's base URL, without a slash in front. */
  readonly path: string;
  readonly mediaType: 'application/pkix-crl' | 'application/pem-certificate-chain';
  readonly octets: Buffer;
  /** Seconds that a cache may keep it. */
  readonly maxAge: number;
}

/** What a desk has to publish. Paths: end-entity or CA first, no anchor. */
export interface Publishable {
  /** DER, by who signed it. */
  readonly crls: ReadonlyMap<'ca' | 'root', Buffer>;
  /** The path of the desk's CA; empty while there is none. */
  readonly ca: readonly Buffer[];
  /** A development root; null: the anchor is somebody else's. */
  readonly root: Buffer | null;
  /** Paths of the desk's own credentials, earlier ones too: x5u names them. */
  readonly credentials: readonly (readonly Buffer[])[];
  /** Seconds. */
  readonly now: number;
}

const HOUR = 3600;
const DAY = 24 * HOUR;

export const crlPath = (issuer: 'ca' | 'root'): string => `crls/${issuer}.crl`;

/** RFC 8224 section 7.4: another credential, another URL; so a serial number names it. */
export const x5uPath = (serial: Uint8Array): string => `x5u/${Buffer.from(serial).toString('hex')}.pem`;

const chain = (path: string, certificates: readonly Buffer[]): Publication => ({
  path,
  mediaType: 'application/pem-certificate-chain',
  octets: Buffer.from(certificates.map((der) => encodePem('CERTIFICATE', der)).join('')),
  maxAge: DAY,
});

/** A cache must have asked again before the list runs out, and soon after something is revoked. */
const list = (path: string, der: Buffer, now: number): Publication => {
  const left = (parseCrl(der).nextUpdate ?? now) - now;
  return { path, mediaType: 'application/pkix-crl', octets: der, maxAge: Math.max(0, Math.min(HOUR, Math.floor(left / 4))) };
};

/**
 * All that a desk publishes: its CRLs, the paths of its CA and of its own credentials that have not run out. What it delegated is not among it: those
 * certificates say which numbers an AP serves, and are the AP's to show.
 */
export const publicationsOf = ({ crls, ca, root, credentials, now }: Publishable): Publication[] => [
  ...Array.from(crls, ([issuer, der]) => list(crlPath(issuer), der, now)),
  ...(ca.length === 0 ? [] : [chain('certs/ca.pem', ca)]),
  ...(root === null ? [] : [chain('certs/root.pem', [root])]),
  ...credentials.flatMap((path) => {
    const { serial, notAfter } = parseCertificate(path[0] ?? Buffer.alloc(0));
    return notAfter < now ? [] : [chain(x5uPath(serial), path)];
  }),
];
