import { z } from 'zod';
import { parsePolicyDocument, type Parsed } from './document.js';
import { domainField, spcField } from './fields.js';

const ap = z.strictObject({
  kind: z.literal('ap'),
  class: z.enum(['consumer', 'business']),
  /** SPC of the NP that operates this AP. */
  operatedBy: spcField.optional(),
});
const np = z.strictObject({ kind: z.literal('np'), spc: spcField });
const ep = z.strictObject({ kind: z.literal('ep') });
const dp = z.strictObject({ kind: z.literal('dp') });
const auditor = z.strictObject({ kind: z.literal('auditor') });
const operator = z.strictObject({ kind: z.literal('operator') });

const named = { domain: domainField };
const principal = z.discriminatedUnion('kind', [
  ap.extend(named),
  np.extend(named),
  ep.extend(named),
  dp.extend(named),
  auditor.extend(named),
  operator.extend(named),
]);

const controlled = {
  /** Base64 of SHA-256 of the SubjectPublicKeyInfo that client certificates must have, as in RFC 7469 section 2.4. */
  clientKey: z
    .string()
    .regex(/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/, 'must be base64 of a SHA-256 digest')
    .optional(),
  suspended: z.boolean().optional(),
};
/** What an operator says of a domain that is onboarded while the gateway runs. */
export const principalTerms = z.discriminatedUnion('kind', [
  ap.extend(controlled),
  np.extend(controlled),
  ep.extend(controlled),
  dp.extend(controlled),
  auditor.extend(controlled),
  operator.extend(controlled),
]);
export type PrincipalTerms = z.output<typeof principalTerms>;

const schema = z.strictObject({ principals: z.array(principal) }).superRefine(({ principals }, context) => {
  const seen = new Set<string>();
  principals.forEach(({ domain }, index) => {
    if (seen.has(domain)) context.addIssue({ code: 'custom', path: ['principals', index, 'domain'], message: 'is named twice' });
    seen.add(domain);
  });
});

/** `principals.yaml`: who may connect, known by the one dNSName of their client certificate. */
export type Principals = z.output<typeof schema>['principals'];
export type PrincipalEntry = Principals[number];

export const parsePrincipals = (text: string): Parsed<Principals> => {
  const parsed = parsePolicyDocument('principals.yaml', text, schema);
  return parsed.ok ? { ok: true, value: parsed.value.principals } : parsed;
};
