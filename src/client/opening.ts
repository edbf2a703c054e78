import { z } from 'zod';
import type { Opening } from '../log/index.js';

const index = z.int().nonnegative();
const octets = z.string().regex(/^[A-Za-z0-9_-]*$/);
const opened = { index, logIndex: index, opening: octets };

/** The answer of CONTRACT section 2; members that this client does not know are dropped. */
export const openingAnswer = z.discriminatedUnion('kind', [
  z.object({
    ...opened,
    kind: z.enum(['accept', 'reject']),
    sii: z.string().nullable(),
    ssi: z.string().nullable(),
    provider: z.string().nullable(),
    fingerprints: z.array(octets),
    evidence: z.looseObject({ passport: z.string().optional() }).optional(),
  }),
  z.object({ ...opened, kind: z.enum(['revoke', 'expire']), list: z.array(z.object({ logIndex: index, subject: octets })) }),
  z.object({ ...opened, kind: z.enum(['open', 'erase']), case: z.string() }),
]);

/** What an entry commits to. `logIndex`: of the entry that says that it was opened. */
export type OpenedEntry = Opening & { readonly index: number; readonly logIndex: number };
