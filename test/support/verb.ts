import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** A verb of the command line as a process of its own, and what it says. */
export class Verb {
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly child: ChildProcessWithoutNullStreams;
  readonly exit: Promise<number | null>;
  readonly #seen = new Set<() => void>();
  #ended = false;

  constructor(...args: string[]) {
    // Said, since what a test sets is not what a child is given by itself.
    this.child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env } });
    this.#collect('stdout', this.out);
    this.#collect('stderr', this.err);
    this.exit = new Promise((resolve) => {
      this.child.once('close', (code) => {
        this.#ended = true;
        resolve(code);
        this.#wake();
      });
    });
  }

  /** Resolves when a line of either stream holds the text; rejects when the process ends before. */
  async says(text: string): Promise<string> {
    for (;;) {
      const line = [...this.out, ...this.err].find((candidate) => candidate.includes(text));
      if (line !== undefined) return line;
      if (this.#ended) throw new Error(`ended before it said ${text}: ${this.err.join('\n')}`);
      await new Promise<void>((resolve) => this.#seen.add(resolve));
    }
  }

  #collect(stream: 'stdout' | 'stderr', lines: string[]): void {
    createInterface({ input: this.child[stream] }).on('line', (line) => {
      lines.push(line);
      this.#wake();
    });
  }

  #wake(): void {
    for (const wake of this.#seen) wake();
    this.#seen.clear();
  }
}
