import { peekLeaf } from '../log/index.js';
import type { WriteAheadLog } from '../ports/index.js';

/** Index of the first leaf of that time or later, ms; the log's size when there is none. Times never go back, so it is searched for by halves. */
export const firstLeafSince = async (wal: Pick<WriteAheadLog, 'size' | 'get'>, time: number): Promise<number> => {
  let [low, high] = [0, wal.size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const { leaf } = await wal.get(middle);
    if (peekLeaf(leaf).t < time) low = middle + 1;
    else high = middle;
  }
  return low;
};
