import { Command } from 'commander';
import {
  checkNumbering,
  importNumbering,
  openDelegated,
  openWithRequest,
  openWithRoot,
  readCertificates,
  readPrivateKey,
  writeRevocationList,
  type CredentialRequest,
  type Opening,
} from '../adapters/desk/index.js';
import { parseDomain, parseSpc } from '../identifiers/index.js';
import type { NumberRange } from '../issuance/index.js';
import { delegateBulk } from './np-bulk.js';
import {
  commonCommands,
  deskOf,
  gatewayOption,
  handOver,
  issueCommand,
  issueOwn,
  keyPairOf,
  makeLinked,
  sources,
  subjectKey,
  type Does,
} from './np-desk.js';
import {
  baseUrlOf,
  baseUrlOption,
  collectNumbers,
  collectPermitted,
  deskOptions,
  filesOf,
  NOTHING,
  lifetimeOption,
  passphraseOf,
  whyOf,
  whyOption,
  type DeskOptions,
} from './np-options.js';
import { grantCommands } from './np-grants.js';
import { enrolKeyCommand } from './np-enrol-key.js';
import { listCommands } from './np-list.js';
import { numberCommands } from './np-numbers.js';
import { report, type DeskReport } from './np-report.js';
import { serveCommand } from './np-serve-command.js';
import { signCommands } from './np-sign.js';

interface InitOptions extends DeskOptions {
  readonly name: string;
  readonly spc?: string;
  readonly range: readonly NumberRange[];
  readonly numbers: readonly NumberRange[];
  readonly numbering?: string;
  readonly baseUrl?: string;
  readonly gateway?: string;
  readonly devRoot?: true;
  readonly certificate?: string;
  readonly key?: string;
}

const initDelegated = async (options: InitOptions, certificate: string): Promise<DeskReport> => {
  const files = filesOf(options);
  if (options.key === undefined) throw new Error('--certificate needs --key');
  const key = keyPairOf(readPrivateKey(options.key, passphraseOf(options)));
  await openDelegated(files, { name: options.name, path: readCertificates(certificate), key, ...baseUrlOf(options) }, sources);
  return { json: { desk: options.dir, chain: files.path('ca.pem') }, words: `a desk over a delegated CA: ${options.dir}` };
};

const open = async (options: InitOptions, opening: Opening): Promise<void> => {
  if (options.devRoot === true) await openWithRoot(filesOf(options), opening, sources);
  else openWithRequest(filesOf(options), opening);
};

const init = (options: InitOptions): Promise<DeskReport> => makeLinked(options, make);

const make = async (options: InitOptions): Promise<DeskReport> => {
  if (options.certificate !== undefined) return await initDelegated(options, options.certificate);
  if (options.spc === undefined) throw new Error('give --spc, or --certificate of a delegated CA');
  const files = filesOf(options);
  const opening: Opening = {
    identity: { kind: 'np', spc: parseSpc(options.spc), name: options.name, ...baseUrlOf(options) },
    numbers: [...options.numbers, ...options.range],
  };
  // Before anything is made: a desk whose numbering data are broken could not be made again.
  if (options.numbering !== undefined) checkNumbering(options.numbering, parseSpc(options.spc));
  await open(options, opening);
  if (options.numbering !== undefined) importNumbering(files, options.numbering);
  const mayDelegate = options.numbering !== undefined || opening.numbers.length > 0;
  const hint = mayDelegate ? '' : '\nwithout numbering data it delegates nothing: np numbering --import FILE';
  if (options.devRoot === true) {
    return {
      json: { desk: options.dir, root: files.path('root.pem') },
      words: `a desk under a development root: ${files.path('root.pem')}${hint}`,
    };
  }
  const request = files.path('ca.csr.pem');
  return {
    json: { desk: options.dir, request },
    words: `send ${request} to the STI-CA, then: np install --dir ${options.dir} --certificate FILE${hint}`,
  };
};

interface DelegateOptions extends DeskOptions {
  readonly to: string;
  readonly numbers: readonly NumberRange[];
  readonly range: readonly NumberRange[];
  readonly lifetime: number;
  readonly ca?: true;
  readonly csr?: string;
  readonly from?: string;
  readonly permit: Readonly<Record<string, string[]>>;
  readonly out: string;
  readonly why?: string;
}

