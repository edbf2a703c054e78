import { useEffect, useRef } from 'preact/hooks';
import { Drawing, type PlotData } from './drawing.js';
import { moment, number } from './words.js';

interface PlotProps {
  readonly title: string;
  /** In words what the plot shows, for who does not see it. */
  readonly summary: string;
  readonly data: PlotData;
  readonly isStepped?: boolean;
}

const useDrawing = (data: PlotData, isStepped: boolean) => {
  const box = useRef<HTMLDivElement>(null);
  const drawing = useRef<Drawing | null>(null);
  useEffect(() => {
    if (box.current === null) return undefined;
    const made = new Drawing(box.current, data, isStepped);
    drawing.current = made;
    void made.start();
    return () => made.stop();
  }, [isStepped]);
  useEffect(() => drawing.current?.show(data), [data]);
  return box;
};

const Legend = ({ series }: Pick<PlotData, 'series'>) => (
  <ul class="legend" aria-hidden="true">
    {series.map(({ label, colour, dash }) => (
      <li key={label}>
        <svg width="22" height="8">
          <line x1="0" y1="4" x2="22" y2="4" stroke={`var(${colour})`} stroke-width="2.5" stroke-dasharray={dash?.join(' ') ?? 'none'} />
        </svg>
        {label}
      </li>
    ))}
  </ul>
);

const Table = ({ times, series }: PlotData) => (
  <table>
    <thead>
      <tr>
        <th scope="col">From</th>
        {series.map(({ label }) => (
          <th scope="col" key={label}>
            {label}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {times.map((time, i) => (
        <tr key={time}>
          <th scope="row">{moment(time)}</th>
          {series.map(({ label, values }) => (
            <td key={label}>{number(values[i] ?? 0)}</td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
);

/** A plot and, beside it, the same in words and as a table. */
export const Plot = ({ title, summary, data, isStepped = false }: PlotProps) => {
  const box = useDrawing(data, isStepped);
  return (
    <figure class="plot">
      <figcaption>
        <strong>{title}</strong>
        <Legend series={data.series} />
      </figcaption>
      <div ref={box} class="canvas" role="img" aria-label={`${title}. ${summary}`} />
      <details>
        <summary>As a table: {title}</summary>
        <div class="scroll" tabIndex={0} role="region" aria-label={`Table: ${title}`}>
          <Table {...data} />
        </div>
      </details>
    </figure>
  );
};
