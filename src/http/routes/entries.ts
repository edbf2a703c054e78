import { encodeBase64 } from '../../encoding/index.js';
import { Refusal } from '../../reasons/index.js';
import { JSON_TYPE, answerWith } from '../answer.js';
import { ANY_PRINCIPAL, type Route } from '../route.js';

const INDEX = /^(?:0|[1-9][0-9]{0,14})$/;

const indexOf = (text: string | undefined): number => {
  if (text === undefined || !INDEX.test(text)) throw new Refusal('malformed-request', 'index');
  return Number(text);
};

/** An entry never changes, but who may see it does. */
const CACHE = ['Cache-Control', 'private, max-age=31536000, immutable'];

/** The raw leaf: who hashes the body with the leaf prefix has the leaf hash, which the header only repeats. */
export const entry: Route = {
  method: 'GET',
  path: '/v1/entries/:index',
  access: ANY_PRINCIPAL,
  consumes: [],
  urgency: 'normal',
  async handle({ site, params }) {
    const { leaf, leafHash } = await site.gateway.entry(indexOf(params['index']));
    const body = Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength);
    return answerWith(200, JSON_TYPE, body, [...CACHE, 'Signpost-Leaf-Hash', encodeBase64(leafHash)]);
  },
};

/** C2SP tlog-proof: what an AP keeps beside its receipt. It needs a newer checkpoint with time, so it is not kept long. */
export const proof: Route = {
  method: 'GET',
  path: '/v1/entries/:index/proof',
  access: ANY_PRINCIPAL,
  consumes: [],
  urgency: 'normal',
  async handle({ site, params }) {
    return answerWith(200, 'text/plain; charset=utf-8', await site.gateway.proof(indexOf(params['index'])), [
      'Cache-Control',
      'private, no-cache',
    ]);
  },
};
