import { createHash } from 'node:crypto';
import { Refusal, refuse, type Reason } from '../../reasons/index.js';
import { NO_STORE, answerWith } from '../answer.js';
import { factsOf, problemAnswer } from '../problem.js';
import type { Route } from '../route.js';
import type { WitnessSite } from './site.js';

const TEXT = 'text/plain; charset=utf-8';
/** C2SP tlog-witness. */
const SIZE_TYPE = 'text/x.tlog.size';

/** C2SP tlog-witness has statuses of its own: 400 for what cannot be read, 403 for whose signature is missing or wrong. */
const STATUS: Readonly<Partial<Record<Reason, number>>> = {
  'malformed-note': 400,
  'malformed-checkpoint': 400,
  'untrusted-note': 403,
};

/** Anybody may hand in a checkpoint: what counts is the log's signature on it. */
const addCheckpoint: Route<WitnessSite> = {
  method: 'POST',
  path: '/add-checkpoint',
  access: 'public',
  // C2SP tlog-witness names no media type, and logs send several.
  consumes: [],
  urgency: 'normal',
  async handle(exchange) {
    const answer = await exchange.site.witness.add(await exchange.body());
    if (answer.outcome === 'behind') return answerWith(409, SIZE_TYPE, `${answer.size}\n`, NO_STORE);
    return answerWith(200, TEXT, answer.lines, NO_STORE);
  },
  problem(thrown, { requestId }) {
    const status = thrown instanceof Refusal ? STATUS[thrown.reason] : undefined;
    return problemAnswer({ ...factsOf(thrown), ...(status === undefined ? {} : { status }) }, requestId);
  },
};

const hashOf = (origin: string): string => createHash('sha256').update(origin).digest('hex');

/** What this witness has seen last of a log: an auditor compares it with what the log shows. */
const checkpoint: Route<WitnessSite> = {
  method: 'GET',
  path: '/:origin/checkpoint',
  access: 'public',
  consumes: [],
  urgency: 'normal',
  handle({ site, params }) {
    const origin = site.witness.origins.find((name) => hashOf(name) === params['origin']);
    const note = origin === undefined ? null : site.witness.checkpoint(origin);
    return note === null ? refuse('not-found') : answerWith(200, TEXT, note, ['Cache-Control', 'no-cache']);
  },
};

export const WITNESS_ROUTES: readonly Route<WitnessSite>[] = [addCheckpoint, checkpoint];
