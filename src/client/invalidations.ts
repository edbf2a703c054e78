import { z } from 'zod';
import { readShape } from './answers.js';
import { UnexpectedAnswer } from './api-refusal.js';
import type { Connection } from './connection.js';
import { followEvents, type Block, type WatchOptions } from './event-stream.js';

/** `changed`: the answers that you hold about this SII count no more; `reset`: no answer that you hold does. `id` says where to resume. */
export type Invalidation =
  { readonly event: 'changed'; readonly id: string; readonly sii: string } | { readonly event: 'reset'; readonly id: string };

const changed = z.object({ sii: z.string() });

/** Yields what changes; how it resumes, ends and fails is `followEvents`'s. */
export const watchInvalidations = (connection: Connection, options: WatchOptions): AsyncGenerator<Invalidation> =>
  followEvents(connection, '/v1/invalidations', options, invalidationOf);

const invalidationOf = ({ event, id, data }: Block): Invalidation | null => {
  if (data === null) return null;
  if (id === null) throw new UnexpectedAnswer('an event without an id');
  if (event === 'reset') return { event, id };
  return { event: 'changed', id, sii: readShape(data, changed).sii };
};
