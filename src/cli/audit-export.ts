import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { encodeBase64 } from '../encoding/index.js';
import type { FilterTexts } from '../log/index.js';
import { filterOf, matching, type Match } from './audit-filter.js';
import { lineOf } from './audit-grep.js';
import { readSigningKey, signManifest } from './audit-manifest.js';
import { openLog, openPlace, type PlaceOptions } from './audit-place.js';
import { CannotRun, type AuditReport } from './audit-report.js';
import { csvRecord } from './csv.js';
import { PacedOutput } from './paced-output.js';

export interface ExportOptions extends PlaceOptions, FilterTexts {
  readonly format: string;
  readonly manifest?: string;
  readonly key?: string;
}

const COLUMNS: readonly (readonly [string, (match: Match) => string | number | null])[] = [
  ['index', ({ index }) => index],
  ['leafHash', ({ leafHash }) => encodeBase64(leafHash)],
  ['time', ({ fields }) => new Date(fields.t).toISOString()],
  ['kind', ({ fields }) => fields.k],
  ['action', ({ fields }) => fields.act],
  ['client', ({ fields }) => fields.ap],
  ['spc', ({ fields }) => fields.np?.spc ?? null],
  ['domain', ({ fields }) => fields.np?.dom ?? null],
  ['reason', ({ fields }) => fields.why],
  ['passport', ({ fields }) => fields.tok],
  ['sii', ({ fields }) => fields.sii],
  ['mapping', ({ fields }) => fields.map],
  ['gateway', ({ fields }) => fields.gw],
  ['leaf', ({ leaf }) => Buffer.from(leaf).toString('latin1')],
];

const FORMATS: Readonly<Record<string, { readonly head: string; readonly row: (match: Match) => string }>> = {
  csv: { head: csvRecord(COLUMNS.map(([name]) => name)), row: (match) => csvRecord(COLUMNS.map(([, of]) => of(match))) },
  jsonl: { head: '', row: lineOf },
};

/**
 * Writes the entries that fit to standard output, each verified under the checkpoint, and what was written to a signed manifest.
 * Proven by the manifest: who exported these octets of which log, under which checkpoint. That nothing is left out, `audit grep` with the same filters shows.
 */
export const auditExport = async (where: string, options: ExportOptions): Promise<AuditReport> => {
  const { filter, texts } = filterOf(options);
  const format = FORMATS[options.format];
  if (format === undefined || !Object.hasOwn(FORMATS, options.format)) throw new CannotRun('--format is csv or jsonl');
  if ((options.manifest === undefined) !== (options.key === undefined)) throw new CannotRun('--manifest and --key go together');
  const key = options.key === undefined ? null : await readSigningKey(options.key);
  const place = await openPlace(where, options);
  try {
    const { log, checkpoint, note } = await openLog(place);
    const output = new PacedOutput(process.stdout);
    const digest = createHash('sha256');
    const write = async (text: string): Promise<void> => {
      digest.update(text, 'latin1');
      await output.write(text);
    };
    const misfits: number[] = [];
    let rows = 0;
    await write(format.head);
    for await (const match of matching(log, filter, { misfits })) {
      await write(format.row(match));
      rows += 1;
    }
    await output.flush();
    if (output.isGone) throw new CannotRun('standard output was closed before all was written');
    if (misfits.length > 0) process.stderr.write(`${misfits.length} entries have no leaf's form, the first at ${misfits[0]}\n`);
    if (key !== null && options.manifest !== undefined) {
      const { origin, root } = checkpoint;
      const sha256 = digest.digest('base64');
      const facts = {
        v: 1,
        origin,
        size: log.size,
        root: encodeBase64(root),
        checkpoint: note,
        filters: texts,
        format: options.format,
        rows,
        misfits: misfits.length,
        sha256,
      };
      await writeFile(options.manifest, await signManifest(facts, key));
    }
    return { code: 0, json: {}, words: '' };
  } finally {
    place.close();
  }
};
