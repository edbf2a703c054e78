import { AuditClient, ApiRefusal, Connection } from '../client/index.js';
import { parseLeaf, verifyOpening, type LeafFields, type Opening } from '../log/index.js';
import { Refusal } from '../reasons/index.js';
import { tlsOf, type CallerOptions } from './ap-caller.js';
import { ownKey } from './audit-place.js';
import { leafInWords } from './audit-leaf-words.js';
import { openInDirectory } from './audit-open-directory.js';
import { requiredKey } from './audit-policy.js';
import { CannotRun, type AuditReport } from './audit-report.js';

export interface OpenOptions extends Pick<CallerOptions, 'pki' | 'as' | 'ca' | 'cert' | 'key'> {
  readonly case?: string;
  readonly logVkey?: string;
}

/** What an entry commits to, and who can tell that it was looked at. */
export const auditOpen = async (place: string, typed: string, options: OpenOptions): Promise<AuditReport> => {
  if (/^http:/i.test(place)) throw new CannotRun('only https URLs are read');
  if (!/^(?:0|[1-9][0-9]{0,14})$/.test(typed)) throw new CannotRun('the index is a number');
  const index = Number(typed);
  try {
    return await (/^https:/i.test(place) ? openAt(place, index, options) : openIn(place, index));
  } catch (error) {
    if (!(error instanceof ApiRefusal) && !(error instanceof Refusal)) throw error;
    if (error.name === 'Unavailable') throw error;
    return {
      code: 1,
      json: { opened: false, reason: error.reason, detail: error.detail ?? null },
      words: `not opened: ${error.reason}${error.message.startsWith(error.reason) ? error.message.slice(error.reason.length) : `: ${error.message}`}`,
    };
  }
};

const openAt = async (url: string, index: number, options: OpenOptions): Promise<AuditReport> => {
  const caseId = options.case;
  if (caseId === undefined) throw new CannotRun('--case is needed: every opening is under one');
  const tls = tlsOf({ ...options, url });
  const logVkey = options.logVkey === undefined ? await keyOf(url, tls) : requiredKey(options.logVkey, '--log-vkey');
  const client = new AuditClient({ url, ...tls, logVkey });
  try {
    const { leaf, size, opened } = await client.open(index, caseId);
    const { logIndex, ...shown } = opened;
    const key =
      options.logVkey === undefined ? ', under the key that the gateway hands out: give --log-vkey to hold it to one you know' : '';
    const proven = `the log has the entry, under its checkpoint of ${size} entries${key}`;
    return reportOf(parseLeaf(leaf), shown, { logIndex, size: Number(size) }, [
      proven,
      `entry ${logIndex} of the log says that you opened it, and under which case to who opens that`,
    ]);
  } finally {
    client.close();
  }
};

const keyOf = async (url: string, tls: ReturnType<typeof tlsOf>): Promise<string> => {
  const connection = new Connection({ url, ...tls });
  try {
    return await ownKey(connection);
  } finally {
    connection.close();
  }
};

const openIn = async (place: string, index: number): Promise<AuditReport> => {
  const { leaf, opened } = await openInDirectory(place, index);
  verifyOpening(leaf, opened);
  return reportOf(leaf, { index, ...opened }, { logIndex: null, size: null }, [
    'whether the log has the entry is not proven here: audit fsck does that',
    'opened with the keys of the data directory: no entry of the log says so',
  ]);
};

const reportOf = (
  leaf: LeafFields,
  opened: Opening & { readonly index: number },
  where: { readonly logIndex: number | null; readonly size: number | null },
  lines: readonly string[],
): AuditReport => ({
  code: 0,
  json: { ...opened, opened: true, ...where, leaf },
  words: [leafInWords(leaf), ...linesOf(opened), 'the leaf commits to exactly this: proven', ...lines].join('\n'),
});

const linesOf = (opened: Opening): string[] => {
  if ('case' in opened) return [`case ${opened.case}`];
  if ('list' in opened) return opened.list.map(({ logIndex, subject }) => `registered by entry ${logIndex}, store key ${subject}`);
  const { sii, ssi, provider, fingerprints, evidence } = opened;
  return [
    `sii ${sii ?? 'none could be read'}`,
    ...(ssi === null ? [] : [`ssi ${ssi}${provider === null ? '' : ` at ${provider}`}`]),
    ...(evidence?.passport === undefined ? [] : [`passport ${evidence.passport}`]),
    ...fingerprints.map((print, i) => `${i === 0 ? 'end-entity' : 'issuer'} certificate, SHA-256 ${print}`),
  ];
};
