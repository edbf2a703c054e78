import { Refusal } from '../../reasons/index.js';
import { ObservedFiles, codeOf } from './observed-files.js';
import { ParsedFiles } from './parsed-files.js';

/** What is wrong with a configuration, each with the file and what to do. An operator mends all of it at once, not one after the other. */
export class ConfigurationProblems extends Error {
  override readonly name = 'ConfigurationProblems';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Collects problems while reading goes on. */
export class ProblemList {
  readonly problems: string[] = [];
  /** Every file that was looked for, and how it looked. */
  readonly files = new ObservedFiles();
  readonly parsed: ParsedFiles;

  /** @param parsed what came of files before */
  constructor(parsed = new ParsedFiles()) {
    this.parsed = parsed;
  }

  add(problem: string): void {
    this.problems.push(problem);
  }

  /** The text of a file, or null and a problem. */
  async read(file: string, whatFor: string): Promise<string | null> {
    return (await this.readOctets(file, whatFor))?.toString('utf8') ?? null;
  }

  /** The octets of a file, or null and a problem. */
  readOctets(file: string, whatFor: string): Promise<Buffer | null> {
    return this.attempt(file, whatFor, () => this.files.read(file));
  }

  /** How a file looks, or null and a problem: it is being written. */
  look(file: string, whatFor: string): Promise<string | null> {
    return this.attempt(file, whatFor, () => this.files.look(file));
  }

  /** What work with a file comes to, or null and a problem. */
  async attempt<T>(file: string, whatFor: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.add(`${file}: ${whatFor} cannot be read (${codeOf(error)}): ${adviceOf(codeOf(error))}`);
      return null;
    }
  }

  /** The value of a parser, or null and a problem. */
  parse<T>(file: string, whatFor: string, parse: () => T): T | null {
    try {
      return parse();
    } catch (error) {
      return this.#addUnusable(file, whatFor, error);
    }
  }

  /** The same of a parser that takes its time. */
  async parseLater<T>(file: string, whatFor: string, parse: () => Promise<T>): Promise<T | null> {
    try {
      return await parse();
    } catch (error) {
      return this.#addUnusable(file, whatFor, error);
    }
  }

  #addUnusable(file: string, whatFor: string, error: unknown): null {
    const why = error instanceof Refusal ? `${error.reason}${error.detail === undefined ? '' : `, ${error.detail}`}` : 'not readable';
    this.add(`${file}: ${whatFor} is not usable (${why}): replace it, or take it out of the policy`);
    return null;
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there; check the path',
  EACCES: 'let the user of the gateway read it',
  EISDIR: 'it is a folder; name a file',
  ENOTDIR: 'a part of the path is no folder',
  CHANGING: 'it is being written; it is read again when it holds still',
};

const adviceOf = (code: string): string => ADVICE[code] ?? 'check the path and the disk';
