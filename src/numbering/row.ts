/** A block of numbers that one provider answers for: `count` numbers of the length of `start`, from `start` on. */
export interface NumberingRow {
  readonly spc: string;
  /** Digits, country code first. */
  readonly start: string;
  readonly count: number;
  /** Milliseconds; null = since ever. */
  readonly validFrom: number | null;
}
