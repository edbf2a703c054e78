/** RFC 3492 section 6.3, written from the RFC: a second encoder beside the runtime's. */

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const INITIAL_N = 0x80;

const digit = (value: number): string => String.fromCharCode(value < 26 ? 97 + value : 22 + value);

const adapt = (delta: number, points: number, first: boolean): number => {
  let left = first ? Math.floor(delta / 700) : Math.floor(delta / 2);
  left += Math.floor(left / points);
  let k = 0;
  for (; left > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) left = Math.floor(left / (BASE - T_MIN));
  return k + Math.floor((BASE * left) / (left + 38));
};

const variableLength = (value: number, bias: number): string => {
  let text = '';
  let left = value;
  for (let k = BASE; ; k += BASE) {
    const t = Math.min(Math.max(k - bias, T_MIN), T_MAX);
    if (left < t) return text + digit(left);
    text += digit(t + ((left - t) % (BASE - t)));
    left = Math.floor((left - t) / (BASE - t));
  }
};

/** `xn--` and the Punycode of the label, whatever it is: nothing is mapped or checked. */
export const aLabelOf = (label: string): string => {
  const points = Array.from(label, (character) => character.codePointAt(0) ?? 0);
  const basic = points.filter((point) => point < INITIAL_N);
  let text = String.fromCharCode(...basic) + (basic.length > 0 ? '-' : '');
  let [n, delta, bias, done] = [INITIAL_N, 0, 72, basic.length];
  while (done < points.length) {
    const next = Math.min(...points.filter((point) => point >= n));
    delta += (next - n) * (done + 1);
    for (const point of points) {
      if (point < next) delta += 1;
      if (point !== next) continue;
      text += variableLength(delta, bias);
      bias = adapt(delta, done + 1, done === basic.length);
      delta = 0;
      done += 1;
    }
    n = next + 1;
    delta += 1;
  }
  return `xn--${text}`;
};
