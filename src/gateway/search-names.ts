/** Names that columns hold as numbers: clients, signers, reasons, actions. There are as many as the log has different ones. */
export class SearchNames {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [''];

  /** 0 is null's. */
  numberOf(text: string | null): number {
    if (text === null) return 0;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** Null: no entry has it. */
  find(text: string): number | null {
    return this.#numbers.get(text) ?? null;
  }

  textOf(number: number): string | null {
    return number === 0 ? null : (this.#texts[number] ?? null);
  }
}
