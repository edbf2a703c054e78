import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../reading/rows.js';
import { Mark } from './notice.js';
import { entryLink } from './route.js';
import { kindWords, moment, number, visible } from './words.js';

interface GridProps {
  /** How many rows there are. */
  readonly count: number;
  /** The entry at a place of the grid. */
  readonly indexAt: (place: number) => number;
  /** Undefined: not read yet. */
  readonly rowOf: (index: number) => Row | undefined;
  /** What is in view: places from `first` to before `last`. */
  readonly onView: (first: number, last: number) => void;
}

/** px; style/grid.css gives rows the same. */
const HEIGHT = { wide: 36, narrow: 64 } as const;
const AROUND = 8;
/** Browsers draw no element much higher than 2^24 px. */
const MOST = 250_000;

const COLUMNS = ['Entry', 'Decided, UTC', 'Decision', 'Action', 'Client', 'Provider', 'Reason'] as const;

const useIsNarrow = (): boolean => {
  const query = '(max-width: 46rem)';
  const [isNarrow, setNarrow] = useState(matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const follow = (): void => setNarrow(list.matches);
    list.addEventListener('change', follow);
    return () => list.removeEventListener('change', follow);
  }, []);
  return isNarrow;
};

const Cells = ({ index, row }: { readonly index: number; readonly row: Row | undefined }) => {
  const kind = row === undefined ? null : kindWords(row.kind);
  const cells = [
    <a href={entryLink(index)} tabIndex={-1}>
      {number(index)}
    </a>,
    row === undefined ? 'not read yet' : moment(row.time).replace(' UTC', ''),
    kind === null ? '' : <Mark tone={kind.tone}>{kind.title}</Mark>,
    visible(row?.action ?? '', 40),
    visible(row?.ap ?? '', 80),
    visible(row?.provider ?? '', 80),
    row === undefined || row.why === 'OK' ? '' : visible(row.why, 60),
  ];
  return cells.map((cell, i) => (
    <span key={COLUMNS[i]} role="gridcell" class={`cell cell-${i}`}>
      {cell}
    </span>
  ));
};

const moves = (page: number): Readonly<Record<string, number>> => ({
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: page,
  PageUp: -page,
  Home: -Infinity,
  End: Infinity,
});

/** A table of any length: only the rows in view are in the document. Arrow keys move, Enter opens. */
export const EntryGrid = ({ count, indexAt, rowOf, onView }: GridProps) => {
  const shown = Math.min(count, MOST);
  const height = useIsNarrow() ? HEIGHT.narrow : HEIGHT.wide;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, page: 12 });
  const [active, setActive] = useState(0);
  const first = Math.max(0, Math.min(shown, Math.floor(view.top / height)) - AROUND);
  const last = Math.min(shown, Math.ceil(view.top / height) + view.page + AROUND);
  const look = (): void => {
    if (box.current === null) return;
    setView({ top: box.current.scrollTop, page: Math.max(1, Math.floor(box.current.clientHeight / height) - 1) });
  };
  useLayoutEffect(look, [height, shown]);
  useEffect(() => onView(first, last), [first, last, shown]);
  const go = (place: number): void => {
    const next = Math.max(0, Math.min(shown - 1, place));
    setActive(next);
    const { current } = box;
    if (current === null) return;
    // The head stays on top, one row high.
    const [top, bottom] = [next * height, (next + 2) * height];
    if (top < current.scrollTop) current.scrollTop = top;
    if (bottom > current.scrollTop + current.clientHeight) current.scrollTop = bottom - current.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (shown === 0) return;
    if (event.key === 'Enter') location.hash = entryLink(indexAt(active));
    const move = moves(view.page)[event.key];
    if (move === undefined) return;
    event.preventDefault();
    go(active + move);
  };
  return (
    <div
      class="grid"
      ref={box}
      role="grid"
      tabIndex={0}
      aria-label="Entries, newest first"
      aria-rowcount={shown + 1}
      aria-activedescendant={shown > 0 && active >= first && active < last ? `row-${active}` : undefined}
      onScroll={look}
      onKeyDown={onKeyDown}
    >
      <div class="grid-row grid-head" role="row" aria-rowindex={1}>
        {COLUMNS.map((name, i) => (
          <span key={name} role="columnheader" class={`cell cell-${i}`}>
            {name}
          </span>
        ))}
      </div>
      <div class="grid-body" role="rowgroup" style={{ height: `${shown * height}px` }}>
        {Array.from({ length: Math.max(0, last - first) }, (_, i) => {
          const place = first + i;
          const index = indexAt(place);
          return (
            <div
              key={place}
              id={`row-${place}`}
              role="row"
              class={place === active ? 'grid-row active' : 'grid-row'}
              aria-rowindex={place + 2}
              aria-selected={place === active}
              style={{ transform: `translateY(${place * height}px)` }}
              onClick={() => {
                setActive(place);
                location.hash = entryLink(index);
              }}
            >
              <Cells index={index} row={rowOf(index)} />
            </div>
          );
        })}
      </div>
    </div>
  );
};
