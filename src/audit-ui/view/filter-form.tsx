import { useEffect, useState } from 'preact/hooks';
import { sha256 } from '../proof/hash.js';
import { toBase64url, utf8 } from '../proof/octets.js';
import { EMPTY_FILTER, FILTER_FIELDS, paramsOf, type Filter } from '../reading/filter.js';
import { readReceipt } from '../reading/receipt.js';
import { Fault } from '../proof/fault.js';
import type { Session } from '../reading/session.js';
import { entryLink, searchLink } from './route.js';
import { ACTIONS, KNOWN_KINDS, kindWords } from './words.js';

interface FormProps {
  readonly session: Session;
  readonly filter: Filter;
  /** Reason codes that may be chosen. */
  readonly reasons: readonly string[];
}

type Field = (typeof FILTER_FIELDS)[number];

const LABELS: Readonly<Record<Field, string>> = {
  kind: 'Decision',
  action: 'Action',
  ap: 'Client (AP), in part',
  provider: 'Provider, in part',
  why: 'Reason',
  since: 'Since, UTC',
  until: 'Until, UTC',
  passport: 'PASSporT or its SHA-256',
};

const HINTS: Partial<Record<Field, string>> = {
  since: '2026-11-24T14:00',
  until: '2026-11-25',
  provider: '709J',
  ap: 'a.example',
};

/** A whole PASSporT is hashed here: only its digest goes into the address. */
const digested = async (text: string): Promise<string> =>
  /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? toBase64url(await sha256(utf8(text))) : text;

const Choice = ({ field, values, value, words, onChange }: ChoiceProps) => (
  <div class="field">
    <label for={`f-${field}`}>{LABELS[field]}</label>
    <select id={`f-${field}`} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">any</option>
      {[...new Set(value === '' ? values : [value, ...values])].map((item) => (
        <option key={item} value={item}>
          {words(item)}
        </option>
      ))}
    </select>
  </div>
);

interface ChoiceProps {
  readonly field: Field;
  readonly values: readonly string[];
  readonly value: string;
  readonly words: (value: string) => string;
  readonly onChange: (value: string) => void;
}

/** What to search for. Every field must hold; the whole of it goes into the address, to be shared. */
export const FilterForm = ({ session, filter, reasons }: FormProps) => {
  const [draft, setDraft] = useState(filter);
  const address = paramsOf(filter).toString();
  useEffect(() => setDraft(filter), [address]);
  const set = (field: Field, value: string): void => setDraft((current) => ({ ...current, [field]: value }));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    location.hash = searchLink(paramsOf({ ...draft, passport: await digested(draft.passport.trim()) }));
  };
  return (
    <form class="filter" role="search" aria-label="Entries" onSubmit={(event) => void submit(event)}>
      <Choice
        field="kind"
        values={KNOWN_KINDS}
        value={draft.kind}
        words={(kind) => kindWords(kind).title}
        onChange={(value) => set('kind', value)}
      />
      <Choice field="action" values={ACTIONS} value={draft.action} words={(item) => item} onChange={(value) => set('action', value)} />
      <Choice field="why" values={reasons} value={draft.why} words={(item) => item} onChange={(value) => set('why', value)} />
      {(['ap', 'provider', 'since', 'until', 'passport'] as const).map((field) => (
        <div class={`field field-${field}`} key={field}>
          <label for={`f-${field}`}>{LABELS[field]}</label>
          <input
            id={`f-${field}`}
            value={draft[field]}
            placeholder={HINTS[field] ?? ''}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => set(field, event.currentTarget.value)}
          />
        </div>
      ))}
      <div class="buttons">
        <button type="submit" class="primary">
          Search
        </button>
        <button type="button" onClick={() => (location.hash = searchLink(paramsOf(EMPTY_FILTER)))}>
          Clear
        </button>
      </div>
      <GoTo session={session} />
    </form>
  );
};

/** Straight to an entry: by its index, or by the receipt that an AP keeps. */
const GoTo = ({ session }: { readonly session: Session }) => {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState('');
  const go = async (): Promise<void> => {
    const pasted = text.trim();
    if (/^[0-9]{1,15}$/.test(pasted)) {
      location.hash = entryLink(Number(pasted));
      return;
    }
    try {
      const { index } = await readReceipt(pasted, session.memory.receiptVkey);
      location.hash = entryLink(index, { receipt: pasted });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      setProblem(`Neither an index nor a receipt: ${error.message}`);
    }
  };
  return (
    <details class="go-to">
      <summary>Go to an index, or paste a receipt</summary>
      <label for="go-to">Index, or a receipt as its AP keeps it</label>
      <textarea
        id="go-to"
        rows={3}
        spellcheck={false}
        autocomplete="off"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="button" onClick={() => void go()}>
        Go
      </button>
      <p role="status">{problem}</p>
    </details>
  );
};
