import { Command, CommanderError } from 'commander';
import { FINDINGS, REASONS, isFinding, isReason, type Family, type FindingCode, type FindingRow, type Reason } from '../reasons/index.js';
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

const scopeOf = (row: FindingRow): string =>
  row.grade === 'remark' ? `${row.of}; said by inspect alone` : `${row.roles.join(', ')} under ${row.profiles.join(', ')}`;

const findingWords = (code: FindingCode): string => {
  const row: FindingRow = FINDINGS[code];
  const raised = row.grade === 'remark' ? [] : [`  raise   profiles.raise in gateway.yaml makes it refuse (profile-violation)`];
  return [
    `${code}: ${row.title}`,
    `  clause  ${row.clause}`,
    `  kind    ${row.severity}, a finding: not refused`,
    `  of      ${scopeOf(row)}`,
    `  do      ${row.advice}`,
    ...raised,
  ].join('\n');
};

const findingTable = (): string =>
  Object.entries(FINDINGS)
    .map(([code, { severity, title }]) => `  ${code} (${severity}): ${title}`)
    .join('\n');

const tableOf = (): string =>
  [...PIPELINE, ...SEQUENCER_STEPS]
    .map(({ name, clause, asks, refuses }) => `${name} (${clause}): ${asks}\n${refuses.map((reason) => `  ${reason}`).join('\n')}`)
    .join('\n\n');

const explain = (code: string | undefined, json: boolean): number => {
  if (code === undefined) {
    const steps = [...PIPELINE, ...SEQUENCER_STEPS].map(({ name, clause, asks, refuses }) => ({ step: name, clause, asks, refuses }));
    const words = `${tableOf()}\n\nfindings: not refused, unless policy raises them\n${findingTable()}`;
    process.stdout.write(`${json ? JSON.stringify({ steps, reasons: REASONS, findings: FINDINGS }) : words}\n`);
    return 0;
  }
  if (isFinding(code)) {
    process.stdout.write(`${json ? JSON.stringify({ finding: code, ...FINDINGS[code] }) : findingWords(code)}\n`);
    return 0;
  }
  if (!isReason(code)) {
    process.stderr.write(
      json
        ? `${JSON.stringify({ error: 'neither a reason code nor a finding' })}\n`
        : 'neither a reason code nor a finding; `signpost explain` lists them\n',
    );
    return 1;
  }
  process.stdout.write(`${json ? JSON.stringify({ reason: code, ...REASONS[code], steps: stepsOf(code) }) : wordsOf(code)}\n`);
  return 0;
};

/** `signpost explain [CODE]`: 0 explained, 1 no such code, 2 could not be run. */
export const run = async (argv: string[]): Promise<number> => {
  const command = new Command('signpost explain')
    .description(
      'Say what a reason code or a finding means, the clause behind it, and what to do; without one, list the steps, their reasons and all findings.',
    )
    .argument('[code]', 'a reason code or a finding, such as tn-out-of-scope or short-serial')
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
