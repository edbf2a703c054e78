import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Refusal } from '../reasons/index.js';
import { answerWith, type Answer } from './answer.js';
import { takesGzip } from './content-coding.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/**
 * Nothing is loaded from elsewhere, nothing runs that is not a file of ours: what a leaf says stays text (standards: threats 4.2).
 * The page speaks to its own origin alone.
 */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Variant {
  readonly octets: Buffer;
  readonly headers: readonly string[];
}

interface PageFile {
  readonly type: string;
  readonly plain: Variant;
  readonly gzip: Variant;
}

/** Names below `assets/` hold a digest of the content. */
const cacheOf = (path: string): string => (path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');

const fileOf = (path: string, octets: Buffer): PageFile => {
  const digest = createHash('sha256').update(octets).digest('base64url').slice(0, 22);
  const common = ['Cache-Control', cacheOf(path), 'Vary', 'Accept-Encoding', 'Content-Security-Policy', POLICY];
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    plain: { octets, headers: [...common, 'ETag', `"${digest}"`] },
    // RFC 9110 section 8.8.3: another coding is another representation.
    gzip: { octets: gzipSync(octets, { level: 9 }), headers: [...common, 'ETag', `"${digest}-gzip"`, 'Content-Encoding', 'gzip'] },
  };
};

/** A page of files that do not change while the server runs: held in memory, compressed once. */
export class StaticPage {
  readonly #files: ReadonlyMap<string, PageFile>;

  /** By path below the page. */
  constructor(files: ReadonlyMap<string, Buffer>) {
    this.#files = new Map([...files].map(([path, octets]) => [path, fileOf(path, octets)]));
  }

  /** @throws Refusal `not-found` */
  answer(path: string, request: IncomingMessage): Answer {
    if (this.#files.size === 0) throw new Refusal('not-found', 'the page was not built: npm run build');
    const file = this.#files.get(path);
    if (file === undefined) throw new Refusal('not-found');
    const { octets, headers } = takesGzip(request) ? file.gzip : file.plain;
    return isHeld(request, headers) ? answerWith(304, file.type, '', headers) : answerWith(200, file.type, octets, headers);
  }
}

/** RFC 9110 section 13.1.2: the client holds this representation already. */
const isHeld = ({ headers }: IncomingMessage, ofAnswer: readonly string[]): boolean => {
  const etag = ofAnswer[ofAnswer.indexOf('ETag') + 1];
  const held = (headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return held.includes('*') || held.some((tag) => tag === etag);
};
