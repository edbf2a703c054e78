import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Refusal } from '../../reasons/index.js';
import type { Slots } from '../admission.js';
import { answerWith } from '../answer.js';
import { takesGzip } from '../content-coding.js';
import type { Route } from '../route.js';

/** C2SP tlog-tiles: level 0 to 63, index in groups of three digits, all but the last with "x", width 1 to 255; one spelling each. */
const TILE =
  /^tile\/(?:[0-9]|[1-5][0-9]|6[0-3]|entries)\/(?!x000)(?:x[0-9]{3}\/){0,5}[0-9]{3}(\.p\/(?:[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?$/;

const CHECKPOINT = 'checkpoint';
const MUTABLE = ['Cache-Control', 'no-cache'];
/** A full tile never changes; a partial one neither, but it may be removed once it is full. */
const FULL = ['Cache-Control', 'public, max-age=31536000, immutable'];
const PARTIAL = ['Cache-Control', 'public, max-age=86400, immutable'];

const TILE_TYPE = 'application/octet-stream';
/** Entries repeat each other and shrink to a third or less; the other tiles are hashes, which do not shrink. */
const BUNDLES = 'tile/entries/';
const VARY = ['Vary', 'Accept-Encoding'];
const compress = promisify(gzip);

const compressed = async (slots: Slots, octets: Buffer): Promise<Buffer> => {
  await slots.take();
  try {
    return await compress(octets);
  } finally {
    slots.give();
  }
};

/** The published log: C2SP tlog-tiles. Anybody may read it: that nobody needs to ask is its worth. */
export const log: Route = {
  method: 'GET',
  path: '/log/*path',
  access: 'public',
  consumes: [],
  urgency: 'normal',
  async handle({ site, request, params }) {
    const path = params['path'] ?? '';
    const tile = TILE.exec(path);
    if (path !== CHECKPOINT && tile === null) throw new Refusal('not-found');
    const octets = await site.gateway.logFile(path);
    if (octets === null) throw new Refusal('not-found');
    const body = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
    if (tile === null) return answerWith(200, 'text/plain; charset=utf-8', body, MUTABLE);
    const cache = tile[1] === undefined ? FULL : PARTIAL;
    if (!path.startsWith(BUNDLES)) return answerWith(200, TILE_TYPE, body, cache);
    return takesGzip(request)
      ? answerWith(200, TILE_TYPE, await compressed(site.admission.compressions, body), [...cache, ...VARY, 'Content-Encoding', 'gzip'])
      : answerWith(200, TILE_TYPE, body, [...cache, ...VARY]);
  },
};
