import { join } from 'node:path';
import { Option, type Command } from 'commander';
import {
  readCertificates,
  writePrivateKey,
  writeCertificates,
  writeRevocationList,
  type ListFilter,
  type Renewed,
} from '../adapters/desk/index.js';
import { foldDomain } from '../identifiers/index.js';
import { parseCertificate } from '../x509/index.js';
import { credentialRows, credentialsJson } from './np-credential-table.js';
import { deskOf, foldMailbox, type Does } from './np-desk.js';
import { collectNumbers, deskOptions, NOTHING, parseDuration, whyOf, whyOption, type DeskOptions } from './np-options.js';
import { instant, type DeskReport } from './np-report.js';

interface ListOptions extends DeskOptions {
  readonly to?: string;
  readonly number: ListFilter['numbers'];
  readonly mailbox?: string;
  readonly serial?: string;
  readonly state?: 'live' | 'expired' | 'revoked';
}

export const filterOf = ({ to, number, mailbox, serial, state }: Omit<ListOptions, 'dir'>): ListFilter => ({
  ...(to === undefined ? {} : { to: foldDomain(to) }),
  ...(number === undefined ? {} : { numbers: number }),
  ...(mailbox === undefined ? {} : { mailbox: foldMailbox(mailbox) }),
  ...(serial === undefined ? {} : { serial: serial.toLowerCase() }),
  ...(state === undefined ? {} : { state }),
});

const list = async (options: ListOptions): Promise<DeskReport> => {
  const credentials = await deskOf(options).list(filterOf(options));
  return { json: { credentials: credentialsJson(credentials) }, words: credentialRows(credentials) };
};

interface RenewOptions extends DeskOptions {
  readonly serial?: string;
  readonly certificate?: string;
  readonly allDue?: true;
  readonly lifetime?: number;
  readonly out: string;
  readonly why?: string;
}

/** `SERIAL.pem` in the folder, with the key beside it if it was made here. */
const write = (folder: string, { serial, renews, path, key, crl }: Renewed): Readonly<Record<string, unknown>> => {
  const file = (ending: string): string => join(folder, `${serial}${ending}`);
  if (key !== null) writePrivateKey(file('.key.pem'), key.privateKey);
  if (crl !== null) writeRevocationList(file('.crl.pem'), crl);
  writeCertificates(file('.pem'), path);
  const { notAfter } = parseCertificate(path[0] ?? Buffer.alloc(0));
  return { serial, renews, chain: file('.pem'), key: key === null ? null : file('.key.pem'), notAfter: instant(notAfter) };
};

const serialsOf = async (options: RenewOptions): Promise<{ readonly serial: string; readonly certificate?: Buffer }[]> => {
  if (options.allDue === true) return await deskOf(options).due();
  if (options.serial !== undefined) return [{ serial: options.serial.toLowerCase() }];
  const [certificate] = options.certificate === undefined ? [] : readCertificates(options.certificate);
  if (certificate === undefined) throw new Error('give --serial, --certificate or --all-due');
  return [{ serial: Buffer.from(parseCertificate(certificate).serial).toString('hex'), certificate }];
};

const renew = async (options: RenewOptions): Promise<DeskReport> => {
  const desk = deskOf(options);
  const { lifetime } = options;
  const renewed = [];
  for (const { serial, certificate } of await serialsOf(options)) {
    const terms = { ...(lifetime === undefined ? {} : { lifetime }), ...whyOf(options) };
    renewed.push(write(options.out, await desk.renew({ serial, ...(certificate === undefined ? {} : { certificate }), ...terms })));
  }
  return { json: { renewed }, words: renewed.map(({ chain }) => String(chain)).join('\n') || 'nothing is due' };
};

/** What a desk has given out, and giving it out again. */
export const listCommands = (desk: Command, does: Does): void => {
  deskOptions(desk.command('list').description('what this desk has issued, and how it stands'))
    .option('--to <domain>', 'for this AP or enterprise')
    .option('--number <number>', 'over this number or range', collectNumbers, NOTHING)
    .option('--mailbox <address>', 'for this mailbox')
    .option('--serial <hex>', 'with this serial number')
    .addOption(new Option('--state <state>', 'that is').choices(['live', 'expired', 'revoked']))
    .action(does(list));
  whyOption(deskOptions(desk.command('renew').description('issue a credential again: same scope, binding and subject')))
    .option('--serial <hex>', 'serial number')
    .option('--certificate <file>', 'PEM of the certificate')
    .option('--all-due', 'all with less than a third of their life left')
    .option('--lifetime <duration>', 'how long it is good; absent: as long as before', parseDuration)
    .requiredOption('--out <folder>', 'where SERIAL.pem is written, and SERIAL.key.pem if the key was made at the desk')
    .action(does(renew));
};
