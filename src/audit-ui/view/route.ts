import { useLayoutEffect, useState } from 'preact/hooks';

/** Where the reader is; after the "#", so that the page works from any static server. */
export interface Route {
  readonly view: 'overview' | 'search' | 'entry';
  /** Of the entry view. */
  readonly index: number;
  readonly params: URLSearchParams;
}

export const parseRoute = (hash: string): Route => {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const params = new URLSearchParams(query);
  const entry = /^entry\/(0|[1-9][0-9]{0,15})$/.exec(path);
  if (entry !== null) return { view: 'entry', index: Number(entry[1]), params };
  return { view: path === 'search' ? 'search' : 'overview', index: 0, params };
};

export const searchLink = (params: URLSearchParams | Readonly<Record<string, string>>): string => {
  const query = new URLSearchParams(params instanceof URLSearchParams ? params : { ...params }).toString();
  return query === '' ? '#/search' : `#/search?${query}`;
};

export const entryLink = (index: number, params: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams(params).toString();
  return query === '' ? `#/entry/${index}` : `#/entry/${index}?${query}`;
};

export const useRoute = (): Route => {
  const [hash, setHash] = useState(location.hash);
  useLayoutEffect(() => {
    const follow = (): void => setHash(location.hash);
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return parseRoute(hash);
};
