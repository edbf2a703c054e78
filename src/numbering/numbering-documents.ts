import { NumberingPlan } from './numbering-plan.js';
import { tableOfOctets } from './numbering-table.js';
import { silenceOfLines } from './scope.js';

/** What the version of a plan is the digest of, and what that names: the tables. */
export function* documentsOfPlan(plan: NumberingPlan): Generator<{ readonly digest: string; pieces(): Iterable<Uint8Array> }> {
  for (const table of plan.tables) yield { digest: table.digest, pieces: () => table.pieces() };
  yield { digest: plan.version, pieces: () => [Buffer.from(plan.document)] };
}

/** The plan of which this is the document. */
export const planOfDocuments = async (document: string, read: (digest: string) => Promise<Uint8Array>): Promise<NumberingPlan> => {
  const tables = [];
  const lines = document.split('\n').slice(0, -1);
  for (const digest of lines.filter((line) => !line.includes(' '))) {
    const { buffer, byteOffset, byteLength } = await read(digest);
    tables.push(tableOfOctets(Buffer.from(buffer, byteOffset, byteLength)));
  }
  return new NumberingPlan(tables, silenceOfLines(lines));
};
