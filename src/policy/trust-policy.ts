import { z } from 'zod';
import { parsePolicyDocument, type Parsed } from './document.js';
import { callingCodeField, domainField, httpsUrlField, pathField } from './fields.js';

const phoneScope = z.union([z.literal('any'), z.array(callingCodeField)]);
const mailScope = z.union([z.literal('any'), z.array(domainField)]);

/** A file or a folder of PEM; with `passwordFile` a PKCS#12 bundle, whose password never stands in a policy. */
const source = { file: pathField, passwordFile: pathField.optional() };

const anchor = z.discriminatedUnion('profile', [
  z.strictObject({ profile: z.enum(['delegate', 'shaken', 'numbering-authority']), ...source, speaksFor: phoneScope }),
  z.strictObject({ profile: z.literal('email'), ...source, speaksFor: mailScope }),
]);

/** The path of a request is the host's matter; user, fragment and other ports are never asked for (standards: stir 4.3). */
const listUrl = z
  .string()
  .max(1024)
  .regex(/^https:\/\/[a-z0-9.-]+(?::(?:443|8443))?\/[\x21\x24-\x5b\x5d-\x7e]*$/, 'must be an https URL on port 443 or 8443');

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : '');

const nameField = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens, at most 32');

/** A signed list of roots, for the profile whose authority publishes one. */
const trustList = z
  .strictObject({
    /** Its name in metrics and in the data directory: the last good list and its sequence are kept under it. */
    name: nameField,
    profile: z.literal('shaken'),
    /** Exactly one of both. */
    file: pathField.optional(),
    url: listUrl.optional(),
    /** Pinned: the only roots that the list's signer may end in. Never anchors of PASSporTs. */
    roots: z.array(pathField).min(1),
    /** The signer's path, where neither x5c nor x5u of the list gives it. */
    signer: pathField.optional(),
    /** Who may be asked: the host of `url`, and those that the list's x5u may name. */
    hosts: z.array(domainField).default([]),
    refreshMinutes: z.int().min(1).max(1440).default(60),
    speaksFor: phoneScope,
  })
  .refine(({ file, url }) => (file === undefined) !== (url === undefined), 'needs a file or a url, not both')
  .refine(({ url, hosts }) => url === undefined || hosts.includes(hostOf(url)), 'the host of url must be among hosts');

const trustLists = z
  .array(trustList)
  .refine((lists) => new Set(lists.map(({ name }) => name)).size === lists.length, 'two lists have one name')
  .default([]);

/** Signed numbering data (docs/adr/0018); the rows are beside the statement. */
const numberingFeed = z.strictObject({
  /** Its name in the statement, in metrics and in the data directory: the last good one and its sequence are kept under it. */
  name: nameField,
  file: pathField,
  /** Pinned: the only roots that who signs the feed may end in. Never anchors of PASSporTs. */
  roots: z.array(pathField).min(1),
  /** Whose numbers it may speak for. While it is not in force nobody is of record for them. */
  codes: z.array(callingCodeField).min(1),
});

const numberingFeeds = z
  .array(numberingFeed)
  .refine((feeds) => new Set(feeds.map(({ name }) => name)).size === feeds.length, 'two feeds have one name')
  .default([]);

const schema = z.strictObject({
  /** Each anchor with the calling codes (email: domains) that it may speak for; an empty list: none. */
  anchors: z.array(anchor),
  trustLists,
  numberingFeeds,
  /** Anchors for the signers of CRLs alone. */
  crlAnchors: z.array(z.strictObject({ file: pathField })).default([]),
  /** Files or folders. */
  crls: z.array(pathField).default([]),
  crlSigners: z.array(pathField).default([]),
  /** CRLs that are fetched and kept fresh, each at least so often. */
  crlSources: z.array(z.strictObject({ url: httpsUrlField, everyMinutes: z.int().min(5).max(1440).default(60) })).default([]),
  /** Hosts that may be asked for the CRLs that presented certificates name, and for the certificates of who signed a CRL. */
  crlHosts: z.array(domainField).default([]),
  /** Hosts that may be asked for OCSP responses: they learn which number is being judged. */
  ocspHosts: z.array(domainField).default([]),
});

/** `trust.yaml`: names of files; the octets are the reader's to fetch. */
export type TrustPolicy = z.output<typeof schema>;
export type TrustListPolicy = TrustPolicy['trustLists'][number];

export type NumberingFeedPolicy = TrustPolicy['numberingFeeds'][number];

export const parseTrustPolicy = (text: string): Parsed<TrustPolicy> => parsePolicyDocument('trust.yaml', text, schema);
