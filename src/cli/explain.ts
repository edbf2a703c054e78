import { Command, CommanderError } from 'commander';
import { REASONS, isReason, type Family, type Reason } from '../reasons/index.js';
import { PIPELINE, SEQUENCER_STEPS } from '../verification/index.js';

const FAMILY: Readonly<Record<Family, string>> = {
  refused: 'refused: the verdict is no; sending the same again changes nothing',
  request: 'not allowed or malformed: nothing was judged',
  unavailable: 'cannot be decided now: nothing was decided or written; retry',
  fault: 'a fault of the gateway',
};

const stepsOf = (reason: Reason): string[] =>
  [...PIPELINE, ...SEQUENCER_STEPS].filter(({ refuses }) => refuses.includes(reason)).map(({ name }) => name);

const wordsOf = (reason: Reason): string => {
  const { title, clause, advice, http, sip, family } = REASONS[reason];
  const steps = stepsOf(reason);
  return [
    `${reason}: ${title}`,
    `  clause  ${clause}`,
    `  kind    ${FAMILY[family]}`,
    ...(steps.length === 0 ? [] : [`  step    ${steps.join(', ')}`]),
    `  status  HTTP ${http}${sip === '-' ? '' : `, SIP ${sip}`}`,
    `  do      ${advice}`,
  ].join('\n');
};

const tableOf = (): string =>
  [...PIPELINE, ...SEQUENCER_STEPS]
    .map(({ name, clause, asks, refuses }) => `${name} (${clause}): ${asks}\n${refuses.map((reason) => `  ${reason}`).join('\n')}`)
    .join('\n\n');

const explain = (code: string | undefined, json: boolean): number => {
  if (code === undefined) {
    const steps = [...PIPELINE, ...SEQUENCER_STEPS].map(({ name, clause, asks, refuses }) => ({ step: name, clause, asks, refuses }));
    process.stdout.write(`${json ? JSON.stringify({ steps, reasons: REASONS }) : tableOf()}\n`);
    return 0;
  }
  if (!isReason(code)) {
    process.stderr.write(
      json ? `${JSON.stringify({ error: 'not a reason code' })}\n` : 'not a reason code; `signpost explain` lists them\n',
    );
    return 1;
  }
  process.stdout.write(`${json ? JSON.stringify({ reason: code, ...REASONS[code], steps: stepsOf(code) }) : wordsOf(code)}\n`);
  return 0;
};

/** `signpost explain [REASON]`: 0 explained, 1 no such reason, 2 could not be run. */
export const run = async (argv: string[]): Promise<number> => {
  const command = new Command('signpost explain')
    .description('Say what a reason code means, the clause behind it, and what to do; without one, list the steps and their reasons.')
    .argument('[reason]', 'a reason code, such as tn-out-of-scope')
    .option('--json', 'as JSON')
    .exitOverride();
  try {
    await command.parseAsync(argv, { from: 'user' });
    const [code] = command.args;
    return explain(code, command.opts<{ json?: true }>().json === true);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
};
