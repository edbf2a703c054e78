import type { IncomingHttpHeaders } from 'node:http';
import { KEPT_LIMITS } from './limits.js';

/**
 * How many seconds an answer may be kept (RFC 9111 sections 4.2.1 and 5.2.2), within floor and cap; 0: not at all.
 * `no-cache` would have it revalidated at each use, so it is not kept either.
 */
export const storageSeconds = (headers: IncomingHttpHeaders, capSeconds: number): number => {
  const directives = directivesOf(headers['cache-control'] ?? '');
  if (directives.has('no-store') || directives.has('no-cache')) return 0;
  const told = toldSeconds(headers, directives);
  const seconds = told === null ? KEPT_LIMITS.silentSeconds : told - countOf(headers.age ?? '');
  return Math.min(capSeconds, Math.max(KEPT_LIMITS.floorSeconds, seconds));
};

/** RFC 9111 section 4.2.1: max-age before Expires. What cannot be read is stale. */
const toldSeconds = ({ expires, date }: IncomingHttpHeaders, directives: ReadonlyMap<string, string>): number | null => {
  const maxAge = directives.get('max-age');
  if (maxAge !== undefined) return countOf(maxAge);
  if (expires === undefined) return null;
  const seconds = (Date.parse(expires) - Date.parse(date ?? '')) / 1000;
  return Number.isFinite(seconds) ? seconds : 0;
};

const directivesOf = (text: string): Map<string, string> =>
  new Map(
    text.split(',').map((part) => {
      const [name = '', value = ''] = part.split('=', 2);
      return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')];
    }),
  );

/** RFC 9111 section 1.2.2: a count, of as many digits as make sense. */
const countOf = (text: string): number => (/^[0-9]{1,10}$/.test(text.trim()) ? Number(text) : 0);
