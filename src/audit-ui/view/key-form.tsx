import { useState } from 'preact/hooks';
import type { Session } from '../reading/session.js';

/** Under which key the log signs: the one thing that an auditor must have from elsewhere. */
export const KeyForm = ({ session }: { readonly session: Session }) => {
  const [value, setValue] = useState('');
  const submit = (event: Event): void => {
    event.preventDefault();
    void session.useKey(value);
  };
  return (
    <form class="key-form" onSubmit={submit}>
      <label for="vkey">The log's verifier key (name+id+base64), from its operator</label>
      <textarea
        id="vkey"
        rows={2}
        spellcheck={false}
        autocomplete="off"
        required
        value={value}
        onInput={(event) => setValue(event.currentTarget.value)}
      />
      {session.phase !== 'stopped' && session.fault !== null && <p role="alert">{session.fault.message}</p>}
      <button type="submit">Verify under this key</button>
    </form>
  );
};
