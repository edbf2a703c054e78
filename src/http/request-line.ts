import type { IncomingMessage } from 'node:http';
import { Refusal } from '../reasons/index.js';

export interface Target {
  readonly path: string;
  /** Without the question mark; null where there is none. */
  readonly query: string | null;
}

/** RFC 3986 section 3.3 and 3.4: what a path and a query may hold; every "%" begins two hex digits. */
const ORIGIN_FORM = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?$/;
/** RFC 9112 section 3.2.2: a server accepts the absolute form too. */
const ABSOLUTE_FORM = /^https:\/\/[A-Za-z0-9.:[\]-]+(?=\/)/;

/**
 * The target of a request.
 * @throws Refusal `malformed-request` for a bad target, and for none or several Host fields (RFC 9112 section 3.2).
 */
export const readTarget = (request: IncomingMessage): Target => {
  if (countHosts(request.rawHeaders) !== 1) throw new Refusal('malformed-request', 'exactly one Host field');
  const target = (request.url ?? '').replace(ABSOLUTE_FORM, '');
  if (!ORIGIN_FORM.test(target)) throw new Refusal('malformed-request', 'request target');
  if (target.includes('%') && !decodes(target)) throw new Refusal('malformed-request', 'request target');
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: null } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
};

/** RFC 3986 section 2.5: encoded octets are UTF-8. Of others express makes an error page of its own, with a stack trace. */
const decodes = (target: string): boolean => {
  try {
    decodeURIComponent(target);
    return true;
  } catch {
    return false;
  }
};

/** Node keeps the first Host and drops the others silently: a proxy before it might have kept the last. */
const countHosts = (raw: readonly string[]): number => {
  let count = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
};

/** The media type without its parameters, lower case; '' where there is none. */
export const mediaTypeOf = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

/** RFC 9110 section 8.4: "identity" is no coding at all. */
export const isCoded = (request: IncomingMessage): boolean => {
  const coding = request.headers['content-encoding'];
  return coding !== undefined && coding.trim().toLowerCase() !== 'identity';
};
