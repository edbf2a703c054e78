import type { ReasonTable } from '../reading/extras.js';
import type { Leaf } from '../reading/leaf.js';
import { Mark } from './notice.js';
import { statesOf, type StepState } from './step-list.js';
import { visible, type Tone } from './words.js';

const STATES: Readonly<Record<StepState, readonly [tone: Tone, word: string]>> = {
  passed: ['good', 'passed'],
  refused: ['bad', 'refused here'],
  'here-or': ['warn', 'refused here or beside'],
  'not-reached': ['plain', 'not reached'],
  'not-run': ['plain', 'not run'],
};

const NOT_ABOUT_ONE = 'This entry is not about one PASSporT that went through the steps.';
const BY_CONNECTION = 'Given up over the own connection of the AP: that needs no PASSporT, so no step was run.';

/** The steps of verification in order, and where this decision was made. */
export const Steps = ({ leaf, reasons }: { readonly leaf: Leaf; readonly reasons: ReasonTable | null }) => {
  const states = reasons === null ? null : statesOf(reasons.steps, leaf);
  return (
    <section aria-labelledby="steps">
      <h2 id="steps">Step by step</h2>
      {reasons === null && <p>Reading the steps…</p>}
      {reasons !== null && states === null && <p>{NOT_ABOUT_ONE}</p>}
      {states?.includes('not-run') === true && <p>{BY_CONNECTION}</p>}
      {reasons !== null && states !== null && (
        <>
          <ol class="steps">
            {reasons.steps.map(({ step, clause }, i) => {
              const [tone, word] = STATES[states[i] ?? 'not-run'];
              return (
                <li key={step} class={`step ${states[i]}`}>
                  <code>{visible(step, 60)}</code>
                  <span class="quiet">{visible(clause, 80)}</span>
                  <Mark tone={tone}>{word}</Mark>
                </li>
              );
            })}
          </ol>
          <p class="quiet">
            From the leaf's reason: the first step that fails gives it.{' '}
            {reasons.from === 'gateway' ? 'Steps as this gateway lists them now.' : 'Steps as this page was built with.'}
          </p>
        </>
      )}
    </section>
  );
};
