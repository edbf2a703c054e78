import { z } from 'zod';

/** The answers that clients get, for the OpenAPI document; the tests hold the real answers against them. */

const logIndex = z.int().nonnegative();
const time = z.iso.datetime();

export const acceptance = z.strictObject({
  action: z.enum(['register', 'withdraw', 'prefer', 'release', 'port']),
  logIndex,
  leafHash: z.base64().meta({ description: 'padded standard base64' }),
  receipt: z.string().meta({ description: 'a signed note: origin, index, leaf hash, unix ms' }),
  pending: z.literal(true).optional(),
  mapping: z.strictObject({ sii: z.string(), ssi: z.string(), provider: z.string(), expires: time }).optional(),
});

export const foundEntry = z.strictObject({
  index: logIndex,
  leaf: z.looseObject({ v: z.literal(1), k: z.string(), t: z.int(), why: z.string() }).meta({ description: 'docs/log-format.md' }),
  leafHash: z.base64(),
});

export const foundEntries = z.strictObject({
  entries: z.array(foundEntry),
  cursor: z.string().nullable(),
  size: z.int().nonnegative().meta({ description: 'log size that the search was made under' }),
});

export const monitoredEntry = foundEntry.extend({ proof: z.string().meta({ description: 'C2SP tlog-proof' }) });
export const monitorEnd = z.strictObject({ next: z.int().nonnegative() });

export const alarm = z.strictObject({
  alarm: z.enum(['foreign-credential', 'new-client', 'volume']),
  index: logIndex,
  kind: z.string(),
  action: z.string().nullable(),
  client: z.string().nullable(),
  signer: z.string().nullable().meta({ description: 'SPC or domain of who signed' }),
  reason: z.string(),
  time,
});

export const withdrawalAnswer = z.strictObject({ logIndex, receipt: z.string() });

export const lookupAnswer = z.strictObject({
  sii: z.string(),
  mappings: z.array(
    z.strictObject({
      ssi: z.string(),
      provider: z.string(),
      purpose: z.enum(['consumer', 'business']),
      kind: z.enum(['user', 'service']),
      default: z.boolean(),
      expires: time,
      logIndex: logIndex.optional().meta({ description: "only to the mapping's own AP and to auditors" }),
    }),
  ),
  ttl: z.number().nonnegative().meta({ description: 'seconds' }),
});

export const signedLookupAnswer = z.strictObject({
  ...lookupAnswer.shape,
  signed: z.strictObject({
    statement: z.string().meta({ description: 'a signed note (docs/log-format.md)' }),
    nonce: z.string().meta({ description: 'base64url; opens what the statement commits to' }),
    asker: z.string(),
    view: z.string(),
    circle: z.string().nullable(),
    checkpoint: z.string().meta({ description: 'the published checkpoint that the statement names' }),
    entries: z
      .array(
        z.strictObject({
          index: logIndex,
          leaf: z.string().meta({ description: 'the octets of the leaf' }),
          opening: z.string().meta({ description: "base64url; opens the leaf's commitments" }),
          proof: z.string().optional().meta({ description: 'tlog-proof' }),
          receipt: z.string().optional().meta({ description: 'instead of a proof, until a checkpoint covers the entry' }),
        }),
      )
      .meta({ description: 'in the order of the mappings' }),
  }),
});

export const lookupBatchAnswer = z.strictObject({ answers: z.array(lookupAnswer) });

const count = z.number().nonnegative();

export const quotaAnswer = z.strictObject({
  limit: z.int().nonnegative().meta({ description: 'distinct SIIs in the epoch' }),
  used: z.int().nonnegative(),
  remaining: z.int().nonnegative(),
  epoch: z.strictObject({ start: time, end: time, hours: count }),
  reset: time,
  formula: z.string().meta({ description: 'of `inputs`' }),
  inputs: z.strictObject({
    mappings: z.int().nonnegative().meta({ description: "SIIs with a live mapping of the caller's" }),
    base: count,
    factor: count,
    contacts: count,
    reachable: count,
  }),
  burst: z.strictObject({
    size: z.int().nonnegative().meta({ description: 'at once: share of the limit, never less than base' }),
    share: count,
    rate: count.meta({ description: 'limits by which it drains in an epoch' }),
  }),
});

