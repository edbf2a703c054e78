import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import type { Inspection } from '../verification/inspection.js';
import { inspectAnything, inspectLine } from './inspect-lines.js';
import { inspectionWords } from './inspect-words.js';
import { runLines } from './lines.js';

interface Options {
  readonly json?: true;
  readonly ndjson?: true;
}

/** CONTRACT section 3: exit 0 yes, 1 no, 2 could not be run. */
const EXIT = { yes: 0, no: 1, notRun: 2 } as const;

interface Inspected {
  readonly file: string;
  readonly inspection: Inspection;
}

const print = ({ file, inspection }: Inspected, options: Options): void => {
  const words = options.json === true ? `${JSON.stringify({ file, ...inspection })}\n` : inspectionWords(file, inspection);
  process.stdout.write(words);
};

const readAll = (files: readonly string[]): Inspected[] =>
  files.map((file) => ({ file, inspection: inspectAnything(readFileSync(file === '-' ? 0 : file), Date.now()) }));

const command = (): Command =>
  new Command('signpost inspect')
    .description(
      'Says what a file is and what is wrong about it: certificate, chain, CRL, CSR, TNAuthList, PASSporT, receipt, checkpoint, proof. Verifies nothing.',
    )
    .argument('[files...]', 'PEM, DER or text; - is standard input')
    .option('--json', 'one JSON object a file')
    .option('--ndjson', 'read {"id","der"|"text"} lines from standard input, answer each')
    .exitOverride();

const isProblemOfFile = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error;

/** `signpost inspect`: 1 when something is malformed; findings alone are no "no". */
export const run = async (argv: string[]): Promise<number> => {
  const program = command();
  try {
    program.parse(argv, { from: 'user' });
    const options = program.opts<Options>();
    if (options.ndjson === true) {
      await runLines(process.stdin, process.stdout, inspectLine);
      return EXIT.yes;
    }
    if (program.args.length === 0) program.error('no file given');
    const inspected = readAll(program.args);
    for (const one of inspected) print(one, options);
    return inspected.every(({ inspection }) => inspection.ok) ? EXIT.yes : EXIT.no;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.yes : EXIT.notRun;
    if (!isProblemOfFile(error)) throw error;
    process.stderr.write(`signpost inspect: ${error.path ?? 'standard input'} could not be read: ${error.code ?? 'unknown'}\n`);
    return EXIT.notRun;
  }
};
