/** Where a bar is drawn; standard error as a rule. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WIDTH = 30;
const EVERY_MS = 100;

/** How far a long piece of work is, on a terminal alone, ten times a second. */
export class ImportProgress {
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #total: number;
  readonly #before: number;
  readonly #since: number;
  #drawn = -Infinity;

  /** @param before lines that were done by an earlier run; `now` counts ms from any moment */
  constructor(total: number, before: number, screen: Screen, now: () => number) {
    this.#total = total;
    this.#before = before;
    this.#screen = screen;
    this.#now = now;
    this.#since = now();
  }

  tell(done: number, refused?: number): void {
    if (this.#screen.isTTY !== true || this.#now() - this.#drawn < EVERY_MS) return;
    this.#draw(done, refused);
  }

  end(done: number, refused?: number): void {
    if (this.#screen.isTTY !== true) return;
    this.#draw(done, refused);
    this.#screen.write('\n');
  }

  #draw(done: number, refused?: number): void {
    this.#drawn = this.#now();
    const filled = Math.round((WIDTH * done) / Math.max(1, this.#total));
    const rate = Math.round(((done - this.#before) * 1000) / Math.max(1, this.#drawn - this.#since));
    const bar = `${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}`;
    this.#screen.write(`\r[${bar}] ${done} of ${this.#total}, ${rate}/s${refused === undefined ? '' : `, ${refused} refused`}`);
  }
}
