import { z } from 'zod';
import { parsePolicyDocument, type Parsed } from './document.js';

/** Reserved: default deny, and no peer can be named, so nothing crosses a federation (DESIGN section 2, promise 10). */
const schema = z.strictObject({ default: z.literal('deny'), peers: z.array(z.never()).max(0, 'no peer can be named') });

export type FederationPolicy = z.output<typeof schema>;

export const parseFederationPolicy = (text: string): Parsed<FederationPolicy> => parsePolicyDocument('federation.yaml', text, schema);
