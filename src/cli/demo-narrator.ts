/** One claim of the story, and whether it held. */
export interface Told {
  readonly chapter: string;
  readonly claim: string;
  readonly holds: boolean;
  /** What was seen instead, where it did not hold. */
  readonly seen?: string;
}

const COLOUR = { bold: '\u001b[1m', green: '\u001b[32m', red: '\u001b[31m', dim: '\u001b[2m', off: '\u001b[0m' } as const;

/** Tells the story as it happens, and remembers which of its claims held. */
export class Narrator {
  readonly told: Told[] = [];
  readonly #write: (text: string) => void;
  readonly #colour: boolean;
  #chapter = '';

  /** `colour` only where a person reads: a terminal. */
  constructor(write: (text: string) => void, colour: boolean) {
    this.#write = write;
    this.#colour = colour;
  }

  chapter(title: string): void {
    this.#chapter = title;
    this.#write(`\n${this.#in('bold', title)}\n`);
  }

  say(text: string): void {
    this.#write(`  ${this.#in('dim', text)}\n`);
  }

  /** A claim that must hold. The story goes on when it does not, so that everything that is wrong is seen at once. */
  claim(claim: string, holds: boolean, seen?: string): void {
    this.told.push({ chapter: this.#chapter, claim, holds, ...(holds || seen === undefined ? {} : { seen }) });
    const mark = holds ? this.#in('green', 'yes') : this.#in('red', 'NO ');
    this.#write(`  ${mark}  ${claim}${holds || seen === undefined ? '' : this.#in('red', ` (seen: ${seen})`)}\n`);
  }

  get allHeld(): boolean {
    return this.told.length > 0 && this.told.every((one) => one.holds);
  }

  #in(colour: keyof typeof COLOUR, text: string): string {
    return this.#colour ? `${COLOUR[colour]}${text}${COLOUR.off}` : text;
  }
}
