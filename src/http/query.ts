import type { z } from 'zod';
import { Refusal } from '../reasons/index.js';

/** The longest query there is has a dozen parameters, of which none is longer than a domain. */
const MAX_QUERY = 2048;

/**
 * A query as the schema's value. Each parameter once: who reads the first and who reads the last of two would hear different questions.
 * @throws Refusal `malformed-request` with the parameter at fault and nothing that the client wrote
 */
export const parseQuery = <T>(query: string | null, schema: z.ZodType<T>): T => {
  if (query !== null && query.length > MAX_QUERY) throw new Refusal('malformed-request', 'query: too long');
  const parameters = [...new URLSearchParams(query ?? '')];
  if (new Set(parameters.map(([name]) => name)).size !== parameters.length)
    throw new Refusal('malformed-request', 'query: a parameter twice');
  const parsed = schema.safeParse(Object.fromEntries(parameters));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = issue?.path[0];
  throw new Refusal('malformed-request', name === undefined ? 'query: unknown parameter' : `query: ${String(name)}`);
};
