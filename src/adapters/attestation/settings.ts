import { z } from 'zod';
import { isDomain } from '../../identifiers/index.js';
import { DEFAULT_MESSAGE, messageFault } from '../../issuance/attestation/index.js';
import { parsePolicyDocument, type Parsed } from '../../policy/index.js';

const httpsUrl = z
  .string()
  .refine((text) => isHttpsUrl(text), 'give an https URL without user, password and fragment')
  .transform((text) => new URL(text));

const isHttpsUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' && hash === '';
};

/** Relative to the desk's directory. */
const file = z.string().min(1);
const server = { url: httpsUrl, caFile: file.optional(), timeoutMs: z.int().min(100).max(30_000).default(5_000) };

const message = z
  .string()
  .default(DEFAULT_MESSAGE)
  .superRefine((text, context) => {
    const fault = messageFault(text);
    if (fault !== null) context.addIssue({ code: 'custom', message: `the text ${fault}` });
  });

const settings = z
  .strictObject({
    audiences: z.array(z.string().refine(isDomain, 'give the id of a discovery provider, a domain in lower case')).min(1).max(20),
    /** What discovery providers accept by default is 600. */
    lifetimeSeconds: z.int().min(60).max(86_400).default(600),
    proofsPerApPerHour: z.int().min(1).max(1_000_000).default(600),
    otp: z.strictObject({ ...server, secretFile: file, text: message }).optional(),
    sim: z.strictObject(server).optional(),
    operator: z.strictObject({ issuer: z.string().min(1), audience: z.string().min(1), jwksFile: file }).optional(),
  })
  .refine(
    ({ otp, sim, operator }) => otp !== undefined || sim !== undefined || operator !== undefined,
    'name a proof: otp, sim or operator',
  );

/** `attestation.yaml` of a desk. */
export type AttestationSettings = z.infer<typeof settings>;
export type ServerSettings = z.infer<ReturnType<typeof z.strictObject<typeof server>>>;

export const parseAttestation = (text: string): Parsed<AttestationSettings> => parsePolicyDocument('attestation.yaml', text, settings);
