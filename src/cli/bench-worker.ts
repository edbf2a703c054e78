import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { MAIN } from './demo-gateway.js';

/** Modules that run as a process of their own, so that what is measured and what measures it do not share a core's turn. */
export const WORKERS = {
  load: async () => (await import('./bench-load.js')).work,
  stream: async () => (await import('./bench-stream.js')).work,
  origin: async () => (await import('./bench-origin.js')).work,
  bare: async () => (await import('./bench-bare.js')).work,
  numbering: async () => (await import('./bench-numbering.js')).work,
  sweep: async () => (await import('./bench-sweep.js')).work,
} as const;

export type WorkerName = keyof typeof WORKERS;

/** What a worker does: one JSON task a line in, one JSON answer a line out, until its input ends. */
export type Work = (task: unknown) => Promise<unknown>;

/** The worker's side: `signpost bench --worker NAME`. */
export const serveWorker = async (name: WorkerName): Promise<number> => {
  const work = await WORKERS[name]();
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await work(JSON.parse(line)))}\n`);
  }
  return 0;
};

/** The measurer's side. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor(name: WorkerName) {
    this.#child = spawn(process.execPath, [MAIN, 'bench', '--worker', name], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('a worker without output');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error when the worker ended instead of answering */
  async ask<T>(task: unknown): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(task)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('a worker of the benchmark ended');
    return JSON.parse(value) as T;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(late);
  }
}
