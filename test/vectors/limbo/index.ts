import { CERTIFICATE_CASES } from './certificates.js';
import { CRL_CASES } from './crls.js';
import type { LimboCase } from './graph.js';
import { NAME_CASES } from './names.js';
import { PATH_CASES } from './paths.js';

export { run, type Outcome } from './adapter.js';
export type { Graph, LimboCase } from './graph.js';

/** The cases of x509-limbo that have to do with paths, and not with the rules of web browsers. */
export const LIMBO_CASES: readonly LimboCase[] = [...PATH_CASES, ...CERTIFICATE_CASES, ...NAME_CASES, ...CRL_CASES];
