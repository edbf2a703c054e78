import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '../client/connection.js';
import { decodeEvidence } from '../gateway/evidence.js';
import { judgeAgain, versionsInLeaf } from '../gateway/judged-again.js';
import { ReplayTerms } from '../gateway/replay-terms.js';
import { encodeLeaf, parseLeaf, type LeafFields } from '../log/index.js';
import { SEQUENCER_STEPS } from '../verification/index.js';
import { CannotRun, type AuditReport } from './audit-report.js';

export interface ReplayFileOptions {
  /** A folder of documents, each named by its SHA-256, or the URL of a gateway. */
  readonly documents?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** An opened entry, as `audit open` gives it. */
interface OpenedEntry {
  readonly index: number;
  readonly leaf: LeafFields;
  /** base64url. */
  readonly opening: string;
  readonly evidence: object;
}

const openedEntry = (octets: Uint8Array): OpenedEntry => {
  const value = JSON.parse(Buffer.from(octets).toString('utf8')) as Partial<OpenedEntry>;
  const { index, leaf, opening, evidence } = value;
  if (typeof index !== 'number' || typeof leaf !== 'object' || typeof opening !== 'string' || typeof evidence !== 'object')
    throw new CannotRun('the file is no opened entry: it needs index, leaf, opening and evidence');
  return { index, leaf, opening, evidence };
};

type Reader = { readonly read: (digest: string) => Promise<Uint8Array | null>; readonly close: () => void };

const folderReader = (folder: string): Reader => ({
  read: (digest) => readFile(join(folder, digest)).catch(() => null),
  close: () => undefined,
});

const remoteReader = async (place: string, { ca, cert, key }: ReplayFileOptions): Promise<Reader> => {
  const pem = async (file: string | undefined) => (file === undefined ? undefined : await readFile(file));
  const [authority, certificate, secret] = [await pem(ca), await pem(cert), await pem(key)];
  const tls = {
    ...(authority === undefined ? {} : { ca: authority }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(secret === undefined ? {} : { key: secret }),
  };
  const connection = new Connection({ url: new URL(place), ...tls });
  return {
    read: async (digest) => {
      const name = Buffer.from(digest, 'hex').toString('base64url');
      const { status, body } = await connection.call({ method: 'GET', path: `/v1/documents/${name}` });
      if (status === 200) return body;
      if (status === 404) return null;
      throw new CannotRun(`document ${name}: the gateway answered ${status}`);
    },
    close: () => connection.close(),
  };
};

/** Judges one opened entry again. What the sequencer ruled depends on the log before it, and is not judged here. */
export const replayFile = async (octets: Uint8Array, options: ReplayFileOptions): Promise<AuditReport> => {
  const { index, leaf: fields, opening, evidence } = openedEntry(octets);
  if (options.documents === undefined) throw new CannotRun('give --documents: a folder of documents, or the URL of a gateway');
  const reader = /^https:/i.test(options.documents) ? await remoteReader(options.documents, options) : folderReader(options.documents);
  try {
    // A leaf has one spelling.
    const leaf = encodeLeaf(fields);
    const parsed = parseLeaf(leaf);
    const { k, why } = parsed;
    const versions = versionsInLeaf(parsed);
    const terms = await new ReplayTerms(reader.read).of(versions);
    const decision = {
      octets: leaf,
      leaf: parsed,
      versions,
      opening: Buffer.from(opening, 'base64url'),
      evidence: decodeEvidence(Buffer.from(JSON.stringify(evidence))),
      sealed: null,
    };
    const { differences, ruled } = judgeAgain(decision, terms);
    const holds = differences.length === 0;
    const unjudged = ruled === null ? [] : SEQUENCER_STEPS.map(({ name }) => name);
    const said = k === 'accept' ? 'accepted' : `refused with ${why}`;
    const words = holds
      ? `holds: entry ${index}, ${said}, judged again the same${unjudged.length === 0 ? '' : `; not judged, since they need the log before it: ${unjudged.join(', ')}`}`
      : differences
          .map(({ where, expected, got }) => `entry ${index} differs at ${where}: the log says ${expected}, judged again ${got}`)
          .join('\n');
    return { code: holds ? 0 : 1, json: { holds, index, differences, unjudged }, words };
  } finally {
    reader.close();
  }
};
