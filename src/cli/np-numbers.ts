import type { Command } from 'commander';
import { importNumbering } from '../adapters/desk/index.js';
import { rangeText } from '../issuance/index.js';
import { deskOf, type Does } from './np-desk.js';
import { deskOptions, filesOf, numberOptions, numbersOf, whyOf, whyOption, type DeskOptions, type NumberOptions } from './np-options.js';
import { credentialRows, credentialsJson } from './np-credential-table.js';
import type { DeskReport } from './np-report.js';

interface NumberingOptions extends DeskOptions {
  readonly import: string;
}

const numbering = (options: NumberingOptions): DeskReport => {
  const files = filesOf(options);
  const { size, version } = importNumbering(files, options.import);
  return { json: { numbering: files.path('numbering.csv'), rows: size, version }, words: `${size} rows, version ${version}` };
};

interface HoldOptions extends DeskOptions, NumberOptions {
  readonly why?: string;
}

const add = async (options: HoldOptions): Promise<DeskReport> => {
  const { live } = await deskOf(options).hold(numbersOf(options), options.why);
  const held = numbersOf(options).map(rangeText);
  const told = live.length === 0 ? '' : `\nlive over them:\n${credentialRows(live)}`;
  return { json: { held, live: credentialsJson(live) }, words: `on hold: ${held.join(' ')}${told}` };
};

const remove = async (options: HoldOptions): Promise<DeskReport> => {
  await deskOf(options).letGo(numbersOf(options), whyOf(options).why);
  const released = numbersOf(options).map(rangeText);
  return { json: { released }, words: `no longer on hold: ${released.join(' ')}` };
};

const list = async (options: DeskOptions): Promise<DeskReport> => {
  const held = (await deskOf(options).held()).map(rangeText);
  return { json: { held }, words: held.length === 0 ? 'nothing is on hold' : held.join('\n') };
};

/** What a desk is told of its numbers: whose they are, and which wait for a port. */
export const numberCommands = (np: Command, does: Does): void => {
  deskOptions(np.command('numbering').description('replace the numbering data of the desk, once they are checked'))
    .requiredOption('--import <file>', 'CSV: spc,start,count,validFrom')
    .action(does(numbering));
  const hold = np.command('hold').description('numbers with a port pending, over which nothing is delegated');
  whyOption(numberOptions(deskOptions(hold.command('add').description('put numbers on hold')), 'one number')).action(does(add));
  whyOption(numberOptions(deskOptions(hold.command('remove').description('let numbers go')), 'one number')).action(does(remove));
  deskOptions(hold.command('list').description('what is on hold')).action(does(list));
};
