import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { parseInstant } from '../numbering/index.js';
import { INSPECTED_PROFILES, type InspectOptions, type InspectedProfile, type Inspection } from '../verification/inspection/index.js';
import { inspectAnything, inspectLine, inspectionIn } from './inspect-lines.js';
import { inspectionWords } from './inspect-words.js';
import { runLines } from './lines.js';

interface Options {
  readonly json?: true;
  readonly ndjson?: true;
  readonly profile?: InspectedProfile;
  /** ms */
  readonly at?: number;
}

/** CONTRACT section 3: exit 0 yes, 1 no, 2 could not be run. */
const EXIT = { yes: 0, no: 1, notRun: 2 } as const;

interface Inspected {
  readonly file: string;
  readonly inspection: Inspection;
}

const print = ({ file, inspection }: Inspected, options: Options): void => {
  const words = options.json === true ? `${JSON.stringify({ file, ...inspectionIn(inspection) })}\n` : inspectionWords(file, inspection);
  process.stdout.write(words);
};

const isProblemOfFile = (error: unknown): error is NodeJS.ErrnoException => error instanceof Error && 'syscall' in error;

/** A file that is not to be read. */
class UnreadableFile extends Error {}

const readNamed = (file: string): Buffer => {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    // Node names no path where it is the reading that fails, as of a directory.
    if (!isProblemOfFile(error)) throw error;
    throw new UnreadableFile(`${file === '-' ? 'standard input' : file} could not be read: ${error.code ?? 'unknown'}`);
  }
};

const readAll = (files: readonly string[], options: InspectOptions): Inspected[] =>
  files.map((file) => ({ file, inspection: inspectAnything(readNamed(file), options) }));

const readAt = (text: string): number => {
  const at = parseInstant(text);
  if (at === null) throw new InvalidArgumentError('an instant with zone, such as 2026-11-24T00:00:00Z');
  return at;
};

const command = (): Command =>
  new Command('signpost inspect')
    .description(
      'Says what a file is and what is wrong about it: certificate, chain, CRL, CSR, TNAuthList, PASSporT, trust list, receipt, checkpoint, proof. ' +
        'Asks no anchor, no status and no numbering data: it proves nothing.',
    )
    .argument('[files...]', 'PEM (certificates and CRLs together, too), DER or text; - is standard input')
    .option('--json', 'one JSON object a file')
    .option('--ndjson', 'read {"id","der"|"text"} lines from standard input, answer each')
    .addOption(new Option('--profile <name>', 'what to hold it to; else by its shape').choices([...INSPECTED_PROFILES]))
    .option('--at <instant>', 'the time at which it must be valid; else now, and with --ndjson none', readAt)
    .exitOverride();

/** `signpost inspect`: 1 when something is malformed; findings alone are no "no". */
export const run = async (argv: string[]): Promise<number> => {
  const program = command();
  try {
    program.parse(argv, { from: 'user' });
    const options = program.opts<Options>();
    if (options.ndjson === true) {
      const { at = null, profile = null } = options;
      await runLines(process.stdin, process.stdout, (line) => inspectLine(line, { at, profile }));
      return EXIT.yes;
    }
    if (program.args.length === 0) program.error('no file given');
    const { at = Date.now(), profile = null } = options;
    const inspected = readAll(program.args, { at, profile });
    for (const one of inspected) print(one, options);
    return inspected.every(({ inspection }) => inspection.ok) ? EXIT.yes : EXIT.no;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.yes : EXIT.notRun;
    if (!(error instanceof UnreadableFile)) throw error;
    process.stderr.write(`signpost inspect: ${error.message}\n`);
    return EXIT.notRun;
  }
};
