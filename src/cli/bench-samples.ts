/** Whether two sets of times can be told apart, by the two measures that standards (threats 4.2) ask for. */

/** In order, without the slowest hundredth: what the machine did meanwhile. */
export const trimmed = (times: readonly number[]): number[] => times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length * 0.99));

/**
 * Two-sample Kolmogorov-Smirnov: the probability of a difference as large as this, or larger, if both came of one distribution.
 * By the limiting series of Kolmogorov with the correction of Stephens for finite samples. Both sorted.
 */
export const smirnov = (a: readonly number[], b: readonly number[]): number => {
  const effective = Math.sqrt((a.length * b.length) / (a.length + b.length));
  const x = (effective + 0.12 + 0.11 / effective) * largestGap(a, b);
  if (x < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k += 1) sum += 2 * (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
};

/** Between the two empirical distribution functions. */
const largestGap = (a: readonly number[], b: readonly number[]): number => {
  let [i, j, gap] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && a[i] === at) i += 1;
    while (j < b.length && b[j] === at) j += 1;
    gap = Math.max(gap, Math.abs(i / a.length - j / b.length));
  }
  return gap;
};

/** How often a guess by time alone is right: 0.5 a coin, 1 always. Mann-Whitney, ties half; whichever of the two is the slower. Both sorted. */
export const areaUnderCurve = (a: readonly number[], b: readonly number[]): number => {
  let [below, upTo, wins] = [0, 0, 0];
  for (const value of a) {
    while (below < b.length && (b[below] as number) < value) below += 1;
    upTo = Math.max(upTo, below);
    while (upTo < b.length && b[upTo] === value) upTo += 1;
    wins += below + (upTo - below) / 2;
  }
  const area = wins / (a.length * b.length);
  return Math.max(area, 1 - area);
};
