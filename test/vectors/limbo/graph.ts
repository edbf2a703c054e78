import { encodeUtf8 } from '../../../src/encoding/index.js';
import * as raw from '../../support/raw-certificate.js';

/** Parts that the cases of x509-limbo are built of. The suite is C2SP/x509-limbo; the certificates here are our own, after what its cases say of theirs. */

/** What a caller holds: a bag of certificates that nobody vouches for, and whom it wants to reach. */
export interface Graph {
  readonly trusted: readonly raw.Issued[];
  readonly bag?: readonly raw.Issued[];
  readonly peer: raw.Issued;
  readonly crls?: readonly Buffer[];
  /** ISO; by default a day at which everything is valid. */
  readonly at?: string;
  readonly maxDepth?: number;
  /** Names of the peer, all of which must fit; by default `example.com`. */
  readonly names?: readonly string[];
  /** The use that the caller asks for. */
  readonly use?: string;
}

export interface LimboCase {
  /** As x509-limbo calls it. */
  readonly id: string;
  readonly expected: 'SUCCESS' | 'FAILURE';
  readonly make: () => Graph;
}

export const succeeds = (id: string, make: () => Graph): LimboCase => ({ id, expected: 'SUCCESS', make });
export const fails = (id: string, make: () => Graph): LimboCase => ({ id, expected: 'FAILURE', make });

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** From 1970 for a thousand years, as there. */
const EVER = { notBefore: new Date(1000), notAfter: new Date('2969-05-03T00:00:01Z') };

export type Extensions = Readonly<Record<string, Buffer | null>>;
export type Shape = Partial<raw.Shape>;

export interface Options {
  readonly subject?: string;
  readonly key?: raw.KeyPair;
  readonly extensions?: Extensions;
  readonly shape?: Shape;
}

const san = (name: string): Buffer => raw.subjectAltName([raw.dns(name)]);

let names = 0;
/** Names never repeat, so that nothing is self-issued by accident. */
const fresh = (word: string): string => {
  names += 1;
  return `${word} ${names}`;
};

export const rootCa = ({ subject = fresh('root'), key, extensions, shape }: Options = {}): raw.Issued =>
  raw.issueCa({
    issuer: null,
    subject,
    ...(key === undefined ? {} : { key }),
    extensions: { keyUsage: raw.keyUsage([5, 6], false), san: san('example.com'), authorityKeyId: null, ...extensions },
    shape: { ...EVER, ...shape },
  });

export const ca = (issuer: raw.Issued, { subject = fresh('intermediate'), key, extensions, shape }: Options = {}): raw.Issued =>
  raw.issueCa({
    issuer,
    subject,
    ...(key === undefined ? {} : { key }),
    extensions: { keyUsage: raw.keyUsage([5, 6], false), san: san('example.com'), ...extensions },
    shape: { ...EVER, ...shape },
  });

export const bounded = (issuer: raw.Issued, pathLength: number, options: Options = {}): raw.Issued =>
  ca(issuer, { ...options, extensions: { basicConstraints: raw.basicConstraints(true, pathLength), ...options.extensions } });

export const leaf = (issuer: raw.Issued, { subject = 'example.com', key, extensions, shape }: Options = {}): raw.Issued =>
  raw.issueEndEntity({
    issuer,
    subject,
    ...(key === undefined ? {} : { key }),
    extensions: { keyUsage: raw.keyUsage([0], false), eku: raw.extKeyUsage(SERVER_AUTH), san: san('example.com'), ...extensions },
    shape: { ...EVER, ...shape },
  });

/** A graph of a root and what it issued. */
export const under = (root: raw.Issued, options: Options = {}, more: Partial<Graph> = {}): Graph => ({
  trusted: [root],
  peer: leaf(root, options),
  ...more,
});

/** Name constraints, critical. */
export const permit = (...bases: Buffer[]): Extensions => ({ nc: raw.nameConstraints(bases, []) });
export const exclude = (...bases: Buffer[]): Extensions => ({ nc: raw.nameConstraints([], bases) });
export const altNames = (...all: Buffer[]): Extensions => ({ san: raw.subjectAltName(all) });
export const cn = (text: string): Buffer => raw.nameOf(raw.rdn('2.5.4.3', encodeUtf8(text)));
