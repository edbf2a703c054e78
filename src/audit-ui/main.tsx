import { render } from 'preact';

const Page = () => <main>hello</main>;
render(<Page />, document.getElementById('page') as HTMLElement);
