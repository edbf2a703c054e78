import { z } from 'zod';
import { parsePolicyDocument, type Parsed } from './document.js';
import { domainField, spcField } from './fields.js';

const principal = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ap'),
    domain: domainField,
    class: z.enum(['consumer', 'business']),
    /** SPC of the NP that operates this AP. */
    operatedBy: spcField.optional(),
  }),
  z.strictObject({ kind: z.literal('np'), domain: domainField, spc: spcField }),
  z.strictObject({ kind: z.literal('ep'), domain: domainField }),
  z.strictObject({ kind: z.literal('dp'), domain: domainField }),
  z.strictObject({ kind: z.literal('auditor'), domain: domainField }),
  z.strictObject({ kind: z.literal('operator'), domain: domainField }),
]);

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
