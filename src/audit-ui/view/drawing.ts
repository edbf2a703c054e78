import type uPlot from 'uplot';
import { number } from './words.js';

export interface Series {
  readonly label: string;
  readonly values: readonly number[];
  /** A custom property of style/base.css. */
  readonly colour: string;
  readonly dash?: readonly number[];
}

export interface PlotData {
  /** ms */
  readonly times: readonly number[];
  readonly series: readonly Series[];
}

/** px; style/parts.css keeps the place free. */
const HEIGHT = 180;
/** px: room for `2026-11-24` below a mark, and some between two. */
const MARK_WIDTH = 80;

/** uPlot: per span of the axis in seconds, how its marks are written, and what is added at a new year, day or hour. */
const CLOCK: uPlot.Axis.Values = [
  [31_536_000, '{YYYY}', null, null, null, null, null, null, 1],
  [2_419_200, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
];

const optionsOf = (library: typeof uPlot, width: number, { series }: PlotData, isStepped: boolean): uPlot.Options => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const line = { stroke: colour('--line'), width: 1 };
  const axis = { stroke: colour('--quiet'), grid: line, ticks: line, font: '12px system-ui' };
  const stepped = isStepped ? library.paths.stepped?.({ align: 1 }) : undefined;
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    tzDate: (seconds) => library.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: { y: { range: (_, _low, high) => [0, Math.max(1, high * 1.1)] } },
    axes: [
      { ...axis, space: MARK_WIDTH, values: CLOCK },
      { ...axis, size: 56, values: (_, splits) => splits.map((split) => (Number.isInteger(split) ? number(split) : '')) },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name, dash }) => ({
        label,
        stroke: colour(name),
        width: 2,
        points: { show: false },
        ...(dash === undefined ? {} : { dash: [...dash] }),
        ...(stepped === undefined ? {} : { paths: stepped }),
      })),
    ],
  };
};

const dataOf = ({ times, series }: PlotData): uPlot.AlignedData => [
  times.map((time) => time / 1000),
  ...series.map(({ values }) => [...values]),
];

/** A plot on a place of the page; drawn again when the data, the width or the colours of the system change. */
export class Drawing {
  readonly #box: HTMLElement;
  readonly #isStepped: boolean;
  readonly #colours = matchMedia('(prefers-color-scheme: dark)');
  readonly #resize = new ResizeObserver(() => this.#draw());
  readonly #follow = (): void => this.#draw();
  #library: typeof uPlot | null = null;
  #plot: uPlot | null = null;
  #data: PlotData;

  constructor(box: HTMLElement, data: PlotData, isStepped: boolean) {
    [this.#box, this.#data, this.#isStepped] = [box, data, isStepped];
  }

  /** Loads what draws: only who looks at plots pays for it. */
  async start(): Promise<void> {
    const [{ default: library }] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
    this.#library = library;
    this.#colours.addEventListener('change', this.#follow);
    this.#resize.observe(this.#box);
  }

  show(data: PlotData): void {
    this.#data = data;
    this.#plot?.setData(dataOf(data));
  }

  stop(): void {
    this.#resize.disconnect();
    this.#colours.removeEventListener('change', this.#follow);
    this.#plot?.destroy();
    this.#library = null;
  }

  #draw(): void {
    const library = this.#library;
    if (library === null) return;
    this.#plot?.destroy();
    this.#plot = new library(optionsOf(library, this.#box.clientWidth, this.#data, this.#isStepped), dataOf(this.#data), this.#box);
  }
}
