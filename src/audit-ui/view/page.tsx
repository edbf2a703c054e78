import { useEffect, useRef } from 'preact/hooks';
import type { Session } from '../reading/session.js';
import { Alarms } from './alarms.js';
import { Entry } from './entry.js';
import { Overview } from './overview.js';
import { useRoute, type Route } from './route.js';
import { Search } from './search.js';
import { useSession } from './use-session.js';

const TITLES = { overview: 'Overview', search: 'Search', entry: 'Entry' } as const;

const Current = ({ session, route }: { readonly session: Session; readonly route: Route }) => {
  if (route.view === 'search') return <Search session={session} params={route.params} />;
  if (route.view === 'entry') return <Entry session={session} index={route.index} receipt={route.params.get('receipt')} />;
  return <Overview session={session} />;
};

/** A reader who follows a link hears where they are. */
const useArrival = (route: Route): void => {
  const place = `${route.view} ${route.index}`;
  const last = useRef(place);
  useEffect(() => {
    document.title = `${TITLES[route.view]}${route.view === 'entry' ? ` ${route.index}` : ''} · Signpost audit`;
    if (last.current === place) return;
    last.current = place;
    scrollTo(0, 0);
    document.querySelector('h1')?.focus();
  }, [place]);
};

export const Page = ({ session }: { readonly session: Session }) => {
  useSession(session);
  const route = useRoute();
  useArrival(route);
  const link = (view: Route['view'], href: string, text: string) => (
    <a href={href} {...(route.view === view ? { 'aria-current': 'page' as const } : {})}>
      {text}
    </a>
  );
  return (
    <>
      <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), document.getElementById('content')?.focus())}>
        To the content
      </a>
      <header class="top">
        <p class="name">
          Signpost <span>audit</span>
        </p>
        <nav aria-label="Views">
          {link('overview', '#/', 'Overview')}
          {link('search', '#/search', 'Search')}
        </nav>
      </header>
      <main id="content" tabIndex={-1}>
        {session.log === null && <h1>The log beside this page</h1>}
        {session.phase === 'loading' && <p role="status">Reading the checkpoint…</p>}
        <Alarms session={session} />
        <Current session={session} route={route} />
      </main>
      <footer>
        <p>
          Proven here: that each entry shown is in the log that the key signed, and that the log only grew since this browser last looked.
          Not proven here: that no other history was shown to others (compare, or ask witnesses), and that the decisions were right (
          <code>signpost audit replay</code>).
        </p>
      </footer>
    </>
  );
};
