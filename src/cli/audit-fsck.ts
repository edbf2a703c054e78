import { join } from 'node:path';
import { fsckLog, type FsckReport } from '../log/index.js';
import { ImportProgress } from './import-progress.js';
import { isFolder, openPlace } from './audit-place.js';
import { fsckDirectory } from './audit-fsck-directory.js';
import type { AuditReport } from './audit-report.js';

export interface FsckOptions {
  readonly logVkey?: string;
  readonly ca?: string;
}

/** How far it is, on standard error. How many entries there are is known once the checkpoint is read. */
class FsckBar {
  #bar: ImportProgress | null = null;
  #done = 0;

  tell(done: number, all: number): void {
    this.#bar ??= new ImportProgress(all, 0, process.stderr, () => performance.now());
    this.#bar.tell(done);
    this.#done = done;
  }

  end(): void {
    this.#bar?.end(this.#done);
  }
}

/** A published log: over https, or in a folder that is no data directory. */
const fsckTiles = async (place: string, options: FsckOptions): Promise<FsckReport> => {
  const published = await openPlace(place, options);
  const { read, vkey } = published;
  try {
    const bar = new FsckBar();
    const report = await fsckLog({ read, tell: (done, all) => bar.tell(done, all) }, vkey);
    bar.end();
    return report;
  } finally {
    published.close();
  }
};

/** Derives a log again and names the first thing that is wrong. */
export const auditFsck = async (place: string, options: FsckOptions): Promise<AuditReport> => {
  const remote = /^https?:/i.test(place);
  const isData = !remote && !(await isFolder(join(place, 'tile')));
  const { size, root, problem, ...more } = isData ? await fsckDirectory(place, options) : await fsckTiles(place, options);
  const key =
    remote && options.logVkey === undefined ? '; under the key that the gateway hands out: give --log-vkey to hold it to one you know' : '';
  const looked = !isData
    ? 'every tile, root and leaf'
    : 'every tile, root, leaf, record, key, mapping, principal, batch and piece of evidence';
  if (problem !== null) {
    return {
      code: 1,
      json: { holds: false, place, size, root, problem, ...more },
      words: `does not hold: ${problem.path}: ${problem.what}`,
    };
  }
  return {
    code: 0,
    json: { holds: true, place, size, root, problem: null, ...more },
    words: `holds: ${size} entries under root ${root}; ${looked} derived again${key}`,
  };
};
