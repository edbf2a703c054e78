import { render } from 'preact';
import { Session } from './reading/session.js';
import { Page } from './view/page.js';

/** ms between two looks at the checkpoint, while somebody looks at the page. */
const LOOK_MS = 15_000;

const session = new Session(new URL('.', location.href).href);
render(<Page session={session} />, document.getElementById('page') as HTMLElement);
void session.open();
setInterval(() => {
  if (document.visibilityState === 'visible' && session.log !== null) void session.refresh();
}, LOOK_MS);
