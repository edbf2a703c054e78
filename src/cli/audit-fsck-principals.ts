import type { FileDomainRecords, FileWal } from '../adapters/files/index.js';
import { encodePrincipalChange, parsePrincipalChange, type PrincipalChange } from '../gateway/index.js';
import { PrincipalTail } from '../gateway/principal-decision.js';
import { peekLeaf, type FsckProblem } from '../log/index.js';

/**
 * That what a start would have in force of principals is what the log says: the records, and over them what leaves since the snapshot say (`recovered`).
 * A record of a change that came after this reading of the log is passed over.
 */
export const fsckPrincipals = async (
  records: FileDomainRecords,
  wal: FileWal,
  recovered: readonly PrincipalChange[],
): Promise<FsckProblem | null> => {
  const said = await saidByLog(wal);
  const inForce = new Map<string, string>();
  for (const { path, octets } of await records.load()) {
    const change = parsePrincipalChange(octets);
    const file = path.slice(path.lastIndexOf('principals/'));
    if (change === null) return { path: file, what: 'is damaged' };
    if (change.logIndex >= wal.size) continue;
    if (!said.has(change.domain)) return { path: file, what: 'says what no leaf says' };
    inForce.set(change.domain, spell(change));
  }
  for (const change of recovered) inForce.set(change.domain, spell(change));
  for (const [domain, change] of said) {
    const [have, want] = [inForce.get(domain), spell(change)];
    if (have === want) continue;
    const what = `the record of ${domain} ${have === undefined ? 'is missing' : 'is another'} than what entry ${change.logIndex} says`;
    return { path: 'principals', what };
  }
  return null;
};

const spell = (change: PrincipalChange): string => encodePrincipalChange(change).toString();

const saidByLog = async (wal: FileWal): Promise<Map<string, PrincipalChange>> => {
  const tail = new PrincipalTail();
  for await (const { index, record } of wal.read(0)) if (peekLeaf(record.leaf).k === 'principal') tail.take(index, record.leaf);
  return new Map(tail.changes.map((change) => [change.domain, change]));
};
