import { z } from 'zod';
import { parsePolicyDocument, type Parsed } from './document.js';
import { callingCodeField, domainField, pathField } from './fields.js';

const phoneScope = z.union([z.literal('any'), z.array(callingCodeField)]);
const mailScope = z.union([z.literal('any'), z.array(domainField)]);

const anchor = z.discriminatedUnion('profile', [
  z.strictObject({ profile: z.enum(['delegate', 'shaken', 'numbering-authority']), file: pathField, speaksFor: phoneScope }),
  z.strictObject({ profile: z.literal('email'), file: pathField, speaksFor: mailScope }),
]);

const schema = z.strictObject({
  /** Each anchor with the calling codes (email: domains) that it may speak for; an empty list: none. */
  anchors: z.array(anchor),
  /** Anchors for the signers of CRLs alone. */
  crlAnchors: z.array(z.strictObject({ file: pathField })).default([]),
  /** Files or folders. */
  crls: z.array(pathField).default([]),
  crlSigners: z.array(pathField).default([]),
});

/** `trust.yaml`: names of files; the octets are the reader's to fetch. */
export type TrustPolicy = z.output<typeof schema>;

export const parseTrustPolicy = (text: string): Parsed<TrustPolicy> => parsePolicyDocument('trust.yaml', text, schema);
