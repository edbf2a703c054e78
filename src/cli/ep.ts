import { Command } from 'commander';
import { openWithRequest, openWithRoot, type Opening } from '../adapters/desk/index.js';
import { domainInWords, foldDomain } from '../identifiers/index.js';
import {
  commonCommands,
  deskOf,
  foldMailbox,
  gatewayOption,
  handOver,
  issueCommand,
  issueOwn,
  makeLinked,
  sources,
  subjectKey,
  type Does,
  type IssueOptions,
} from './np-desk.js';
import {
  baseUrlOf,
  baseUrlOption,
  collectPermitted,
  deskOptions,
  filesOf,
  lifetimeOption,
  whyOf,
  whyOption,
  type DeskOptions,
} from './np-options.js';
import { grantCommands } from './np-grants.js';
import { listCommands } from './np-list.js';
import { report, type DeskReport } from './np-report.js';
import { serveCommand } from './np-serve-command.js';
import { signCommands } from './np-sign.js';

interface InitOptions extends DeskOptions {
  readonly domain: string;
  readonly name?: string;
  readonly baseUrl?: string;
  readonly gateway?: string;
  readonly devRoot?: true;
}

const init = (options: InitOptions): Promise<DeskReport> => makeLinked(options, make);

const make = async (options: InitOptions): Promise<DeskReport> => {
  const files = filesOf(options);
  const domain = foldDomain(options.domain);
  const opening: Opening = { identity: { kind: 'ep', domain, name: options.name ?? domain, ...baseUrlOf(options) }, numbers: [] };
  if (options.devRoot === true) {
    await openWithRoot(files, opening, sources);
    return {
      json: { desk: options.dir, domain, root: files.path('root.pem') },
      words: `a desk for ${domainInWords(domain)} under a development root: ${files.path('root.pem')}`,
    };
  }
  openWithRequest(files, opening);
  const request = files.path('ca.csr.pem');
  const words = `a desk for ${domainInWords(domain)}: send ${request} to the CA, then: ep install --certificate FILE`;
  return { json: { desk: options.dir, domain, request }, words };
};

interface MailboxOptions extends IssueOptions {
  readonly to?: string;
  readonly mailbox?: string;
  readonly csr?: string;
  readonly permit: Readonly<Record<string, string[]>>;
  readonly out?: string;
}

const issueMailbox = async (options: MailboxOptions, typed: string): Promise<DeskReport> => {
  if (options.to === undefined || options.out === undefined) throw new Error('--mailbox needs --to and --out');
  const request = {
    to: foldDomain(options.to),
    lifetime: options.lifetime,
    subject: subjectKey(options.csr),
    ...whyOf(options),
  };
  const permitted = Object.keys(options.permit).length === 0 ? undefined : options.permit;
  const mailbox = foldMailbox(typed);
  const path = await deskOf(options).mailbox(request, mailbox, permitted);
  return handOver(options.out, path, request.subject);
};

const issue = (options: MailboxOptions): Promise<DeskReport> =>
  options.mailbox === undefined ? issueOwn(options) : issueMailbox(options, options.mailbox);

const delegate = (options: MailboxOptions): Promise<DeskReport> => {
  if (options.mailbox === undefined) throw new Error('give --mailbox');
  return issueMailbox(options, options.mailbox);
};

const mailboxOptions = (command: Command): Command =>
  command
    .option('--mailbox <address>', 'issue a credential for this mailbox instead')
    .option('--to <domain>', 'the AP that the mailbox credential is bound to')
    .option('--csr <file>', 'PEM of a request: the key stays with its owner')
    .option('--permit <claim=values>', 'pin a claim, such as action=register,prefer', collectPermitted, {})
    .option('--out <file>', 'where the path is written; a key made here stands beside it as .key.pem');

const program = (does: Does): Command => {
  const ep = new Command('signpost ep')
    .description("the e-mail provider's desk: keys, credentials, mailboxes, CRLs, PASSporTs")
    .exitOverride();
  gatewayOption(
    baseUrlOption(deskOptions(ep.command('init').description('make a desk: keys, and a request for a CA or a development root'))),
  )
    .requiredOption('--domain <domain>', 'the mail domain; U-labels are stored as A-labels')
    .option('--name <name>', 'name of the provider')
    .option('--dev-root', 'certify it under a development root of its own')
    .action(does(init));
  mailboxOptions(issueCommand(ep)).action(does(issue));
  commonCommands(ep, does);
  listCommands(ep, does);
  grantCommands(ep, does, 'mailboxes');
  whyOption(mailboxOptions(deskOptions(ep.command('delegate').description('issue a credential for one mailbox, bound to one AP'))))
    .addOption(lifetimeOption('how long it is good', '24h'))
    .action(does(delegate));
  signCommands(ep, does, false);
  ep.addCommand(serveCommand('ep'));
  return ep;
};

/** `signpost ep`: the e-mail provider's desk. */
export const run = async (argv: string[]): Promise<number> =>
  // Loaded only where it is asked for: a server's libraries take longer to load than a command takes.
  argv[0] === 'serve' ? (await import('./np-serve.js')).serve('ep', argv.slice(1)) : atOnce(argv);

const atOnce = (argv: string[]): Promise<number> =>
  report(argv.includes('--json'), async () => {
    let done: DeskReport | null = null;
    const does: Does = (work) => async (options) => {
      done = await work(options);
    };
    await program(does).parseAsync(argv, { from: 'user' });
    return done;
  });
