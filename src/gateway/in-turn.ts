/** Work that is done side by side, and whose outcomes come in the order in which it was begun. */
export class InTurn {
  #last: Promise<unknown> = Promise.resolve();

  /** The outcome of `work`, once all that was taken before has its own. */
  take<T>(work: Promise<T>): Promise<T> {
    const turn = Promise.all([work, this.#last]).then(([outcome]) => outcome);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
