import type { Command } from 'commander';
import { foldDomain } from '../identifiers/index.js';
import { rangeText, type Grant } from '../issuance/index.js';
import { credentialRows, credentialsJson } from './np-credential-table.js';
import { deskOf, foldMailbox, type Does } from './np-desk.js';
import {
  deskOptions,
  numberOptions,
  numbersOf,
  parseDuration,
  whyOf,
  whyOption,
  type DeskOptions,
  type NumberOptions,
} from './np-options.js';
import { instant, type DeskReport } from './np-report.js';

interface GrantOptions extends DeskOptions, Partial<NumberOptions> {
  readonly to: string;
  readonly ca?: true;
  readonly lifetimeMax?: number;
  readonly mailbox?: readonly string[];
  readonly allMailboxes?: true;
  readonly why?: string;
}

const givenNumbers = ({ numbers = [], range = [] }: Partial<NumberOptions>) => {
  const all = numbersOf({ numbers, range });
  return all.length === 0 ? {} : { numbers: all };
};

const givenMailboxes = ({ mailbox = [] }: GrantOptions): { readonly mailboxes?: string[] } =>
  mailbox.length === 0 ? {} : { mailboxes: mailbox.map(foldMailbox) };

const grant = async (options: GrantOptions): Promise<DeskReport> => {
  const to = foldDomain(options.to);
  const { lifetimeMax } = options;
  await deskOf(options).grant({
    to,
    ca: options.ca === true,
    ...givenNumbers(options),
    ...(options.allMailboxes === true ? { mailboxes: 'all' as const } : givenMailboxes(options)),
    ...(lifetimeMax === undefined ? {} : { lifetimeMax }),
    ...whyOf(options),
  });
  return { json: { granted: to }, words: `granted to ${to}` };
};

const ungrant = async (options: GrantOptions): Promise<DeskReport> => {
  const to = foldDomain(options.to);
  const { live } = await deskOf(options).ungrant({ to, ...givenNumbers(options), ...givenMailboxes(options), ...whyOf(options) });
  const told = live.length === 0 ? '' : `\nstill live, until it runs out or is revoked:\n${credentialRows(live)}`;
  return { json: { ungranted: to, live: credentialsJson(live) }, words: `taken back from ${to}${told}` };
};

const jsonOf = ({ numbers, at, ...rest }: Grant): unknown => ({ ...rest, numbers: numbers.map(rangeText), at: instant(at) });

const wordsOf = ({ to, numbers, mailboxes, ca, lifetimeMax }: Grant): string => {
  const scope = [...numbers.map(rangeText), ...(mailboxes === 'all' ? ['all mailboxes'] : mailboxes)];
  return `${to}  ${scope.join(',')}${ca ? '  CA' : ''}${lifetimeMax === null ? '' : `  at most ${lifetimeMax} s`}`;
};

const grants = async (options: DeskOptions): Promise<DeskReport> => {
  const all = await deskOf(options).grants();
  return { json: { grants: all.map(jsonOf) }, words: all.length === 0 ? 'nothing is granted' : all.map(wordsOf).join('\n') };
};

const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const mailboxOptions = (command: Command): Command => command.option('--mailbox <address>', 'one mailbox; may be repeated', collect, []);

/** Who may ask for credentials over the network (docs/adr/0010). */
export const grantCommands = (desk: Command, does: Does, over: 'numbers' | 'mailboxes'): void => {
  const scoped = (command: Command): Command => (over === 'numbers' ? numberOptions(command, 'one number') : mailboxOptions(command));
  const to = (name: string, description: string): Command =>
    whyOption(scoped(deskOptions(desk.command(name).description(description)).requiredOption('--to <domain>', "the AP's domain")));
  const granting = to('grant', `let an AP ask for credentials over ${over}`).option(
    '--lifetime-max <duration>',
    'the longest it may have',
    parseDuration,
  );
  if (over === 'numbers') granting.option('--ca', 'CAs over them too');
  else granting.option('--all-mailboxes', 'every mailbox of the domain');
  granting.action(does(grant));
  to('ungrant', 'take back all that an AP was granted, or what is named').action(does(ungrant));
  deskOptions(desk.command('grants').description('what is granted to whom')).action(does(grants));
};
