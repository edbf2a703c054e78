import { useEffect, useMemo } from 'preact/hooks';
import { filterOf, instantOf, isEmpty, matcherOf, type Filter } from '../reading/filter.js';
import type { Session } from '../reading/session.js';
import { EntryGrid } from './entry-grid.js';
import { useReasons } from './entry.js';
import { FilterForm } from './filter-form.js';
import { Notice } from './notice.js';
import { ReadingBar } from './reading-bar.js';
import { counted, number } from './words.js';

const badTime = ({ since, until }: Filter): string | null =>
  [since, until].find((text) => text !== '' && Number.isNaN(instantOf(text))) ?? null;

/** The indices of the entries that match, newest first; null: every entry of the log does. */
const useMatches = (session: Session, filter: Filter, address: string): number[] | null => {
  const { rows } = session;
  return useMemo(() => {
    if (isEmpty(filter)) return null;
    const matches = matcherOf(filter);
    const found: number[] = [];
    for (const row of rows.all()) if (matches(row)) found.push(row.index);
    return found;
  }, [rows, rows.count, address]);
};

/** Every entry, or those that a filter lets through. A search reads the whole log: a part of it could hide what is searched for. */
export const Search = ({ session, params }: { readonly session: Session; readonly params: URLSearchParams }) => {
  const filter = filterOf(params);
  const address = params.toString();
  const reasons = useReasons(session.base);
  const matches = useMatches(session, filter, address);
  const { log, rows } = session;
  useEffect(() => {
    if (!isEmpty(filter)) session.readAll();
  }, [session, log, address]);
  if (log === null) return null;
  const count = matches?.length ?? log.size;
  const indexAt = (place: number): number => (matches === null ? log.size - 1 - place : (matches[place] ?? 0));
  const onView = (first: number, last: number): void => {
    if (matches === null) session.queue?.want(log.size - last, log.size - first);
  };
  const wrong = badTime(filter);
  return (
    <>
      <h1 tabIndex={-1}>Search</h1>
      <FilterForm session={session} filter={filter} reasons={[...(reasons?.reasons.keys() ?? [])]} />
      {wrong !== null && (
        <Notice tone="warn" title="One of the times is not a time, so nothing matches">
          <p>Write 2026-11-24 or 2026-11-24T14:00, in UTC.</p>
        </Notice>
      )}
      <p role="status" class="result">
        {matches === null
          ? `${counted(log.size, 'entry', 'entries')}, newest first`
          : `${number(count)} of ${counted(rows.count, 'entry', 'entries')} read match`}
      </p>
      {matches !== null && <ReadingBar session={session} />}
      <EntryGrid key={address} count={count} indexAt={indexAt} rowOf={(index) => rows.at(index)} onView={onView} />
    </>
  );
};
