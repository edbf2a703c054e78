import type { Row } from './rows.js';

/** What is searched for: every field that is not empty must hold. It lives in the address, so that a search can be shared. */
export interface Filter {
  readonly kind: string;
  readonly action: string;
  /** Part of the client's domain. */
  readonly ap: string;
  /** Part of the SPC or domain of who signed. */
  readonly provider: string;
  readonly why: string;
  /** ISO 8601, UTC; the first moment that counts, and the first that counts no more. */
  readonly since: string;
  readonly until: string;
  /** The beginning of the digest of a PASSporT. */
  readonly passport: string;
}

export const FILTER_FIELDS = ['kind', 'action', 'ap', 'provider', 'why', 'since', 'until', 'passport'] as const;

export const EMPTY_FILTER: Filter = { kind: '', action: '', ap: '', provider: '', why: '', since: '', until: '', passport: '' };

export const filterOf = (params: URLSearchParams): Filter => ({
  ...EMPTY_FILTER,
  ...Object.fromEntries(FILTER_FIELDS.map((field) => [field, (params.get(field) ?? '').trim()])),
});

export const paramsOf = (filter: Filter): URLSearchParams =>
  new URLSearchParams(FILTER_FIELDS.filter((field) => filter[field] !== '').map((field) => [field, filter[field]]));

export const isEmpty = (filter: Filter): boolean => FILTER_FIELDS.every((field) => filter[field] === '');

/** A time without a zone is read as UTC: a shared link means the same everywhere. NaN: not a time. */
export const instantOf = (text: string): number => {
  const full = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00Z` : text;
  return Date.parse(/(?:Z|[+-]\d{2}:\d{2})$/.test(full) ? full : `${full}Z`);
};

const includes = (value: string | null, part: string): boolean => value !== null && value.toLowerCase().includes(part.toLowerCase());

/** A test for rows; a bound that is not a time lets nothing through, so that no search looks wider than it was written. */
export const matcherOf = (filter: Filter): ((row: Row) => boolean) => {
  const since = filter.since === '' ? -Infinity : instantOf(filter.since);
  const until = filter.until === '' ? Infinity : instantOf(filter.until);
  const timed = filter.since !== '' || filter.until !== '';
  return (row) =>
    (filter.kind === '' || row.kind === filter.kind) &&
    (filter.action === '' || row.action === filter.action) &&
    (filter.why === '' || row.why === filter.why) &&
    (filter.ap === '' || includes(row.ap, filter.ap)) &&
    (filter.provider === '' || includes(row.provider, filter.provider)) &&
    (filter.passport === '' || (row.passport?.startsWith(filter.passport) ?? false)) &&
    (!timed || (row.time !== null && row.time >= since && row.time < until));
};