export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  reason: z.string(),
  step: z.string().optional(),
  clause: z.string(),
  detail: z.string().optional(),
  logIndex: logIndex.optional(),
  batchIndex: z.int().nonnegative().optional().meta({ description: 'where logIndex is a batch: which of its records' }),
  requestId: z.string(),
});
export const streamLine = z.union([
  z.strictObject({ line: z.int().positive(), status: z.int(), ...acceptance.shape }),
  z.strictObject({ line: z.int().positive(), ...problem.shape }),
]);

export const readiness = z.strictObject({
  ready: z.boolean(),
  problems: z.array(z.string()).optional(),
  remarks: z.array(z.string()).optional().meta({ description: 'what an operator should mend though every promise is kept' }),
});

const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const versions = z.strictObject({ trust: digest, revocation: digest, numbering: digest, policy: digest });

export const reloaded = z.strictObject({ versions });

export const notReloaded = z.strictObject({ ...problem.shape, problems: z.array(z.string()).min(1), versions });

export const discovery = z.strictObject({
  audience: z.string(),
  origin: z.string(),
  logVkey: z.string(),
  receiptVkey: z.string(),
  witnessVkeys: z.array(z.string()).meta({ description: 'of the witnesses that cosign checkpoints' }),
  log: z.string(),
  endpoints: z.record(z.string(), z.string()),
  openapi: z.string(),
});

export const reasonsAnswer = z.strictObject({
  steps: z.array(z.strictObject({ step: z.string(), clause: z.string(), reasons: z.array(z.string()) })),
  reasons: z.array(
    z.strictObject({
      reason: z.string(),
      family: z.string(),
      status: z.int(),
      sip: z.string(),
      clause: z.string(),
      title: z.string(),
      advice: z.string(),
    }),
  ),
});

export const principalState = z.strictObject({
  domain: z.string(),
  change: z.strictObject({ by: z.string(), at: z.string(), logIndex }).nullable(),
  receipt: z.string().optional().meta({ description: 'of the leaf that this change made; absent where it changed nothing' }),
  kind: z.enum(['ap', 'np', 'ep', 'dp', 'auditor', 'operator']),
  class: z.enum(['consumer', 'business']).optional(),
  operatedBy: z.string().optional(),
  spc: z.string().optional(),
  clientKey: z.string().optional(),
  suspended: z.boolean().optional(),
});

export const principalRemoved = z.strictObject({
  domain: z.string(),
  logIndex: logIndex.optional().meta({ description: 'absent where there was none' }),
  receipt: z.string().optional(),
});

const opened = { index: logIndex, logIndex: logIndex.meta({ description: 'of the leaf that says so' }), opening: z.base64url() };

export const openingAnswer = z.discriminatedUnion('kind', [
  z.strictObject({
    ...opened,
    kind: z.enum(['accept', 'reject']),
    sii: z.string().nullable(),
    ssi: z.string().nullable(),
    provider: z.string().nullable().meta({ description: 'as committed to beside the SSI' }),
    evidence: z
      .looseObject({ passport: z.string().optional() })
      .optional()
      .meta({ description: 'what it was decided from: PASSporT, path and what was fetched' }),
    fingerprints: z.array(z.base64url()).meta({ description: "of the certificates of the signer's path, end-entity first" }),
  }),
  z.strictObject({
    ...opened,
    kind: z.enum(['revoke', 'expire']),
    list: z.array(z.strictObject({ logIndex, subject: z.base64url().meta({ description: 'store key of the SII' }) })),
  }),
  z.strictObject({ ...opened, kind: z.enum(['open', 'erase']), case: z.string() }),
]);

export const erasureAnswer = z.strictObject({
  erased: z.boolean().meta({ description: 'whether there was anything to forget' }),
  logIndex: logIndex.nullable().meta({ description: 'of the leaf that says so, now or before' }),
  receipt: z.string().nullable(),
});
export const webhookAnswer = z.strictObject({ url: z.url().nullable() });

export const coverageAnswer = z.strictObject({
  asOf: time,
  coverage: z.array(
    z.strictObject({
      code: z.string().meta({ description: 'calling code; `mail`: mailboxes' }),
      siis: z.int().positive().meta({ description: 'rounded down to two digits, and to hundreds; fewer are not told' }),
    }),
  ),
});