const delegateFrom = (options: DelegateOptions, from: string): Promise<DeskReport> => {
  const { csr, ca, lifetime, out, permit } = options;
  if (csr !== undefined || ca === true || options.numbers.length + options.range.length > 0) {
    throw new Error('--from goes without --numbers, --range, --csr and --ca');
  }
  const permitted = Object.keys(permit).length === 0 ? {} : { permitted: permit };
  return delegateBulk(deskOf(options), { from, to: parseDomain(options.to), lifetime, out, ...permitted, ...whyOf(options) }, sources);
};

const delegate = async (options: DelegateOptions): Promise<DeskReport> => {
  if (options.from !== undefined) return await delegateFrom(options, options.from);
  const request = {
    to: parseDomain(options.to),
    lifetime: options.lifetime,
    subject: subjectKey(options.csr),
    ...whyOf(options),
  };
  const numbers = [...options.numbers, ...options.range];
  if (options.ca === true) return await delegateCa(options, request, numbers);
  const permitted = Object.keys(options.permit).length === 0 ? undefined : options.permit;
  const path = await deskOf(options).delegate(request, numbers, permitted);
  return handOver(options.out, path, request.subject);
};

const delegateCa = async (options: DelegateOptions, request: CredentialRequest, numbers: readonly NumberRange[]): Promise<DeskReport> => {
  const { path, crl } = await deskOf(options).delegateCa(request, numbers);
  const handed = handOver(options.out, path, request.subject);
  if (crl === null) return handed;
  const file = options.out.replace(/(\.pem)?$/, '.crl.pem');
  writeRevocationList(file, crl);
  return { json: { ...handed.json, crl: file }, words: `${handed.words}\n${file}` };
};

const program = (does: Does): Command => {
  const np = new Command('signpost np')
    .description("the number provider's desk: keys, credentials, delegates, CRLs, PASSporTs")
    .exitOverride();
  gatewayOption(
    baseUrlOption(deskOptions(np.command('init').description('make a desk: keys, and a request for the STI-CA or a development root'))),
  )
    .requiredOption('--name <name>', 'legal name of the provider')
    .option('--spc <spc>', 'service provider code')
    .option('--numbers <number>', 'number that the certificate names beside the SPC; may be repeated', collectNumbers, NOTHING)
    .option('--range <start+count>', 'the same for a range', collectNumbers, NOTHING)
    .option('--numbering <file>', 'CSV of who holds which numbers; copied into the desk')
    .option('--dev-root', 'certify it under a development root of its own')
    .option('--certificate <file>', 'make it of a CA that another desk delegated: PEM of its path')
    .option('--key <file>', 'PEM of its key')
    .action(does(init));
  issueCommand(np).action(does(issueOwn));
  commonCommands(np, does);
  listCommands(np, does);
  grantCommands(np, does, 'numbers');
  enrolKeyCommand(np, does);
  numberCommands(np, does);
  whyOption(
    deskOptions(np.command('delegate').description('issue a delegate credential over numbers, bound to one AP, or a CA for an enterprise')),
  )
    .requiredOption('--to <domain>', "the AP's or enterprise's domain")
    .option('--numbers <number>', 'one number; may be repeated', collectNumbers, NOTHING)
    .option('--range <start+count>', 'a range; may be repeated', collectNumbers, NOTHING)
    .addOption(lifetimeOption('how long it is good', '24h'))
    .option('--ca', 'a CA that may delegate these numbers further')
    .option('--csr <file>', 'PEM of a request: the key stays with its owner')
    .option('--from <file>', 'CSV, a credential a line: number or start,count, then perhaps csr or spki; --out gets JSON lines')
    .option('--permit <claim=values>', 'pin a claim, such as action=register,prefer or consent=sim', collectPermitted, {})
    .requiredOption('--out <file>', 'where the path is written; a key made here stands beside it as .key.pem')
    .action(does(delegate));
  signCommands(np, does, true);
  np.addCommand(serveCommand('np'));
  return np;
};

/** `signpost np`: the number provider's desk. */
export const run = async (argv: string[]): Promise<number> =>
  // Loaded only where it is asked for: a server's libraries take longer to load than a command takes.
  argv[0] === 'serve' ? (await import('./np-serve.js')).serve('np', argv.slice(1)) : atOnce(argv);

const atOnce = (argv: string[]): Promise<number> =>
  report(argv.includes('--json'), async () => {
    let done: DeskReport | null = null;
    const does: Does = (work) => async (options) => {
      done = await work(options);
    };
    await program(does).parseAsync(argv, { from: 'user' });
    return done;
  });
