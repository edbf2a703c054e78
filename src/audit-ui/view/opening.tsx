import { useEffect, useState } from 'preact/hooks';
import type { Leaf } from '../reading/leaf.js';
import { askOpening, type OpenedFact, type OpeningAnswer } from '../reading/opening.js';
import type { Session } from '../reading/session.js';
import { Code } from './hash-text.js';
import { Mark, Notice } from './notice.js';
import { visible } from './words.js';

interface OpeningProps {
  readonly session: Session;
  readonly index: number;
  readonly leaf: Leaf;
  readonly holds: boolean;
}

const Held = ({ holds }: Pick<OpenedFact, 'holds'>) => {
  if (holds === null) return null;
  return holds ? <Mark tone="good">what the leaf commits to</Mark> : <Mark tone="bad">NOT what the leaf commits to</Mark>;
};

const Opened = ({ facts }: { readonly facts: readonly OpenedFact[] }) => (
  <dl class="facts">
    {facts.map(({ name, value, holds }) => (
      <div class="fact" key={name}>
        <dt>{visible(name, 40)}</dt>
        <dd>
          <Code most={10_000}>{value}</Code> <Held holds={holds} />
        </dd>
      </div>
    ))}
  </dl>
);

const REFUSED: Readonly<Record<number, string>> = {
  401: 'The gateway does not know who asks: no client certificate of an auditor is installed in this browser.',
  403: 'The gateway knows who asks, and does not give openings to them.',
  404: 'There is no opening: it was erased, its time is over, or this server gives none.',
};

const Answer = ({ answer }: { readonly answer: OpeningAnswer }) => {
  if (answer.state === 'opened') return <Opened facts={answer.facts} />;
  if (answer.state === 'unreachable') return <Notice tone="warn" title="The gateway cannot be reached" />;
  return (
    <Notice tone="warn" title={`${answer.status}: ${visible(answer.title)}`}>
      <p>{REFUSED[answer.status] ?? 'The gateway does not answer.'}</p>
      {answer.reason !== null && (
        <p>
          <code>{visible(answer.reason, 60)}</code> {answer.detail !== null && visible(answer.detail)}
        </p>
      )}
    </Notice>
  );
};

/** For auditors who may: the gateway's opening, held against the leaf in this browser. */
export const Opening = ({ session, index, leaf, holds }: OpeningProps) => {
  const [caseId, setCase] = useState('');
  const [answer, setAnswer] = useState<OpeningAnswer | null>(null);
  useEffect(() => setAnswer(null), [index]);
  if ([leaf.sii, leaf.map, leaf.list, leaf.caseId].every((commitment) => commitment === null)) return null;
  const ask = (event: Event): void => {
    event.preventDefault();
    void askOpening(session.base, index, caseId, leaf).then(setAnswer);
  };
  return (
    <section aria-labelledby="opening">
      <h2 id="opening">Opening</h2>
      <p>
        What is personal is in the log as commitments. Auditors may have them opened: this browser's client certificate says who asks, and
        each opening becomes an entry of the log.
      </p>
      <form class="case-form" onSubmit={ask}>
        <label for="case">Case</label>
        <input
          id="case"
          required
          maxLength={200}
          autocomplete="off"
          value={caseId}
          onInput={(event) => setCase(event.currentTarget.value)}
        />
        <button type="submit" disabled={!holds}>
          Open this entry
        </button>
      </form>
      <div aria-live="polite">{answer !== null && <Answer answer={answer} />}</div>
    </section>
  );
};
