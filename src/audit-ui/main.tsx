import { render } from 'preact';
import { Session } from './reading/session.js';
import { Page } from './view/page.js';

const session = new Session(new URL('.', location.href).href);
render(<Page session={session} />, document.getElementById('page') as HTMLElement);
void session.open();
